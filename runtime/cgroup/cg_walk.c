// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Depth-first walks over groups. A group is walked through directory fds, never by path from the
 * root, so that nothing outside the group it was started on can be reached.
 */
#include "runtime/cgroup/cg_walk.h"

#include "runtime/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

/* Our own groups are two deep; a leftover deeper than this is not of our making. */
#define WALK_DEPTH_MAX 32

typedef int (*walk_visit)(int parent_fd, const char *name, struct err *err);

/*
 * Opens @name as a directory. Returns -ENOENT without a message when it is not there: a group that
 * goes away during a walk is what the walk wants.
 */
static int walk_open(int parent_fd, const char *name, DIR **ret_dir, struct err *err)
{
	autoclose int fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0 && errno == ENOENT)
		return -ENOENT;
	if (fd < 0)
		return err_set(err, errno, "cgroup: open '%s'", name);
	DIR *dir = fdopendir(fd);
	if (!dir)
		return err_set(err, errno, "cgroup: list '%s'", name);
	(void)take_fd(&fd);
	*ret_dir = dir;
	return 0;
}

static bool is_group(const struct dirent *entry)
{
	return entry->d_type == DT_DIR && strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..");
}

/* Calls @visit for every group below @name, then for @name. Returns the first failure's code, after
 * having gone on with the rest, or the sum of what the calls returned. */
static int walk(int parent_fd, const char *name, unsigned depth, walk_visit visit, struct err *err)
{
	autodir DIR *dir = NULL;
	struct dirent *entry;
	int failed = 0, sum = 0;

	if (depth > WALK_DEPTH_MAX)
		return err_say(err, ELOOP, "cgroup: groups nested too deeply below '%s'", name);
	int r = walk_open(parent_fd, name, &dir, err);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	while ((entry = readdir(dir))) {
		if (!is_group(entry))
			continue;
		r = walk(dirfd(dir), entry->d_name, depth + 1, visit, failed ? NULL : err);
		failed = failed ? failed : (r < 0 ? r : 0);
		sum += r > 0 ? r : 0;
	}
	if (failed)
		return failed;
	r = visit(parent_fd, name, err);
	return r < 0 ? r : sum + r;
}

/* pid 0 stands for a process outside our pid namespace: not ours to kill. */
static bool kill_listed(const char *line)
{
	long pid = strtol(line, NULL, 10);

	return pid > 0 && pid != getpid() && kill((pid_t)pid, SIGKILL) == 0;
}

static int visit_kill(int parent_fd, const char *name, struct err *err)
{
	autoclose int fd = openat(parent_fd, name, O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	autoclose int procs_fd = fd < 0 ? -1 : openat(fd, "cgroup.procs", O_RDONLY | O_CLOEXEC);
	char line[32];
	int killed = 0;

	if (procs_fd < 0 && (errno == ENOENT || errno == ENODEV))
		return 0;
	autofile FILE *file = procs_fd < 0 ? NULL : fdopen(procs_fd, "r");
	if (!file)
		return err_set(err, errno, "cgroup: open '%s/cgroup.procs'", name);
	(void)take_fd(&procs_fd);
	while (fgets(line, sizeof(line), file))
		killed += kill_listed(line);
	return killed;
}

static int visit_remove(int parent_fd, const char *name, struct err *err)
{
	if (unlinkat(parent_fd, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	return err_set(err, errno, "cgroup: remove '%s'", name);
}

int cg_walk_kill(int dirfd, const char *name, struct err *err)
{
	return walk(dirfd, name, 0, visit_kill, err);
}

int cg_walk_remove(int dirfd, const char *name, struct err *err)
{
	/* A living group is empty of others in all but odd cases: one call instead of a walk. */
	if (unlinkat(dirfd, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	return walk(dirfd, name, 0, visit_remove, err);
}
