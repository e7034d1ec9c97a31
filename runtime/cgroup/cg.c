// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One group: made, limited, joined, read, killed and removed through the tree's kept directory fds.
 * Knows hierarchies but no layout: what differs is behind struct cg_layout_ops. Runs in the
 * supervisor, but for cg_join_self(), which runs in the cloned child.
 */
#include "runtime/base/cleanup.h"
#include "runtime/base/fs.h"
#include "runtime/cgroup/cg_adopt.h"
#include "runtime/cgroup/cg_cpuset.h"
#include "runtime/cgroup/cg_file.h"
#include "runtime/cgroup/cg_internal.h"
#include "runtime/cgroup/cg_protect.h"
#include "runtime/cgroup/cg_shown.h"
#include "runtime/cgroup/cg_walk.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* The kernel takes quotas from 1 ms and periods up to 1 s. */
#define PERIOD_USEC	 100000
#define PERIOD_LONG_USEC 1000000
#define QUOTA_MIN_USEC	 1000
/* Of a file with one line for each hierarchy. */
#define PROC_BYTES_MAX 65536

struct cg_cpu_share cg_cpu_share(const struct cg_limits *limits)
{
	int64_t mcpu = limits->cpu_mcpu;
	int64_t period = limits->cpu_period_usec ? limits->cpu_period_usec : PERIOD_USEC;
	struct cg_cpu_share share = {mcpu * (PERIOD_USEC / 1000), PERIOD_USEC};

	if (limits->cpu_quota_usec || !mcpu)
		return (struct cg_cpu_share){limits->cpu_quota_usec ? limits->cpu_quota_usec : -1,
					     period};
	if (share.quota_usec < QUOTA_MIN_USEC)
		share = (struct cg_cpu_share){mcpu * (PERIOD_LONG_USEC / 1000), PERIOD_LONG_USEC};
	return share;
}

/* -1 means unlimited for the one and for the other. */
static bool is_valid(const struct cg_limits *limits)
{
	return limits->cpu_mcpu >= 0 && limits->memory_bytes >= 0 && limits->pids >= 0 &&
	       limits->cpu_quota_usec >= -1 && limits->cpu_period_usec >= 0 &&
	       limits->cpu_shares >= 0 && limits->memory_low_bytes >= 0 &&
	       limits->memory_high_bytes >= 0 && limits->memory_swap_bytes >= -1 &&
	       limits->io_weight >= 0;
}

static bool name_is_valid(const char *name)
{
	size_t len = strlen(name);

	if (!len || len > NAME_MAX || strspn(name, ".") == len || strchr(name, '/'))
		return false;
	for (const char *c = name; *c; c++)
		if (iscntrl((unsigned char)*c))
			return false;
	return true;
}

/* Whether the group is on this hierarchy. */
static bool is_on(const struct cg *cg, unsigned hierarchy)
{
	const struct cg_tree *tree = cg->tree;
	bool wants_cpuset = cg->cpuset && tree->index[CG_CPUSET] == (int)hierarchy;
	bool wants_io = cg->io && tree->index[CG_IO] == (int)hierarchy;

	return wants_cpuset || wants_io || !tree->hierarchies[hierarchy].on_demand;
}

/* Where its processes go: without a group of their own on cpuset, to the tree's, which is there on
 * v1. What reads limits takes them only when cpuset has a place for it, too. NULL: they stay where
 * they are. */
static const char *place_on(const struct cg *cg, unsigned hierarchy)
{
	if (cg->tree->hierarchies[hierarchy].fd < 0)
		return NULL;
	if (is_on(cg, hierarchy))
		return cg->name;
	return cg->tree->index[CG_CPUSET] == (int)hierarchy ? "." : NULL;
}

/* Removes the group from the first @count hierarchies; it has no process yet. */
static void unmake_dirs(const struct cg *cg, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (is_on(cg, i))
			(void)unlinkat(cg->tree->hierarchies[i].fd, cg->name, AT_REMOVEDIR);
}

static int make_dirs(const struct cg *cg, struct err *err)
{
	const struct cg_tree *tree = cg->tree;

	for (unsigned i = 0; i < tree->hierarchy_count; i++) {
		if (!is_on(cg, i) || mkdirat(tree->hierarchies[i].fd, cg->name, 0755) == 0)
			continue;
		int r = err_set(err, errno, "cgroup: make '%s/%s' in %s", tree->name, cg->name,
				tree->hierarchies[i].mount);
		unmake_dirs(cg, i);
		return r;
	}
	return 0;
}

/*
 * What the child will need, opened here so that it opens nothing. It is one thread and moves itself
 * by "tasks": for cgroup.procs the kernel stops all forks of the host, and to do so waits for a
 * grace period of RCU, some ten milliseconds (cgroup_attach_lock(), Linux 5.6).
 */
static int open_joins(struct cg *cg, struct err *err)
{
	for (unsigned i = 0; i < cg->tree->hierarchy_count; i++) {
		const struct cg_hierarchy *hierarchy = &cg->tree->hierarchies[i];
		const char *place = place_on(cg, i);
		int fd;

		if (!place)
			continue;
		if (hierarchy->unified)
			fd = cg_file_open(hierarchy->fd, cg->name, ".", O_RDONLY | O_DIRECTORY,
					  err);
		else
			fd = cg_file_open(hierarchy->fd, place, "tasks", O_WRONLY, err);
		if (fd < 0)
			return fd;
		*(hierarchy->unified ? &cg->clone_fd : &cg->procs_fd[i]) = fd;
	}
	cg->joins_open = true;
	return 0;
}

void cg_join_close(struct cg *cg)
{
	for (int i = 0; i < CG_CONTROLLERS; i++)
		fd_drop(&cg->procs_fd[i]);
	fd_drop(&cg->clone_fd);
	cg->joins_open = false;
}

static void free_cg(struct cg **cg)
{
	cg_free(*cg);
}

static int cg_new(const struct cg_tree *tree, const char *name, const struct cg_limits *limits,
		  struct cg **ret_cg, struct err *err)
{
	if (!name_is_valid(name))
		return err_say(err, EINVAL, "cgroup: '%s' is not a valid group name", name);
	struct cg *cg = calloc(1, sizeof(*cg));

	if (!cg)
		return err_set(err, ENOMEM, "cgroup");
	cg->tree = tree;
	cg->clone_fd = cg->oom_fd = cg->cpu_fd = cg->memory_fd = -1;
	for (int i = 0; i < CG_CONTROLLERS; i++)
		cg->procs_fd[i] = -1;
	cg->cpuset = limits->cpus != NULL;
	cg->io = limits->io_count > 0 || limits->io_weight > 0;
	cg->name = strdup(name);
	if (!cg->name) {
		cg_free(cg);
		return err_set(err, ENOMEM, "cgroup");
	}
	*ret_cg = cg;
	return 0;
}

/* On v1 the tree's own group on cpuset is wanted by all, see place_on(). */
static int open_on_demand(struct cg_tree *tree, const struct cg *cg, struct err *err)
{
	int r = cg->cpuset ? cg_cpuset_open(tree, err) : 0;

	if (!cg->cpuset && tree->layout != CG_V2)
		(void)!cg_cpuset_open(tree, NULL); /* they get along without */
	return r == 0 && cg->io ? cg_io_open(tree, err) : r;
}

static int limit_on_demand(const struct cg *cg, const struct cg_limits *limits, struct err *err)
{
	int r = cg->cpuset ? cg_cpuset_limit(cg, limits->cpus, err) : 0;

	return r == 0 && cg->io ? cg_io_limit(cg, limits, err) : r;
}

/* What was borrowed for the call is not kept. */
static void keep_limits(struct cg *cg, const struct cg_limits *limits)
{
	cg->limits = *limits;
	cg->limits.cpus = NULL;
	cg->limits.io = NULL;
}

int cg_make(struct cg_tree *tree, const char *name, const struct cg_limits *limits,
	    struct cg **ret_cg, struct err *err)
{
	__attribute__((cleanup(free_cg))) struct cg *cg = NULL;
	int r = cg_new(tree, name, limits, &cg, err);

	if (r == 0)
		r = open_on_demand(tree, cg, err);
	if (r == 0)
		r = make_dirs(cg, err);
	if (r < 0)
		return r;
	r = cg_limit(cg, limits, err);
	if (r == 0)
		r = limit_on_demand(cg, limits, err);
	if (r == 0)
		r = open_joins(cg, err);
	if (r == 0)
		r = tree->ops->oom_open(cg, err);
	if (r < 0) {
		unmake_dirs(cg, tree->hierarchy_count);
		return r;
	}
	*ret_cg = take_ptr(cg);
	return 0;
}

int cg_adopt(struct cg_tree *tree, const char *name, const struct cg_limits *limits,
	     struct cg **ret_cg, struct err *err)
{
	__attribute__((cleanup(free_cg))) struct cg *cg = NULL;
	int r = cg_new(tree, name, limits, &cg, err);

	if (r == 0)
		r = open_on_demand(tree, cg, err);
	/* A group of that name is on every hierarchy that it should be on. */
	if (r == 0)
		r = open_joins(cg, err);
	if (r == 0)
		r = tree->ops->oom_open(cg, err);
	if (r < 0)
		return r;
	cg_join_close(cg);
	keep_limits(cg, limits);
	*ret_cg = take_ptr(cg);
	return 0;
}

static bool is_there(const struct cg *cg, enum cg_controller controller)
{
	int fd = cg_dir(cg->tree, controller);

	return fd >= 0 && faccessat(fd, cg->name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

int cg_inherit(const struct cg_tree *tree, const char *name, struct cg **ret_cg, struct err *err)
{
	struct cg *cg = NULL;
	int r = cg_new(tree, name, &(struct cg_limits){0}, &cg, err);

	if (r < 0)
		return r;
	cg->cpuset = is_there(cg, CG_CPUSET);
	cg->io = is_there(cg, CG_IO);
	*ret_cg = cg;
	return 0;
}

void cg_free(struct cg *cg)
{
	if (!cg)
		return;
	cg_join_close(cg);
	fd_drop(&cg->oom_fd);
	fd_drop(&cg->cpu_fd);
	fd_drop(&cg->memory_fd);
	free(cg->name);
	free(cg);
}

static int refuse_removed(const struct cg *cg, struct err *err)
{
	if (!cg->removed)
		return 0;
	return err_say(err, ENOENT, "cgroup: '%s/%s' has been removed", cg->tree->name, cg->name);
}

int cg_limit(struct cg *cg, const struct cg_limits *limits, struct err *err)
{
	int r = refuse_removed(cg, err);

	if (r < 0)
		return r;
	if (!is_valid(limits))
		return err_say(err, EINVAL, "cgroup: '%s': a limit is negative", cg->name);
	r = cg->tree->ops->limit(cg, limits, err);
	if (r < 0)
		return r;
	keep_limits(cg, limits);
	return 0;
}

int cg_join_open(struct cg *cg, struct err *err)
{
	int r = refuse_removed(cg, err);

	if (r < 0 || cg->joins_open)
		return r;
	r = open_joins(cg, err);
	if (r < 0)
		cg_join_close(cg);
	return r;
}

int cg_clone_fd(const struct cg *cg)
{
	return cg->clone_fd;
}

int cg_join_self(const struct cg *cg, struct err *err)
{
	if (!cg->joins_open)
		return err_say(err, EBADF, "cgroup: join '%s/%s': not open", cg->tree->name,
			       cg->name);
	for (unsigned i = 0; i < cg->tree->hierarchy_count; i++) {
		if (cg->procs_fd[i] < 0)
			continue;
		if (write(cg->procs_fd[i], "0", 1) != 1)
			return err_set(err, errno, "cgroup: join '%s/%s' in %s", cg->tree->name,
				       cg->name, cg->tree->hierarchies[i].mount);
	}
	return 0;
}

/* Its usual place is named after what is on it, and what reads limits looks for that name. */
static const char *shown_name(const struct cg_hierarchy *hierarchy)
{
	const char *slash = strrchr(hierarchy->mount, '/');

	return slash && slash[1] ? slash + 1 : hierarchy->mount;
}

int cg_open_shown(const struct cg *cg, unsigned index, const char **ret_name)
{
	const struct cg_tree *tree = cg->tree;

	if (index >= tree->hierarchy_count || index >= CG_SHOWN_MAX)
		return -ERANGE;
	const struct cg_hierarchy *hierarchy = &tree->hierarchies[index];
	const char *place = place_on(cg, index);

	if (hierarchy->unified || !place)
		return -ENOENT;
	int fd = openat(hierarchy->fd, place, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	*ret_name = shown_name(hierarchy);
	return fd;
}

int cg_join(const struct cg *cg, int pid, struct err *err)
{
	char text[16];
	int r = refuse_removed(cg, err);

	snprintf(text, sizeof(text), "%d", pid);
	for (unsigned i = 0; r == 0 && i < cg->tree->hierarchy_count; i++) {
		const char *place = place_on(cg, i);

		if (place)
			r = cg_file_write(cg->tree->hierarchies[i].fd, place, "cgroup.procs", text,
					  err);
	}
	return r;
}

int cg_kill(struct cg *cg, struct err *err)
{
	return cg->removed ? 0 : cg->tree->ops->kill(cg, err);
}

int cg_read(const struct cg *cg, struct cg_usage *ret_usage, struct err *err)
{
	int r = refuse_removed(cg, err);

	return r < 0 ? r : cg->tree->ops->read(cg, ret_usage, err);
}

int cg_oom_kills(const struct cg *cg, uint64_t *ret_kills, struct err *err)
{
	struct cg_text text;
	int r = refuse_removed(cg, err);

	if (r == 0)
		r = cg_file_read(cg_dir(cg->tree, CG_MEMORY), cg->name, cg->tree->ops->oom_file,
				 &text, err);
	if (r == 0)
		*ret_kills = cg_text_key(text.bytes, "oom_kill");
	return r;
}

/*
 * The pids controller counts a process until it is reaped; cgroup.procs leaves zombies out. On a
 * hybrid host a child is born in the cgroup2 group before it joins the others.
 */
bool cg_populated(const struct cg *cg)
{
	uint64_t pids = 0;
	struct cg_text events;

	if (cg->removed)
		return false;
	if (cg_file_u64(cg_dir(cg->tree, CG_PIDS), cg->name, "pids.current", &pids, NULL) == 0 &&
	    pids > 0)
		return true;
	int unified = cg_dir(cg->tree, CG_UNIFIED);
	return unified >= 0 &&
	       cg_file_read(unified, cg->name, "cgroup.events", &events, NULL) == 0 &&
	       cg_text_key(events.bytes, "populated") > 0;
}

/* What is behind @name and a slash in @path; NULL when the path is not there. */
static const char *step_into(const char *path, const char *name)
{
	size_t len = strlen(name);

	return path && path[0] == '/' && strncmp(path + 1, name, len) == 0 &&
			       (path[1 + len] == '\0' || path[1 + len] == '/')
		       ? path + 1 + len
		       : NULL;
}

/* 1 when the process is in group @name of the tree or below it; NULL: in the tree at all. */
static int has(const struct cg_tree *tree, const char *name, int pid)
{
	autofree char *text = NULL;
	char file[64];

	snprintf(file, sizeof(file), "/proc/%d/cgroup", pid);
	int r = fs_read(file, PROC_BYTES_MAX, &text, NULL, NULL);

	if (r < 0)
		return r == -ENOENT ? -ESRCH : r;
	char *rest = text;

	/* "ID:CONTROLLERS:PATH" */
	for (char *line; (line = strsep(&rest, "\n"));) {
		const char *path = strchr(line, ':');

		path = path ? strchr(path + 1, ':') : NULL;
		path = step_into(path ? path + 1 : NULL, tree->name);
		if (name ? step_into(path, name) : path)
			return 1;
	}
	return 0;
}

int cg_has(const struct cg *cg, int pid)
{
	return has(cg->tree, cg->name, pid);
}

int cg_tree_has(const struct cg_tree *tree, int pid)
{
	return has(tree, NULL, pid);
}

int cg_remove(struct cg *cg, struct err *err)
{
	if (cg->removed)
		return 0;
	/* Asked first, so that a group is not half removed while something still runs in it. */
	if (cg_populated(cg))
		return err_set(err, EBUSY, "cgroup: remove '%s/%s'", cg->tree->name, cg->name);
	for (unsigned i = 0; i < cg->tree->hierarchy_count; i++) {
		if (!is_on(cg, i))
			continue;
		int r = cg_walk_remove(cg->tree->hierarchies[i].fd, cg->name, err);

		if (r < 0)
			return r;
	}
	cg->removed = true;
	if (cg->limits.memory_low_bytes && cg->tree->layout == CG_V2 &&
	    cg_protect(cg->tree, NULL) < 0)
		return 0; /* what nobody asks for any more does no harm if it stays */
	return 0;
}

int cg_oom_fd(const struct cg *cg, uint32_t *ret_epoll_events)
{
	*ret_epoll_events = cg->tree->ops->oom_events;
	return cg->oom_fd;
}

void cg_oom_ack(struct cg *cg)
{
	if (cg->oom_fd >= 0)
		cg->tree->ops->oom_ack(cg);
}
