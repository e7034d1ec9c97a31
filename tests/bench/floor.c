// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The least that starting an isolated process can cost: the kernel's own work and nothing else.
 *
 * Starts COUNT processes one after the other, each in mount, pid, uts, ipc, cgroup and (--net)
 * network namespaces of its own, in a group with cpu, memory and pids limits, on a read-only bind
 * of ROOTFS with its own /proc, /dev and /tmp, without capabilities, with no_new_privs and a filter
 * as long as the engines' default profile becomes. No parsing, no allocation, no supervision.
 *
 *   floor [--count N] [--net] ROOTFS COMMAND [ARG...]
 *
 * Prints the microseconds from the making of the group to the reaping, one line per start.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FILTER_LENGTH 358
#define LAST_CAP      40

static const char *const v1_controllers[] = {"cpu", "memory", "pids"};

static struct {
	const char *root;
	char **command;
	int count;
	bool net;
	bool unified;
	char parent[64];
	struct sock_filter filter[FILTER_LENGTH];
	struct sock_fprog program;
} floor_of;

static void die(const char *what)
{
	fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
	_exit(125);
}

static double now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

__attribute__((format(printf, 2, 3))) static void put(const char *value, const char *fmt, ...)
{
	char path[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(path, sizeof(path), fmt, args);
	va_end(args);
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, value, strlen(value)) < 0)
		die(path);
	close(fd);
}

/* Does to the group, or with NUMBER -1 to the parent of all, what @act does to a directory; in
 * every hierarchy. */
static void for_group(int number, int (*act)(const char *path))
{
	char path[256], leaf[16] = "";

	if (number >= 0)
		snprintf(leaf, sizeof(leaf), "/%d", number);
	for (size_t i = 0; i < (floor_of.unified ? 1 : 3); i++) {
		snprintf(path, sizeof(path), "/sys/fs/cgroup/%s/%s%s",
			 floor_of.unified ? "" : v1_controllers[i], floor_of.parent, leaf);
		if (act(path) < 0)
			die(path);
	}
}

static int make(const char *path)
{
	return mkdir(path, 0755);
}

static void make_parent(void)
{
	floor_of.unified = access("/sys/fs/cgroup/cgroup.controllers", F_OK) == 0;
	snprintf(floor_of.parent, sizeof(floor_of.parent), "davit-test-floor-%d", getpid());
	if (floor_of.unified)
		put("+cpu +memory +pids", "/sys/fs/cgroup/cgroup.subtree_control");
	for_group(-1, make);
	if (floor_of.unified)
		put("+cpu +memory +pids", "/sys/fs/cgroup/%s/cgroup.subtree_control",
		    floor_of.parent);
}

static void make_group(int number)
{
	const char *parent = floor_of.parent;

	for_group(number, make);
	if (floor_of.unified) {
		put("50000 100000", "/sys/fs/cgroup/%s/%d/cpu.max", parent, number);
		put("67108864", "/sys/fs/cgroup/%s/%d/memory.max", parent, number);
		put("64", "/sys/fs/cgroup/%s/%d/pids.max", parent, number);
		return;
	}
	put("50000", "/sys/fs/cgroup/cpu/%s/%d/cpu.cfs_quota_us", parent, number);
	put("67108864", "/sys/fs/cgroup/memory/%s/%d/memory.limit_in_bytes", parent, number);
	put("64", "/sys/fs/cgroup/pids/%s/%d/pids.max", parent, number);
}

static void join_group(int number)
{
	if (floor_of.unified)
		put("0", "/sys/fs/cgroup/%s/%d/cgroup.procs", floor_of.parent, number);
	for (size_t i = 0; !floor_of.unified && i < 3; i++)
		put("0", "/sys/fs/cgroup/%s/%s/%d/cgroup.procs", v1_controllers[i], floor_of.parent,
		    number);
}

/* A linear chain is the worst shape a filter of this length can have. */
static void make_filter(void)
{
	struct sock_filter *filter = floor_of.filter;
	unsigned short n = 0;

	filter[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
						   offsetof(struct seccomp_data, nr));
	for (unsigned nr = 600; n < FILTER_LENGTH - 1; nr++)
		filter[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 0);
	filter[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	floor_of.program = (struct sock_fprog){n, filter};
}

static void mount_or_die(const char *source, const char *target, const char *type,
			 unsigned long flags, const char *data)
{
	if (mount(source, target, type, flags, data) < 0)
		die(target);
}

static void enter_root(void)
{
	const char *root = floor_of.root;

	mount_or_die(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
	mount_or_die(root, root, NULL, MS_BIND | MS_REC, NULL);
	if (chdir(root) < 0)
		die(root);
	mount_or_die("proc", "proc", "proc", MS_NOSUID | MS_NOEXEC | MS_NODEV, NULL);
	mount_or_die("tmpfs", "dev", "tmpfs", MS_NOSUID, "mode=755,size=64k");
	if (mknod("dev/null", S_IFCHR | 0666, makedev(1, 3)) < 0 ||
	    mknod("dev/zero", S_IFCHR | 0666, makedev(1, 5)) < 0 ||
	    mknod("dev/urandom", S_IFCHR | 0666, makedev(1, 9)) < 0)
		die("devices");
	mount_or_die("tmpfs", "tmp", "tmpfs", MS_NOSUID | MS_NODEV, NULL);
	if (syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0)
		die("new root");
	mount_or_die(NULL, "/", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID, NULL);
}

static void drop_privileges(void)
{
	struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct none[2] = {0};

	for (unsigned long cap = 0; cap <= LAST_CAP; cap++)
		(void)prctl(PR_CAPBSET_DROP, cap, 0, 0, 0); /* older kernels have fewer */
	if (syscall(SYS_capset, &head, none) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		die("privileges");
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &floor_of.program) < 0)
		die("filter");
}

_Noreturn static void child(int number)
{
	join_group(number);
	enter_root();
	if (sethostname("floor", 5) < 0)
		die("host name");
	drop_privileges();
	execv(floor_of.command[0], floor_of.command);
	die(floor_of.command[0]);
	_exit(125);
}

static void run_one(int number)
{
	struct clone_args args = {
		.flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC |
			 CLONE_NEWCGROUP | (floor_of.net ? CLONE_NEWNET : 0),
		.exit_signal = SIGCHLD,
	};
	double begin = now_us();
	int status = 0;

	make_group(number);
	pid_t pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));

	if (pid == 0)
		child(number);
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		die("start");
	if (status != 0) {
		fprintf(stderr, "floor: %s ended with wait status %d\n", floor_of.command[0],
			status);
		exit(1);
	}
	printf("%.0f\n", now_us() - begin);
}

static bool parse(int argc, char **argv)
{
	int i = 1;

	floor_of.count = 100;
	for (; i < argc && strncmp(argv[i], "--", 2) == 0; i++) {
		if (strcmp(argv[i], "--count") == 0 && i + 1 < argc)
			floor_of.count = atoi(argv[++i]);
		else if (strcmp(argv[i], "--net") == 0)
			floor_of.net = true;
		else
			return false;
	}
	if (argc - i < 2 || floor_of.count < 1)
		return false;
	floor_of.root = argv[i];
	floor_of.command = &argv[i + 1];
	return true;
}

int main(int argc, char **argv)
{
	if (!parse(argc, argv)) {
		fprintf(stderr, "usage: floor [--count N] [--net] ROOTFS COMMAND [ARG...]\n");
		return 2;
	}
	make_filter();
	make_parent();
	for (int number = 0; number < floor_of.count; number++)
		run_one(number);
	for (int number = 0; number < floor_of.count; number++)
		for_group(number, rmdir);
	for_group(-1, rmdir);
	return 0;
}
