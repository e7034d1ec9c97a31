// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Private to runtime/cgroup: what the parts share. A hierarchy is one mount; several controllers
 * may live on it (all of them on v2, cpu and cpuacct on many v1 hosts), so groups are made once per
 * hierarchy and files are found through the controller.
 */
#pragma once

#include "runtime/cgroup/cg.h"

/*
 * In the order in which they are enabled: v2 refuses memory below a group with processes, but takes
 * cpu and pids there and makes a "threaded" group of it.
 */
enum cg_controller {
	CG_MEMORY,
	CG_CPU,
	CG_CPUACCT, /* v1: the cpu time used; part of cpu on v2 */
	CG_PIDS,
	CG_FREEZER, /* only on a v1 layout */
	CG_UNIFIED, /* the cgroup2 mount, whether it has controllers or not */
	CG_CPUSET,  /* on v1 a hierarchy for the groups that want it, see cg_cpuset.h */
	CG_IO,	    /* likewise, see cg_io.h */
	CG_CONTROLLERS,
};

struct cg_hierarchy {
	char *mount; /* where it is mounted */
	int fd;	     /* the tree's own group on it */
	bool unified;
	bool on_demand; /* its groups are made for those who want it only; fd -1 until then */
};

struct cg_layout_ops;

struct cg_tree {
	enum cg_layout layout;
	const struct cg_layout_ops *ops;
	char *name;
	struct cg_hierarchy hierarchies[CG_CONTROLLERS];
	unsigned hierarchy_count;
	int index[CG_CONTROLLERS];   /* into hierarchies; -1: not there */
	bool opened[CG_CONTROLLERS]; /* of those on demand: groups may be made on it */
};

struct cg {
	const struct cg_tree *tree; /* borrowed */
	char *name;
	struct cg_limits limits;      /* as written last */
	int procs_fd[CG_CONTROLLERS]; /* by hierarchy: what the child writes "0" to; -1 on cgroup2
				       */
	int clone_fd;		      /* the group's directory on the cgroup2 mount, or -1 */
	int oom_fd;
	int cpu_fd; /* what cg_load_use() reads, once it has: see cg_kept_file */
	int memory_fd;
	bool joins_open; /* procs_fd and clone_fd are as they should be */
	bool cpuset;	 /* has a group on these hierarchies made on demand, too */
	bool io;
	bool removed; /* the name may be another group's by now: never used again */
};

/* What differs between layouts. */
struct cg_layout_ops {
	/* Writes what differs between the group's limits and @limits; does not record them. */
	int (*limit)(const struct cg *cg, const struct cg_limits *limits, struct err *err);
	int (*kill)(const struct cg *cg, struct err *err);
	int (*read)(const struct cg *cg, struct cg_usage *ret_usage, struct err *err);
	int (*oom_open)(struct cg *cg, struct err *err);
	void (*oom_ack)(const struct cg *cg);
	uint32_t oom_events;  /* epoll events that tell of a kill */
	const char *oom_file; /* counts kills */
};

extern const struct cg_layout_ops cg_v1_ops;
extern const struct cg_layout_ops cg_hybrid_ops;
extern const struct cg_layout_ops cg_v2_ops;

/* What the layout calls it; NULL for CG_UNIFIED. */
const char *cg_controller_name(const struct cg_tree *tree, enum cg_controller controller);

/* cg_io.c. Makes or enables what the groups that want it need: see cg_demand.h. */
int cg_io_open(struct cg_tree *tree, struct err *err) must_check;
/* Writes the limits of a group that was just made. */
int cg_io_limit(const struct cg *cg, const struct cg_limits *limits, struct err *err) must_check;

/* The tree's directory on the hierarchy that has @controller, or -1. */
static inline int cg_dir(const struct cg_tree *tree, enum cg_controller controller)
{
	int index = tree->index[controller];

	return index < 0 ? -1 : tree->hierarchies[index].fd;
}

/* Kills through the cgroup2 mount; also what a hybrid layout does. */
int cg_v2_kill(const struct cg *cg, struct err *err) must_check;

/* Freezes, kills and thaws @name below the tree ("." for all of it) through the freezer. */
int cg_v1_freeze_kill(const struct cg_tree *tree, const char *name, struct err *err) must_check;

/* The quota and period of a group, in what the kernel accepts. */
struct cg_cpu_share {
	int64_t quota_usec; /* -1: unlimited */
	int64_t period_usec;
};
struct cg_cpu_share cg_cpu_share(const struct cg_limits *limits);
