// SPDX-License-Identifier: GPL-2.0-or-later
/* Findings; see diagnosis.h. */
#include "launcher/cli/diagnosis.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILES_PER_INSTANCE 10
#define FILES_GOOD	   65536
#define PIDS_GOOD	   32768
#define FREE_GOOD	   (UINT64_C(256) << 20)
#define FREE_LEAST	   (UINT64_C(1) << 20)

struct report {
	struct finding *findings;
	size_t count;
};

static void put(struct report *report, const char *subject, enum finding_state state,
		const char *fix, const char *fmt, ...) format_like(5, 6);

static void put(struct report *report, const char *subject, enum finding_state state,
		const char *fix, const char *fmt, ...)
{
	struct finding *finding = &report->findings[report->count++];
	va_list args;

	*finding = (struct finding){.subject = subject, .state = state, .fix = fix};
	va_start(args, fmt);
	vsnprintf(finding->text, sizeof(finding->text), fmt, args);
	va_end(args);
}

/* Whether @word is one of the words of @text. */
static bool has_word(const char *text, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = text; at && (at = strstr(at, word)); at += len) {
		bool begins = at == text || isspace((unsigned char)at[-1]);

		if (begins && (!at[len] || isspace((unsigned char)at[len])))
			return true;
	}
	return false;
}

/* Whether /proc/cgroups has @controller, and switched on. */
static bool v1_has(const char *cgroups, const char *controller)
{
	size_t len = strlen(controller);

	for (const char *line = cgroups; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		int enabled = 0;

		if (strncmp(line, controller, len) == 0 && line[len] == '\t' &&
		    sscanf(line + len, "%*d%*d%d", &enabled) == 1)
			return enabled;
		if (!*line)
			break;
	}
	return false;
}

static void see_root(struct report *report, const struct host_facts *facts)
{
	if (facts->root)
		put(report, "user", FINDING_OK, NULL, "root");
	else
		put(report, "user", FINDING_BROKEN, "sudo davit …",
		    "not root: stacks are started by root only");
}

static void see_kernel(struct report *report, const struct host_facts *facts)
{
	static const struct {
		unsigned major, minor;
		const char *lacks;
	} needs[] = {
		{5, 12, "user ids of a stack's own (idmapped mounts, 5.12)"},
		{5, 14, "killing a group at once (cgroup.kill, 5.14)"},
	};
	unsigned major = 0;
	unsigned minor = 0;
	const char *release = facts->release ? facts->release : "";

	if (sscanf(release, "%u.%u", &major, &minor) != 2) {
		put(report, "kernel", FINDING_WEAK, NULL, "release '%.40s' is not understood",
		    release);
		return;
	}
	if (major < 5 || (major == 5 && minor < 9)) {
		put(report, "kernel", FINDING_BROKEN, "install Linux 5.14 or newer",
		    "%.40s is older than 5.9, which has the calls that davit is made of", release);
		return;
	}
	for (size_t i = 0; i < sizeof(needs) / sizeof(needs[0]); i++)
		if (major == needs[i].major && minor < needs[i].minor) {
			put(report, "kernel", FINDING_WEAK, "install Linux 5.14 or newer",
			    "%.40s lacks %s", release, needs[i].lacks);
			return;
		}
	put(report, "kernel", FINDING_OK, NULL, "%.40s", release);
}

static void see_cgroups(struct report *report, const struct host_facts *facts)
{
	static const char *const needed[] = {"cpu", "memory", "pids"};
	const char *layout = facts->cgroup2_root    ? "v2"
			     : facts->cgroup2_mount ? "v1 and v2 (hybrid)"
						    : "v1";

	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
		bool there = facts->cgroup2_root ? has_word(facts->controllers, needed[i])
						 : v1_has(facts->cgroups, needed[i]);

		if (!there) {
			put(report, "cgroups", FINDING_BROKEN,
			    "boot with cgroup_enable=memory, and without cgroup_disable=",
			    "%s, without the controller %s: limits cannot be kept", layout,
			    needed[i]);
			return;
		}
	}
	put(report, "cgroups", FINDING_OK, NULL, "%s, with cpu, memory and pids", layout);
}

static void see_devices(struct report *report, const struct host_facts *facts)
{
	if (facts->cgroup2_root || facts->cgroup2_mount)
		put(report, "devices", FINDING_OK, NULL, "filtered by a program at each group");
	else
		put(report, "devices", FINDING_WEAK,
		    "mkdir -p /sys/fs/cgroup/unified && "
		    "mount -t cgroup2 none /sys/fs/cgroup/unified",
		    "no cgroup2 mount: no filter of devices behind the missing CAP_MKNOD");
}

static void see_users(struct report *report, const struct host_facts *facts)
{
	if (facts->user_namespaces && strtoul(facts->user_namespaces, NULL, 10) > 0)
		put(report, "user ids", FINDING_OK, NULL, "a range of its own for every stack");
	else
		put(report, "user ids", FINDING_WEAK, "sysctl -w user.max_user_namespaces=65536",
		    "no user namespaces: root inside is root outside, less its capabilities");
}

static void see_seccomp(struct report *report, const struct host_facts *facts)
{
	if (!has_word(facts->seccomp_actions, "errno"))
		put(report, "seccomp", FINDING_BROKEN, "use a kernel with CONFIG_SECCOMP_FILTER",
		    "the kernel filters no system calls");
	else if (!has_word(facts->seccomp_actions, "user_notif"))
		put(report, "seccomp", FINDING_WEAK, "use Linux 5.5 or newer",
		    "filters, but davit learn cannot record");
	else
		put(report, "seccomp", FINDING_OK, NULL, "filters and records");
}

static void see_landlock(struct report *report, const struct host_facts *facts)
{
	if (facts->landlock_version > 0)
		put(report, "landlock", FINDING_OK, NULL, "version %d", facts->landlock_version);
	else
		put(report, "landlock", FINDING_WEAK,
		    "boot with lsm=landlock,… (CONFIG_SECURITY_LANDLOCK)",
		    "no second wall for x-rootfs: host");
}

static void see_images(struct report *report, const struct host_facts *facts)
{
	if (!has_word(facts->filesystems, "overlay"))
		put(report, "images", FINDING_BROKEN, "modprobe overlay",
		    "no overlayfs: neither images nor x-rootfs: host");
	else if (!facts->skopeo)
		put(report, "images", FINDING_WEAK, "apt install skopeo",
		    "from files only: skopeo, which asks registries, is not installed");
	else
		put(report, "images", FINDING_OK, NULL, "from files and registries");
	if (facts->builder)
		put(report, "builds", FINDING_OK, NULL, "by buildah or podman");
	else
		put(report, "builds", FINDING_WEAK, "apt install buildah",
		    "neither buildah nor podman is installed: no build:");
}

static void see_network(struct report *report, const struct host_facts *facts)
{
	if (facts->nftables)
		put(report, "nftables", FINDING_OK, NULL, "answers");
	else
		put(report, "nftables", FINDING_BROKEN, "modprobe nf_tables",
		    "the kernel does not answer: no networks, no published ports");
}

static void see_pressure(struct report *report, const struct host_facts *facts)
{
	if (facts->pressure)
		put(report, "pressure", FINDING_OK, NULL, "measured");
	else
		put(report, "pressure", FINDING_WEAK, "boot with psi=1",
		    "not measured: no x-autoscale by pressure");
}

static void see_limits(struct report *report, const struct host_facts *facts)
{
	unsigned long pid_max = facts->pid_max ? strtoul(facts->pid_max, NULL, 10) : 0;

	if (facts->most_files < FILES_GOOD)
		put(report, "files", FINDING_WEAK,
		    facts->raises_files ? "ulimit -Hn 1048576, then davit up"
					: "raise LimitNOFILE= of what this session came from",
		    "%llu may be open: about %llu instances in a stack",
		    (unsigned long long)facts->most_files,
		    (unsigned long long)facts->most_files / FILES_PER_INSTANCE);
	else
		put(report, "files", FINDING_OK, NULL, "%llu may be open",
		    (unsigned long long)facts->most_files);
	if (pid_max < PIDS_GOOD)
		put(report, "processes", FINDING_WEAK, "sysctl -w kernel.pid_max=4194304",
		    "at most %lu on this host", pid_max);
	else
		put(report, "processes", FINDING_OK, NULL, "at most %lu on this host", pid_max);
}

static void see_directories(struct report *report, const struct host_facts *facts)
{
	unsigned long long mib = facts->free_bytes >> 20;

	if (facts->unwritable)
		put(report, "disk", FINDING_BROKEN,
		    "set DAVIT_RUN_DIR, DAVIT_LOG_DIR, DAVIT_STATE_DIR",
		    "%.100s cannot be written to", facts->unwritable);
	else if (facts->free_bytes < FREE_LEAST)
		put(report, "disk", FINDING_BROKEN, "free some of it", "full");
	else if (facts->free_bytes < FREE_GOOD)
		put(report, "disk", FINDING_WEAK, "davit image prune", "%llu MiB free", mib);
	else
		put(report, "disk", FINDING_OK, NULL, "%llu MiB free", mib);
}

size_t diagnose(const struct host_facts *facts, struct finding findings[FINDINGS_MAX])
{
	static void (*const looks[])(struct report *, const struct host_facts *) = {
		see_root,     see_kernel,  see_cgroups, see_devices,  see_users,  see_seccomp,
		see_landlock, see_network, see_images,	see_pressure, see_limits, see_directories,
	};
	struct report report = {.findings = findings};

	for (size_t i = 0; i < sizeof(looks) / sizeof(looks[0]); i++)
		looks[i](&report, facts);
	return report.count;
}

const char *finding_state_name(enum finding_state state)
{
	static const char *const names[] = {"ok", "weak", "broken"};

	return names[state];
}
