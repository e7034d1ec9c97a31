// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Tries to break out of an instance: one attempt per name, each in a child of its own.
 *
 * Prints "NAME got through" or "NAME refused" per attempt. Every attempt is harmless where it
 * works, so that the same program run unconfined shows that it tests something. Linked statically:
 * it runs in any root. Runs inside an instance or, as the control, in a fresh mount namespace of
 * the host.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/fs.h>
#include <linux/io_uring.h>
#include <linux/perf_event.h>
#include <linux/sched.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <sys/klog.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct attempt {
	const char *name;
	bool (*run)(const char *subject); /* true: it got through */
	const char *subject;
};

static bool try_bpf(const char *subject)
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1};

	return syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr)) >= 0;
}

static bool try_perf(const char *subject)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE, .size = sizeof(attr), .config = PERF_COUNT_SW_DUMMY};

	return syscall(SYS_perf_event_open, &attr, -1, 0, -1, 0) >= 0;
}

static bool try_userfaultfd(const char *subject)
{
	return syscall(SYS_userfaultfd, 0) >= 0;
}

static bool try_io_uring(const char *subject)
{
	struct io_uring_params params = {0};

	return syscall(SYS_io_uring_setup, 1, &params) >= 0;
}

static bool try_packet_socket(const char *subject)
{
	return socket(AF_PACKET, SOCK_RAW, 0) >= 0;
}

static bool try_raw_socket(const char *subject)
{
	return socket(AF_INET, SOCK_RAW, IPPROTO_ICMP) >= 0;
}

static bool try_unshare_user(const char *subject)
{
	return unshare(CLONE_NEWUSER) == 0;
}

static bool try_unshare_mount(const char *subject)
{
	return unshare(CLONE_NEWNS) == 0;
}

static bool try_unshare_net(const char *subject)
{
	return unshare(CLONE_NEWNET) == 0;
}

static bool try_clone_user(const char *subject)
{
	long pid = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);

	if (pid == 0)
		_exit(0);
	return pid > 0;
}

static bool try_clone3_user(const char *subject)
{
	struct clone_args args = {.flags = CLONE_NEWUSER, .exit_signal = SIGCHLD};
	long pid = syscall(SYS_clone3, &args, sizeof(args));

	if (pid == 0)
		_exit(0);
	return pid > 0;
}

static bool try_setns(const char *subject)
{
	return setns(open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), 0) == 0;
}

static bool try_mount(const char *subject)
{
	return mount("breakout", "/tmp", subject, 0, NULL) == 0;
}

static bool try_remount(const char *subject)
{
	return mount(NULL, subject, NULL, MS_REMOUNT | MS_BIND, NULL) == 0;
}

static bool try_fsopen(const char *subject)
{
	return syscall(SYS_fsopen, "tmpfs", 0) >= 0;
}

static bool try_open_tree(const char *subject)
{
	return syscall(SYS_open_tree, AT_FDCWD, "/", 1U /* OPEN_TREE_CLONE */) >= 0;
}

static bool try_umount(const char *subject)
{
	return umount2("/dev/shm", MNT_DETACH) == 0;
}

static bool try_mknod(const char *subject)
{
	const char *path = "/var/tmp/breakout-disk";
	bool made = mknod(path, S_IFBLK | 0600, makedev(7, 0)) == 0;

	if (made)
		(void)unlink(path);
	return made;
}

static bool try_add_key(const char *subject)
{
	return syscall(SYS_add_key, "user", "breakout", "x", 1, -1 /* thread's keyring */) >= 0;
}

/* The way out of early engines: any file of the file system by its handle, whatever is mounted. */
static bool try_file_handle(const char *subject)
{
	struct {
		struct file_handle head;
		unsigned char bytes[MAX_HANDLE_SZ];
	} handle = {.head.handle_bytes = MAX_HANDLE_SZ};
	int mount_id, dir = open("/usr", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (name_to_handle_at(AT_FDCWD, "/usr", &handle.head, &mount_id, 0) < 0)
		return false;
	return open_by_handle_at(dir, &handle.head, O_RDONLY | O_CLOEXEC) >= 0;
}

static bool try_hostname(const char *subject)
{
	char name[65];

	return gethostname(name, sizeof(name)) == 0 && sethostname(name, strlen(name)) == 0;
}

static bool try_clock(const char *subject)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return clock_settime(CLOCK_REALTIME, &now) == 0;
}

static bool try_iopl(const char *subject)
{
	return iopl(3) == 0;
}

static bool try_kernel_log(const char *subject)
{
	char text[64];

	return klogctl(3 /* SYSLOG_ACTION_READ_ALL */, text, sizeof(text)) >= 0;
}

static bool try_acct(const char *subject)
{
	return acct(NULL) == 0;
}

/* Opens for writing and writes nothing. */
static bool try_write(const char *subject)
{
	return open(subject, O_WRONLY | O_CLOEXEC) >= 0;
}

static bool try_read(const char *subject)
{
	char byte;

	return read(open(subject, O_RDONLY | O_CLOEXEC), &byte, 1) == 1;
}

static bool try_open(const char *subject)
{
	return open(subject, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC) >= 0;
}

/* Makes the node of a device and uses it: what CAP_MKNOD alone would be good for. */
static bool try_device(const char *subject)
{
	const char *path = "/var/tmp/breakout-device";
	bool through =
		mknod(path, S_IFCHR | 0600, makedev(1, 1 /* the memory */)) == 0 && try_open(path);

	(void)unlink(path);
	return through;
}

/* Another user runs a copy of this program that belongs to root and is set-user-id. */
static int run_set_user_id(const char *word)
{
	const char *path = "/var/tmp/breakout-setuid";
	char bytes[65536];
	ssize_t n;
	int status = 1, from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	int to = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0700);

	while ((n = read(from, bytes, sizeof(bytes))) > 0)
		if (write(to, bytes, (size_t)n) != n)
			return 1;
	bool made = to >= 0 && fchmod(to, 04755) == 0 && close(to) == 0;
	pid_t pid = made ? fork() : -1;
	if (pid == 0) {
		if (setgid(65534) < 0 || setuid(65534) < 0)
			_exit(1);
		execl(path, path, word, NULL);
		_exit(1);
	}
	if (pid > 0)
		waitpid(pid, &status, 0);
	(void)unlink(path);
	return status;
}

static bool try_set_user_id(const char *subject)
{
	return run_set_user_id("am-i-root") == 0;
}

/* What the kernel says of this process. */
static int show_status(void)
{
	char bytes[4096];
	ssize_t n;
	int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);

	while ((n = read(fd, bytes, sizeof(bytes))) > 0)
		(void)!write(1, bytes, (size_t)n);
	return n < 0;
}

static bool try_list(const char *subject)
{
	DIR *dir = opendir(subject);
	int count = 0;

	while (dir && readdir(dir))
		count++;
	return count > 2;
}

/* Any file of that name below /sys/fs/cgroup that can be opened for writing. */
static bool find_writable(const char *dir, const char *name, int depth)
{
	char path[4096];
	struct dirent *entry;
	DIR *listing = depth > 0 ? opendir(dir) : NULL;

	while (listing && (entry = readdir(listing))) {
		int len = snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);

		if (len < 0 || (size_t)len >= sizeof(path))
			continue;
		if (strcmp(entry->d_name, name) == 0 && try_write(path))
			return true;
		if (entry->d_type == DT_DIR && entry->d_name[0] != '.' &&
		    find_writable(path, name, depth - 1))
			return true;
	}
	return false;
}

static bool try_cgroup(const char *subject)
{
	return find_writable("/sys/fs/cgroup", subject, 4);
}

static const struct attempt attempts[] = {
	{"bpf", try_bpf, NULL},
	{"perf-event-open", try_perf, NULL},
	{"userfaultfd", try_userfaultfd, NULL},
	{"io-uring", try_io_uring, NULL},
	{"packet-socket", try_packet_socket, NULL},
	{"raw-socket", try_raw_socket, NULL},
	{"unshare-user", try_unshare_user, NULL},
	{"unshare-mount", try_unshare_mount, NULL},
	{"unshare-net", try_unshare_net, NULL},
	{"clone-user", try_clone_user, NULL},
	{"clone3-user", try_clone3_user, NULL},
	{"setns", try_setns, NULL},
	{"mount-tmpfs", try_mount, "tmpfs"},
	{"mount-proc", try_mount, "proc"},
	{"mount-sysfs", try_mount, "sysfs"},
	{"mount-cgroup2", try_mount, "cgroup2"},
	{"remount-proc-writable", try_remount, "/proc"},
	{"fsopen", try_fsopen, NULL},
	{"open-tree", try_open_tree, NULL},
	{"umount", try_umount, NULL},
	{"mknod", try_mknod, NULL},
	{"device-node", try_device, NULL},
	{"set-user-id", try_set_user_id, NULL},
	{"add-key", try_add_key, NULL},
	{"file-handle", try_file_handle, NULL},
	{"sethostname", try_hostname, NULL},
	{"clock-settime", try_clock, NULL},
	{"iopl", try_iopl, NULL},
	{"kernel-log", try_kernel_log, NULL},
	{"acct", try_acct, NULL},
	{"write-core-pattern", try_write, "/proc/sys/kernel/core_pattern"},
	{"write-sysrq-trigger", try_write, "/proc/sysrq-trigger"},
	{"write-drop-caches", try_write, "/proc/sys/vm/drop_caches"},
	{"write-panic", try_write, "/proc/sys/kernel/panic"},
	{"write-irq-affinity", try_write, "/proc/irq/default_smp_affinity"},
	{"write-module-parameter", try_write, "/sys/module/printk/parameters/time"},
	{"write-uevent", try_write, "/sys/devices/virtual/mem/null/uevent"},
	{"write-modprobe", try_write, "/proc/sys/kernel/modprobe"},
	{"write-hotplug", try_write, "/proc/sys/kernel/hotplug"},
	{"write-binfmt", try_write, "/proc/sys/fs/binfmt_misc/register"},
	{"read-memory-types", try_read, "/proc/mtrr"},
	{"write-uevent-helper", try_write, "/sys/kernel/uevent_helper"},
	{"write-power-state", try_write, "/sys/power/state"},
	{"write-bus", try_write, "/proc/bus/pci/00/00.0"},
	{"open-device-port", try_open, "/dev/port"},
	{"open-device-loop-control", try_open, "/dev/loop-control"},
	{"open-device-loop", try_open, "/dev/loop0"},
	{"open-device-disk", try_open, "/dev/vda"},
	{"open-device-tun", try_open, "/dev/net/tun"},
	{"open-device-fuse", try_open, "/dev/fuse"},
	{"open-device-kvm", try_open, "/dev/kvm"},
	{"open-device-hwrng", try_open, "/dev/hwrng"},
	{"open-device-console", try_open, "/dev/console"},
	{"write-device-memory", try_write, "/dev/mem"},
	{"write-device-kmsg", try_write, "/dev/kmsg"},
	{"read-kcore", try_read, "/proc/kcore"},
	{"read-keys", try_read, "/proc/keys"},
	{"read-key-users", try_read, "/proc/key-users"},
	{"read-latency", try_read, "/proc/latency_stats"},
	{"read-scheduler", try_read, "/proc/sched_debug"},
	{"list-scsi", try_list, "/proc/scsi"},
	{"list-acpi", try_list, "/proc/acpi"},
	{"list-sound", try_list, "/proc/asound"},
	{"list-powercap", try_list, "/sys/devices/virtual/powercap"},
	{"list-tracing", try_list, "/sys/kernel/tracing"},
	{"list-debug", try_list, "/sys/kernel/debug"},
	{"read-timer-list", try_read, "/proc/timer_list"},
	{"read-interrupts", try_read, "/proc/interrupts"},
	{"read-shadow", try_read, "/etc/shadow"},
	{"list-firmware", try_list, "/sys/firmware"},
	{"list-root-home", try_list, "/root"},
	{"cgroup-move", try_cgroup, "cgroup.procs"},
	{"cgroup-pids-limit", try_cgroup, "pids.max"},
};

static void attempt(const struct attempt *attempt)
{
	int status = 1;
	pid_t pid = fork();

	if (pid == 0)
		_exit(attempt->run(attempt->subject) ? 0 : 1);
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		exit(2);
	printf("%s %s\n", attempt->name, status == 0 ? "got through" : "refused");
	fflush(stdout);
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "am-i-root") == 0)
		return geteuid() == 0 ? 0 : 1;
	if (argc == 2 && strcmp(argv[1], "show-status") == 0)
		return show_status();
	if (argc == 2 && strcmp(argv[1], "set-user-id-status") == 0)
		return run_set_user_id("show-status");
	for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++)
		attempt(&attempts[i]);
	return 0;
}
