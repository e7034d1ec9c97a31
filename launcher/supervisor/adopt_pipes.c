// SPDX-License-Identifier: GPL-2.0-or-later
/* Opening what others have open; see adopt_pipes.h. */
#include "launcher/supervisor/adopt_pipes.h"

#include "launcher/supervisor/kept.h"
#include "launcher/supervisor/restore.h"
#include "launcher/supervisor/supervisor.h"
#include "runtime/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static const struct log_pipes no_pipes = {{-1, -1}, {-1, -1}};

/* The inode of a process's descriptor when it is a pipe; else 0. */
static uint64_t pipe_at(int dir_fd, const char *name)
{
	struct stat st;

	return fstatat(dir_fd, name, &st, 0) == 0 && S_ISFIFO(st.st_mode) ? st.st_ino : 0;
}

static int open_fds(pid_t pid)
{
	char path[40];

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* Both ends of the pipe, the reader's without waiting. */
static bool open_ends(int dir_fd, const char *name, uint64_t inode, struct log_pipes *ret, size_t i)
{
	autoclose int read_fd = openat(dir_fd, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	autoclose int write_fd = openat(dir_fd, name, O_RDWR | O_CLOEXEC);
	struct stat st;

	/* The number may have become another's in between. */
	if (read_fd < 0 || write_fd < 0 || fstat(read_fd, &st) < 0 || st.st_ino != inode ||
	    fstat(write_fd, &st) < 0 || st.st_ino != inode)
		return false;
	ret->read_fds[i] = take_fd(&read_fd);
	ret->write_fds[i] = take_fd(&write_fd);
	return true;
}

static bool find_in(pid_t pid, uint64_t inode, struct log_pipes *ret, size_t i)
{
	autoclose int fd = open_fds(pid);
	int copy = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 0);
	autodir DIR *dir = copy < 0 ? NULL : fdopendir(copy);

	for (struct dirent *entry; dir && (entry = readdir(dir));)
		if (entry->d_name[0] != '.' && pipe_at(fd, entry->d_name) == inode &&
		    open_ends(fd, entry->d_name, inode, ret, i))
			return true;
	return false;
}

static bool find(const struct adopt_group *group, size_t leader, uint64_t inode,
		 struct log_pipes *ret, size_t i)
{
	autoclose int fd = open_fds(group->processes[leader].pid);

	if (!inode && fd >= 0)
		inode = pipe_at(fd, i == 0 ? "1" : "2");
	if (!inode)
		return false;
	if (find_in(group->processes[leader].pid, inode, ret, i))
		return true;
	for (size_t j = 0; j < group->count; j++)
		if (find_in(group->processes[j].pid, inode, ret, i))
			return true;
	return false;
}

static void drop_pipes(struct log_pipes *pipes)
{
	for (size_t i = 0; i < LOG_PIPES; i++) {
		fd_drop(&pipes->read_fds[i]);
		fd_drop(&pipes->write_fds[i]);
	}
}

bool pipes_kept(const struct instance *instance, struct log_pipes *ret)
{
	struct log_pipes pipes = {
		.read_fds = {kept_take(instance, KEPT_STDOUT), kept_take(instance, KEPT_STDERR)},
		.write_fds = {-1, -1},
	};
	bool whole = true;
	char path[40];

	for (size_t i = 0; i < LOG_PIPES; i++) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", pipes.read_fds[i]);
		if (pipes.read_fds[i] >= 0)
			pipes.write_fds[i] = open(path, O_RDWR | O_CLOEXEC);
		/* Their writer would wait for ever if others took their place. */
		if (pipes.read_fds[i] >= 0 && pipes.write_fds[i] < 0)
			(void)restore_starves(instance->sup, &(struct err){.code = errno});
		whole = whole && pipes.write_fds[i] >= 0;
	}
	if (whole)
		*ret = pipes;
	else
		drop_pipes(&pipes);
	return whole;
}

bool pipes_again(const struct adopt_group *group, size_t leader, const uint64_t inodes[LOG_PIPES],
		 struct log_pipes *ret)
{
	struct log_pipes pipes = no_pipes;

	for (size_t i = 0; i < LOG_PIPES; i++) {
		if (find(group, leader, inodes[i], &pipes, i))
			continue;
		drop_pipes(&pipes);
		return false;
	}
	*ret = pipes;
	return true;
}
