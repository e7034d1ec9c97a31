// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What every process of a container does between clone3 and exec, in order; see plan.h. Runs in
 * the cloned child: allocates nothing, returns only on failure from the last step.
 */
#include "runtime/base/cleanup.h"
#include "runtime/base/path.h"
#include "runtime/defaults.h"
#include "runtime/launch.h"
#include "runtime/seccomp/recorder.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <linux/keyctl.h>
#include <linux/magic.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

int step_join_cgroups(struct launch *launch, struct container_fault *fault)
{
	return launch->cg ? cg_join_self(launch->cg, &fault->err) : 0;
}

static void step_reset_signals(void)
{
	struct sigaction action = {.sa_handler = SIG_DFL};
	sigset_t none;

	/* SIGKILL, SIGSTOP and the two of the C library refuse: that is their default. */
	for (int signal = 1; signal < NSIG; signal++)
		(void)sigaction(signal, &action, NULL);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Nobody in a namespace we enter may trace us or look at our fds (CVE-2016-9962). exec sets it
 * back; every change of credentials may do so too (suid_dumpable in proc(5)), so it is repeated. */
int step_undumpable(struct launch *launch, struct container_fault *fault)
{
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return err_set(&fault->err, errno, "become undumpable");
	return 0;
}

/* Cuts what ties the child to its parent's surroundings. */
int step_detach(struct launch *launch, struct container_fault *fault)
{
	int r = step_undumpable(launch, fault);

	if (r < 0)
		return r;
	step_reset_signals();
	umask(DEFAULTS_UMASK);
	if (setsid() < 0)
		return err_set(&fault->err, errno, "new session");
	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0 && errno != ENOSYS)
		return err_set(&fault->err, errno, "new session keyring");
	return 0;
}

/*
 * A pipe, or the terminal made for it, becomes its user's, so that /dev/stdout can be opened.
 * Nothing else: a device, a file or the terminal of whoever called is the host's, and not ours to
 * give away. Where it fails the streams can still be used as they are.
 */
static void step_own_stream(const struct launch *launch, int fd)
{
	const struct user *user = launch->user;
	uid_t first = launch->plan->first_id;
	bool own_terminal = launch->tty || launch->late_tty;
	struct statfs fs;

	if (fstatfs(fd, &fs) < 0)
		return;
	if (fs.f_type == PIPEFS_MAGIC)
		(void)!fchown(fd, first + user->uid, first + user->gid);
	else if (fs.f_type == DEVPTS_SUPER_MAGIC && own_terminal)
		(void)!fchown(fd, first + user->uid, (gid_t)-1);
}

int step_stdio(struct launch *launch, struct container_fault *fault)
{
	int moved[3];

	/* One of them may be in the place of another. */
	for (int i = 0; i < 3; i++) {
		moved[i] = launch->stdio[i];
		if (moved[i] <= 2)
			moved[i] = fcntl(moved[i], F_DUPFD_CLOEXEC, 3);
		if (moved[i] < 0)
			return err_set(&fault->err, errno, "standard stream %d", i);
	}
	for (int i = 0; i < 3; i++) {
		if (dup2(moved[i], i) < 0)
			return err_set(&fault->err, errno, "standard stream %d", i);
		step_own_stream(launch, i);
	}
	if (launch->tty && ioctl(0, TIOCSCTTY, 0) < 0)
		return err_set(&fault->err, errno, "take over the terminal");
	return 0;
}

static const char *const limit_names[RLIM_NLIMITS] = {
	[RLIMIT_AS] = "as",
	[RLIMIT_CORE] = "core",
	[RLIMIT_CPU] = "cpu",
	[RLIMIT_DATA] = "data",
	[RLIMIT_FSIZE] = "fsize",
	[RLIMIT_LOCKS] = "locks",
	[RLIMIT_MEMLOCK] = "memlock",
	[RLIMIT_MSGQUEUE] = "msgqueue",
	[RLIMIT_NICE] = "nice",
	[RLIMIT_NOFILE] = "nofile",
	[RLIMIT_NPROC] = "nproc",
	[RLIMIT_RSS] = "rss",
	[RLIMIT_RTPRIO] = "rtprio",
	[RLIMIT_RTTIME] = "rttime",
	[RLIMIT_SIGPENDING] = "sigpending",
	[RLIMIT_STACK] = "stack",
};

static const char *limit_name(int resource)
{
	bool known = resource >= 0 && (size_t)resource < ARRAY_SIZE(limit_names);

	return known && limit_names[resource] ? limit_names[resource] : "of unknown kind";
}

int step_limits(struct launch *launch, struct container_fault *fault)
{
	for (size_t i = 0; i < launch->plan->rlimit_count; i++) {
		const struct container_rlimit *rlimit = &launch->plan->rlimits[i];

		if (setrlimit(rlimit->resource, &rlimit->limit) == 0)
			continue;
		int error = errno;

		err_set(&fault->err, error, "ulimit %s%s", limit_name(rlimit->resource),
			error == EPERM ? ": only CAP_SYS_RESOURCE raises the hard limit that davit "
					 "has itself"
				       : "");
		return fault_of(fault, CONTAINER_ITEM_LIMIT, (unsigned)i);
	}
	return 0;
}

int step_working_dir(struct launch *launch, struct container_fault *fault)
{
	char where[PATH_MAX];

	if (chdir(launch->working_dir) < 0)
		return fault_set(fault, CONTAINER_ITEM_WORKING_DIR, errno, "working directory %s",
				 launch->working_dir);
	/* A directory outside the root (a leaked fd by way of /proc/self/fd, CVE-2024-21626) has no
	 * path. */
	if (syscall(SYS_getcwd, where, sizeof(where)) < 0 || where[0] != '/')
		return fault_set(fault, CONTAINER_ITEM_WORKING_DIR, EPERM,
				 "working directory %s is outside the root", launch->working_dir);
	return 0;
}

int step_user(struct launch *launch, struct container_fault *fault)
{
	const struct user *user = launch->user;
	const struct caps *caps = &launch->plan->caps;
	struct err *err = &fault->err;
	int r = caps_bound(caps, err);

	if (r < 0)
		return r;
	/* Always, else the caller's groups stay (CVE-2022-2989). The system calls themselves: the C
	 * library's wrappers would signal threads it believes to exist. */
	if (syscall(SYS_setgroups, user->group_count, user->groups) < 0)
		return err_set(err, errno, "set supplementary groups");
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return err_set(err, errno, "keep capabilities");
	if (syscall(SYS_setresgid, user->gid, user->gid, user->gid) < 0)
		return err_set(err, errno, "become group %u", user->gid);
	if (syscall(SYS_setresuid, user->uid, user->uid, user->uid) < 0)
		return err_set(err, errno, "become user %u", user->uid);
	/* What loads a filter without no_new_privs; a call to give it up after that may be one that
	 * the filter forbids. */
	r = caps_apply(caps, user->uid, launch->plan->new_privileges ? 1ULL << CAP_SYS_ADMIN : 0,
		       err);
	return r < 0 ? r : step_undumpable(launch, fault);
}

/* The program a script names in its first line, into @interpreter; false when @fd is none. */
static bool step_read_interpreter(int fd, char *interpreter, size_t size)
{
	char line[256];
	ssize_t n = pread(fd, line, sizeof(line) - 1, 0);

	if (n < 2 || line[0] != '#' || line[1] != '!')
		return false;
	line[n] = '\0';
	const char *start = line + 2 + strspn(line + 2, " \t");
	size_t len = strcspn(start, " \t\r\n");

	if (len == 0 || len >= size)
		return false;
	memcpy(interpreter, start, len);
	interpreter[len] = '\0';
	return true;
}

#define INTERPRETERS_MAX 5 /* as many as the kernel follows */

/*
 * -EPERM for our own executable, reached for example as /proc/self/exe, also from the first line of
 * a script: once run in there it could be opened through /proc and overwritten (CVE-2019-5736).
 */
static int step_refuse_self(const char *path)
{
	char interpreter[256];

	for (int i = 0; i < INTERPRETERS_MAX; i++) {
		/* O_NONBLOCK: what is named may be a FIFO. */
		autoclose int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

		if (fd < 0) {
			autoclose int path_fd = open(path, O_PATH | O_CLOEXEC);

			return path_fd >= 0 && plan_is_self(path_fd) ? -EPERM : 0;
		}
		if (plan_is_self(fd))
			return -EPERM;
		if (!step_read_interpreter(fd, interpreter, sizeof(interpreter)))
			return 0;
		path = interpreter;
	}
	return 0;
}

static void step_look_for_self(struct launch *launch)
{
	for (char *const *path = launch->candidates; *path && !launch->self; path++)
		if (step_refuse_self(*path) < 0)
			launch->self = *path;
}

int step_filter(struct launch *launch, struct container_fault *fault)
{
	if (!launch->plan->new_privileges && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_set(&fault->err, errno, "give up new privileges");
	/* Descriptors first: a filter may not allow close_range. The status pipe closes by the exec
	 * itself. */
	if (syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC) < 0)
		return err_set(&fault->err, errno, "close descriptors");
	/* It may not allow to look any more. */
	if (launch->plan->own_filter)
		step_look_for_self(launch);
	int r = launch->recorder ? recorder_enter(launch->recorder, &fault->err) : 0;

	if (r < 0)
		return r;
	return launch->plan->filter ? secc_load(launch->plan->filter, &fault->err) : 0;
}

/* Where the helpers are told to find them. */
#define HELPER_STATUS_FD   3
#define HELPER_HANDOVER_FD 4

static int above_helpers(int fd)
{
	return fcntl(fd, F_DUPFD_CLOEXEC, HELPER_HANDOVER_FD + 1);
}

/* Tells of the program as we would: it gets the status pipe. Run by descriptor from a mount of its
 * own, it can be reached by nobody's path, nor be written to. */
static int exec_helper(struct launch *launch, struct container_fault *fault)
{
	bool hands_over = launch->handover_fd >= 0;
	int helper_fd = above_helpers(launch->helper_fd);
	int status_fd = above_helpers(launch->status_fd);
	int handover_fd = hands_over ? above_helpers(launch->handover_fd) : -1;

	if (helper_fd < 0 || status_fd < 0 || dup2(status_fd, HELPER_STATUS_FD) < 0 ||
	    (hands_over && dup2(handover_fd, HELPER_HANDOVER_FD) < 0))
		return err_set(&fault->err, errno, "hand over to %s", launch->helper_argv[0]);
	launch->status_fd = status_fd;
	syscall(SYS_execveat, helper_fd, "", launch->helper_argv, launch->envp, AT_EMPTY_PATH);
	return err_set(&fault->err, errno, "run %s", launch->helper_argv[0]);
}

int step_exec(struct launch *launch, struct container_fault *fault)
{
	int errnum = ENOENT;

	if (launch->helper_argv)
		return exec_helper(launch, fault);

	for (char *const *path = launch->candidates; *path; path++) {
		bool looked = launch->plan->own_filter;
		int r = looked ? (*path == launch->self ? -EPERM : 0) : step_refuse_self(*path);

		if (r == 0) {
			execve(*path, launch->argv, launch->envp);
			r = -errno;
		}
		/* As a shell's search: something found that cannot be run is told rather than what
		 * was not found. */
		if (r != -ENOENT && r != -ENOTDIR)
			errnum = -r;
		if (r != -ENOENT && r != -ENOTDIR && r != -EACCES)
			break;
	}
	return fault_set(fault, CONTAINER_ITEM_PROGRAM, errnum, "program %.256s", launch->argv[0]);
}
