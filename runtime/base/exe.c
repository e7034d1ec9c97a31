// SPDX-License-Identifier: GPL-2.0-or-later
/* Our own executables; see exe.h. Runs in the command, the supervisor and the keeper. */
#include "runtime/base/exe.h"
#include "runtime/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/pidfd.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHECK_TIMEOUT_MS 5000
#define CANNOT_RUN	 127

bool exe_is_protected(void)
{
	struct statvfs fs;

	return statvfs("/proc/self/exe", &fs) == 0 && fs.f_flag & ST_RDONLY;
}

/* Of a directory, so that the program keeps its name. Returns the fd or -errno. */
static int open_protected(const char *dir)
{
	struct mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY, .propagation = MS_PRIVATE};
	autoclose int fd = open_tree(AT_FDCWD, dir, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

	if (fd < 0 || mount_setattr(fd, "", AT_EMPTY_PATH, &attr, sizeof(attr)) < 0)
		return -errno;
	return take_fd(&fd);
}

int exe_run(const char *path, char *const *argv, struct err *err)
{
	char dir[PATH_MAX];
	const char *slash = strrchr(path, '/');
	size_t len = slash ? (size_t)(slash - path) : 0;

	if (!slash || len >= sizeof(dir))
		return err_set(err, EINVAL, "run %s", path);
	memcpy(dir, path, len);
	memcpy(dir + len, len ? "" : "/", len ? 1 : 2);
	autoclose int dir_fd = open_protected(dir);

	if (dir_fd < 0)
		execv(path, argv);
	else
		execveat(dir_fd, slash + 1, argv, environ, 0);
	return err_set(err, errno, "run %s", path);
}

/* In the child. */
static void run_check(const char *path, const char *stack)
{
	const char *const argv[] = {path, "--check", "--stack", stack, NULL};
	struct err err = {0};
	sigset_t none;

	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	err_ignore(exe_run(path, (char *const *)(uintptr_t)argv, &err));
	dprintf(STDERR_FILENO, "%s\n", err.text);
	_exit(CANNOT_RUN);
}

static int judge(const char *path, const siginfo_t *info, struct err *err)
{
	if (info->si_code == CLD_EXITED && info->si_status == 0)
		return 0;
	if (info->si_code == CLD_EXITED)
		return err_say(err, ENOEXEC, "%s --check: exit status %d", path, info->si_status);
	return err_say(err, ENOEXEC, "%s --check: signal %d", path, info->si_status);
}

int exe_check(const char *path, const char *stack, struct err *err)
{
	siginfo_t info = {0};
	pid_t pid = fork();

	if (pid < 0)
		return err_set(err, errno, "fork");
	if (pid == 0)
		run_check(path, stack);
	autoclose int pidfd = pidfd_open(pid, 0);
	struct pollfd ended = {.fd = pidfd, .events = POLLIN};
	bool in_time = pidfd >= 0 && poll(&ended, 1, CHECK_TIMEOUT_MS) == 1;

	if (!in_time)
		(void)kill(pid, SIGKILL); /* our child, not reaped yet */
	while (waitid(P_PID, (id_t)pid, &info, WEXITED) < 0)
		if (errno != EINTR)
			return err_set(err, errno, "wait for %s", path);
	if (!in_time)
		return err_say(err, ETIMEDOUT, "%s --check does not end", path);
	return judge(path, &info, err);
}
