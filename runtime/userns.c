// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A namespace is born with a process in it: a clone that does nothing but wait until its parent has
 * mapped the ids and taken hold of the namespace.
 */
#include "runtime/userns.h"
#include "runtime/base/cleanup.h"
#include "runtime/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/nsfs.h>
#include <linux/securebits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

/* What is counted per user is bounded, for all processes of the namespace together, by the limits
 * of the process that makes it: as far up as they go. */
static void raise_limits(void)
{
	static const int resources[] = {RLIMIT_MEMLOCK, RLIMIT_MSGQUEUE, RLIMIT_NPROC,
					RLIMIT_SIGPENDING};

	for (size_t i = 0; i < ARRAY_SIZE(resources); i++) {
		struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};

		if (setrlimit((__rlimit_resource_t)resources[i], &limit) == 0 ||
		    getrlimit((__rlimit_resource_t)resources[i], &limit) < 0)
			continue;
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit((__rlimit_resource_t)resources[i], &limit);
	}
}

/*
 * What an instance takes of what is counted per user (inotify instances, say) is also counted for
 * who has made its user namespace: that must not be the host's root, who would be left without any.
 * It is the user that the namespace's root is, who is nobody else's. The capabilities stay.
 */
static int new_ids(int owner)
{
	raise_limits();
	if (prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP) < 0 ||
	    syscall(SYS_setresuid, -1, owner, -1) < 0)
		return -1;
	return unshare(CLONE_NEWUSER);
}

static int new_network(int userns_fd)
{
	return setns(userns_fd, CLONE_NEWUSER) < 0 ? -1 : unshare(CLONE_NEWNET);
}

/* What the first process of a namespace does there, besides waiting. */
struct birth {
	int (*begin)(int arg); /* -1 with errno */
	int arg;
	int answer_fd;
	pid_t parent;
};

static _Noreturn void first_process(const struct birth *birth)
{
	int errnum = birth->begin(birth->arg) < 0 ? errno : 0;

	/* After the change of ids, which resets it. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != birth->parent ||
	    write(birth->answer_fd, &errnum, sizeof(errnum)) != sizeof(errnum) || errnum)
		_exit(1);
	for (;;)
		pause();
}

static int write_map(pid_t pid, const char *file, const char *map, struct err *err)
{
	char path[40];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	autoclose int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, map, strlen(map)) < 0)
		return err_set(err, errno, "user namespace: map ids %s", map);
	return 0;
}

static int hold(pid_t pid, const char *kind, int *ret_fd, struct err *err)
{
	char path[40];

	snprintf(path, sizeof(path), "/proc/%d/ns/%s", pid, kind);
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return err_set(err, errno, "hold a namespace");
	*ret_fd = fd;
	return 0;
}

static int map_ids(pid_t pid, uint32_t first, uint32_t count, struct err *err)
{
	char map[48];

	snprintf(map, sizeof(map), "0 %" PRIu32 " %" PRIu32, first, count);
	int r = write_map(pid, "uid_map", map, err);

	return r < 0 ? r : write_map(pid, "gid_map", map, err);
}

/*
 * Clones a process that begins as it is told and waits. Returns its pid, which is its own until
 * @ret_pidfd is given to launch_reap(), or -errno.
 */
static pid_t begin(int (*how)(int arg), int arg, int *ret_pidfd, struct err *err)
{
	int pipe_fds[2];
	int errnum = 0;

	if (pipe2(pipe_fds, O_CLOEXEC) < 0)
		return err_set(err, errno, "make a pipe");
	autoclose int read_fd = pipe_fds[0];
	autoclose int write_fd = pipe_fds[1];
	const struct birth birth = {how, arg, write_fd, getpid()};
	pid_t pid = plan_clone(0, NULL, ret_pidfd);

	if (pid < 0)
		return err_set(err, -pid, "start a process");
	if (pid == 0)
		first_process(&birth);
	fd_drop(&write_fd);
	int r = 0;

	if (read(read_fd, &errnum, sizeof(errnum)) != sizeof(errnum))
		r = err_say(err, EPROTO, "new namespace: its first process died");
	else if (errnum)
		r = err_set(err, errnum, "make a namespace");
	if (r == 0)
		return pid;
	launch_reap(*ret_pidfd);
	fd_drop(ret_pidfd);
	return r;
}

int userns_make(uint32_t first, uint32_t count, int *ret_fd, struct err *err)
{
	autoclose int pidfd = -1;
	pid_t pid = begin(new_ids, (int)first, &pidfd, err);

	if (pid < 0)
		return pid;
	int r = map_ids(pid, first, count, err);

	if (r == 0)
		r = hold(pid, "user", ret_fd, err);
	launch_reap(pidfd);
	return r;
}

int userns_make_network(int userns_fd, int *ret_fd, struct err *err)
{
	autoclose int pidfd = -1;
	pid_t pid = begin(new_network, userns_fd, &pidfd, err);

	if (pid < 0)
		return pid;
	int r = hold(pid, "net", ret_fd, err);

	launch_reap(pidfd);
	return r;
}

bool userns_owns(int userns_fd, int namespace_fd)
{
	autoclose int owner_fd = ioctl(namespace_fd, NS_GET_USERNS);
	struct stat owner;
	struct stat wanted;

	return owner_fd >= 0 && fstat(owner_fd, &owner) == 0 && fstat(userns_fd, &wanted) == 0 &&
	       owner.st_ino == wanted.st_ino && owner.st_dev == wanted.st_dev;
}
