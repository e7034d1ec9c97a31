// SPDX-License-Identifier: GPL-2.0-or-later
/* The isolation defaults; see defaults.h. Data only. */
#include "runtime/defaults.h"

#include <stdbool.h>
#include <sys/mount.h>

#define PLAIN (MS_NOSUID | MS_NODEV)

const struct defaults_mount *defaults_mounts(void)
{
	/* On a host of pure cgroup v2 an instance reads its limits, of its own group and those
	 * below; elsewhere step_groups() shows it them. /dev/mqueue is not mounted: mq_open(3)
	 * works without, and every mount is paid for at every start. A writable directory root has
	 * /run, /tmp and /var/tmp in its own layer. */
	static const struct defaults_mount mounts[] = {
		{"/proc", "proc", NULL, PLAIN | MS_NOEXEC, 0, DEFAULTS_ANY},
		{"/sys", "sysfs", NULL, PLAIN | MS_NOEXEC | MS_RDONLY, 0, DEFAULTS_ANY},
		{"/sys/fs/cgroup", "cgroup2", NULL, PLAIN | MS_NOEXEC | MS_RDONLY, 0, DEFAULTS_ANY},
		{"/sys/fs/cgroup", "tmpfs", "mode=0755,size=64k", PLAIN | MS_NOEXEC, 0,
		 DEFAULTS_ANY},
		/* All have 3072 terminals together, as the kernel comes. */
		{"/dev/pts", "devpts", "newinstance,ptmxmode=0666,mode=0620,max=256",
		 MS_NOSUID | MS_NOEXEC, 5 /* tty */, DEFAULTS_ANY},
		{"/dev/shm", "tmpfs", "mode=1777,size=64m", PLAIN | MS_NOEXEC, 0, DEFAULTS_ANY},
		{"/tmp", "tmpfs", "mode=1777", PLAIN, 0, DEFAULTS_HOST | DEFAULTS_DIR_READ_ONLY},
		{"/run", "tmpfs", "mode=0755", PLAIN, 0, DEFAULTS_HOST},
		{"/var/tmp", "tmpfs", "mode=1777", PLAIN, 0, DEFAULTS_HOST},
		{0},
	};

	return mounts;
}

const struct defaults_device *defaults_devices(void)
{
	static const struct defaults_device devices[] = {
		{"null", 1, 3},
		{"zero", 1, 5},
		{"full", 1, 7},
		{"random", 1, 8},
		{"urandom", 1, 9},
		{"tty", 5, 0},
		{0},
	};

	return devices;
}

const struct defaults_device_rule *defaults_device_rules(void)
{
	/* Of the kernel's fixed list (devices.txt): the terminals in /dev/pts and their ptmx. */
	static const struct defaults_device_rule rules[] = {{5, 2}, {136, -1}, {0}};

	return rules;
}

const struct defaults_link *defaults_dev_links(void)
{
	static const struct defaults_link links[] = {
		{"fd", "/proc/self/fd"},       {"stdin", "/proc/self/fd/0"},
		{"stdout", "/proc/self/fd/1"}, {"stderr", "/proc/self/fd/2"},
		{"ptmx", "pts/ptmx"},	       {0},
	};

	return links;
}

const struct defaults_dir *defaults_dev_dirs(void)
{
	static const struct defaults_dir dirs[] = {
		{"pts", 0755}, {"shm", 01777}, {"mqueue", 01777}, {0}};

	return dirs;
}

const char *const *defaults_read_only_paths(void)
{
	static const char *const paths[] = {
		"/proc/sys", "/proc/sysrq-trigger", "/proc/irq", "/proc/bus", "/proc/fs", NULL,
	};

	return paths;
}

const char *const *defaults_masked_paths(void)
{
	static const char *const paths[] = {
		"/proc/key-users",
		"/proc/mtrr",
		"/proc/acpi",
		"/proc/asound",
		"/proc/interrupts",
		"/proc/kcore",
		"/proc/keys",
		"/proc/latency_stats",
		"/proc/sched_debug",
		"/proc/scsi",
		"/proc/timer_list",
		"/proc/timer_stats",
		"/sys/firmware",
		"/sys/devices/system/cpu/cpu*/thermal_throttle",
		"/sys/devices/virtual/powercap",
		"/sys/kernel/debug",
		"/sys/kernel/tracing",
		NULL,
	};

	return paths;
}

const struct defaults_dir *defaults_host_dirs(void)
{
	static const struct defaults_dir dirs[] = {
		{"dev", 0755},	     {"etc", 0755},	 {"home", 0755},
		{"mnt", 0755},	     {"opt", 0755},	 {"proc", 0555},
		{"root", 0700},	     {"run", 0755},	 {"srv", 0755},
		{"sys", 0555},	     {"tmp", 01777},	 {"var", 0755},
		{"var/cache", 0755}, {"var/lib", 0755},	 {"var/log", 0755},
		{"var/spool", 0755}, {"var/tmp", 01777}, {0},
	};

	return dirs;
}

const struct defaults_link *defaults_host_links(void)
{
	static const struct defaults_link links[] = {
		{"var/run", "/run"}, {"var/lock", "/run/lock"}, {0}};

	return links;
}

const char *const *defaults_host_programs(void)
{
	static const char *const names[] = {
		"usr", "bin", "sbin", "lib", "lib32", "lib64", "libx32", NULL,
	};

	return names;
}

const char *const *defaults_host_secrets(void)
{
	static const char *const patterns[] = {
		"shadow*",
		"gshadow*",
		/* Written under these names before they are renamed to the above. */
		"shadow",
		"shadow+",
		"shadow-",
		"nshadow",
		"gshadow",
		"gshadow+",
		"gshadow-",
		"ngshadow",
		"sudoers*",
		"sudoers",
		"sudoers.d",
		"sudoers.tmp",
		"sudo.conf",
		"ssl/private",
		"pki/tls/private",
		"letsencrypt",
		"ssh/ssh_host_*",
		"krb5.keytab*",
		"security/opasswd",
		"NetworkManager/system-connections",
		"wireguard",
		"ipsec.secrets",
		"ppp/*-secrets",
		"davit",
		".git",
		"machine-id", /* names the host; programs that need one are given their own */
		NULL,
	};

	return patterns;
}

const char *const *defaults_capabilities(void)
{
	/* The engines' default set less NET_RAW (spoofing on the bridge), MKNOD, AUDIT_WRITE. */
	static const char *const names[] = {
		"CAP_CHOWN",   "CAP_DAC_OVERRIDE",     "CAP_FOWNER",	 "CAP_FSETID",
		"CAP_KILL",    "CAP_SETGID",	       "CAP_SETUID",	 "CAP_SETPCAP",
		"CAP_SETFCAP", "CAP_NET_BIND_SERVICE", "CAP_SYS_CHROOT", NULL,
	};

	return names;
}

const char *const *defaults_mapped_capabilities(void)
{
	/* SYS_ADMIN has a mount namespace of its own then, in which what davit mounted is locked.
	 */
	static const char *const names[] = {
		"CAP_CHOWN",	       "CAP_DAC_OVERRIDE",
		"CAP_DAC_READ_SEARCH", "CAP_FOWNER",
		"CAP_FSETID",	       "CAP_KILL",
		"CAP_SETGID",	       "CAP_SETUID",
		"CAP_SETPCAP",	       "CAP_NET_BIND_SERVICE",
		"CAP_IPC_OWNER",       "CAP_SYS_CHROOT",
		"CAP_SETFCAP",	       "CAP_SYS_PTRACE",
		"CAP_SYS_ADMIN",       NULL,
	};

	return names;
}
