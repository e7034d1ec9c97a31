// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A user namespace is born with a process in it: a clone that does nothing but wait until its
 * parent has mapped the ids and taken hold of the namespace.
 */
#include "runtime/userns.h"
#include "runtime/base/cleanup.h"
#include "runtime/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

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

static _Noreturn void userns_child(int answer_fd, pid_t parent)
{
	int errnum = 0;

	raise_limits();
	if (unshare(CLONE_NEWUSER) < 0)
		errnum = errno;
	/* After unshare, which resets it. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent ||
	    write(answer_fd, &errnum, sizeof(errnum)) != sizeof(errnum) || errnum)
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

/* The child is unreaped, so its number is its own. */
static int userns_hold(pid_t pid, uint32_t first, uint32_t count, int *ret_fd, struct err *err)
{
	char map[48];
	char path[40];

	snprintf(map, sizeof(map), "0 %" PRIu32 " %" PRIu32, first, count);
	int r = write_map(pid, "uid_map", map, err);

	if (r == 0)
		r = write_map(pid, "gid_map", map, err);
	if (r < 0)
		return r;
	snprintf(path, sizeof(path), "/proc/%d/ns/user", pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return err_set(err, errno, "hold the user namespace");
	*ret_fd = fd;
	return 0;
}

int userns_make(uint32_t first, uint32_t count, int *ret_fd, struct err *err)
{
	int pipe_fds[2];
	int opened = -1;
	int errnum = 0;

	if (pipe2(pipe_fds, O_CLOEXEC) < 0)
		return err_set(err, errno, "make a pipe");
	autoclose int read_fd = pipe_fds[0];
	autoclose int write_fd = pipe_fds[1];
	pid_t parent = getpid();
	pid_t pid = plan_clone(0, NULL, &opened);

	if (pid < 0)
		return err_set(err, -pid, "start a process");
	if (pid == 0)
		userns_child(write_fd, parent);
	autoclose int pidfd = opened;

	fd_drop(&write_fd);
	int r = 0;

	if (read(read_fd, &errnum, sizeof(errnum)) != sizeof(errnum))
		r = err_say(err, EPROTO, "user namespace: its first process died");
	else if (errnum)
		r = err_set(err, errnum, "make a user namespace");
	else
		r = userns_hold(pid, first, count, ret_fd, err);
	launch_reap(pidfd);
	return r;
}
