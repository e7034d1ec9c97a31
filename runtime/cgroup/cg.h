// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Control groups behind one face, for pure v2, hybrid and v1 hosts.
 *
 * A tree is the parent group of one stack (libcgroup finds the hierarchies and makes it); a group
 * is one run of one instance below it, handled through directory fds the tree keeps, because
 * libcgroup costs four times the raw calls. Groups are addressed by absolute names, never relative
 * to the caller's own group, and nothing outside the tree's name is ever written.
 */
#pragma once

#include "runtime/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cg_tree;
struct cg;
struct cg_io;

enum cg_layout {
	CG_V1,	   /* controllers on v1 mounts, no cgroup2 mount: stopped by freeze, kill, thaw */
	CG_HYBRID, /* controllers on v1 mounts, a cgroup2 mount beside them: cgroup.kill works there
		    */
	CG_V2,
};

struct cg_limits {
	int64_t cpu_mcpu;     /* thousandths of a core; 0: unlimited */
	int64_t memory_bytes; /* 0: unlimited */
	int64_t pids;	      /* 0: unlimited */

	int64_t cpu_quota_usec;	   /* 0: cpu_mcpu counts; -1: unlimited; else per period */
	int64_t cpu_period_usec;   /* 0: as fits the quota */
	int64_t cpu_shares;	   /* weight against the others, 2..262144; 0: 1024 */
	int64_t memory_low_bytes;  /* spared by reclaim as long as possible; 0: nothing is */
	int64_t memory_high_bytes; /* held back above that; 0: nothing is; v2 only */
	int64_t memory_swap_bytes; /* memory and swap together; 0: twice the memory; -1: unlimited;
				      where the kernel accounts swap */
	const char *cpus;  /* "0-3,5": the only processors; NULL: all. Borrowed for the call, and
			      for groups about to be made only. */
	int64_t io_weight; /* against the others, 10..1000; 0: the kernel's own */
	const struct cg_io *io; /* see cg_io.h; as cpus */
	size_t io_count;
};

struct cg_usage {
	uint64_t cpu_usec;
	uint64_t memory_bytes;
	uint64_t pids;
};

/*
 * Opens the stack's parent group, making it (and enabling controllers down to it on v2) where it is
 * missing.
 *
 * @name	path below each hierarchy's root without leading slash, such as "davit/shop"
 * @ret_tree	out: owned by the caller, cg_tree_close()
 *
 * Returns 0; -ENOTSUP when the cpu, memory or pids controller is not to be had (err names it);
 * -errno.
 */
int cg_tree_open(const char *name, struct cg_tree **ret_tree, struct err *err) must_check;

/* Frees the handle; the groups stay. The handles of its groups must be freed before. Accepts NULL.
 */
void cg_tree_close(struct cg_tree *tree);

enum cg_layout cg_tree_layout(const struct cg_tree *tree);

/*
 * Kills every process in every group below the tree and removes the groups, then the tree's own
 * group and its parents of our making as far as they are empty. Never waits: call again while it
 * returns -EBUSY (processes are still dying). 0 when nothing of the tree is left.
 */
int cg_tree_remove(struct cg_tree *tree, struct err *err) must_check;

/*
 * Makes a group with its limits set.
 *
 * @name	unique among the tree's groups: one path component
 * @ret_cg	out: owned by the caller, cg_free()
 *
 * Returns 0; -EEXIST when the name is taken; -ERANGE when a processor of limits->cpus is not there;
 * -ENXIO when a device of limits->io is not; -errno. After a failure nothing of it is left.
 */
int cg_make(struct cg_tree *tree, const char *name, const struct cg_limits *limits,
	    struct cg **ret_cg, struct err *err) must_check;

/* Frees the handle; the group stays. Accepts NULL. */
void cg_free(struct cg *cg);

/* Changes the limits of a living group. */
int cg_limit(struct cg *cg, const struct cg_limits *limits, struct err *err) must_check;

/*
 * What a child needs to be born in the group or to join it. A group that has just been made has it
 * open; who has cloned closes it, since every later clone would copy it, and opens it again for the
 * next one. Opening what is open is no error; -ENOENT for a removed group.
 */
int cg_join_open(struct cg *cg, struct err *err) must_check;
void cg_join_close(struct cg *cg);

/*
 * A directory fd for clone3's CLONE_INTO_CGROUP, or -1 where no cgroup2 mount exists. Borrowed,
 * until cg_join_close().
 */
int cg_clone_fd(const struct cg *cg);

/*
 * To be called by the cloned child, which is one thread: joins the groups that CLONE_INTO_CGROUP
 * did not cover (the v1 hierarchies; none on v2). Allocates nothing.
 */
int cg_join_self(const struct cg *cg, struct err *err) must_check;

/* Moves another process, by pid, into the group. */
int cg_join(const struct cg *cg, int pid, struct err *err) must_check;

/*
 * Sends SIGKILL to every process of the group, forks in flight included; thaws what was frozen.
 * Does not wait. Without a cgroup2 mount a child that has not yet called cg_join_self() is not
 * reached: kill it through its pidfd as well.
 */
int cg_kill(struct cg *cg, struct err *err) must_check;

int cg_read(const struct cg *cg, struct cg_usage *ret_usage, struct err *err) must_check;

/* 1 when the process is in the group or below it, 0 when it is not, -ESRCH when there is no such
 * process. Who asks must know that pids are given out again. */
int cg_has(const struct cg *cg, int pid) must_check;

/* Like cg_has(), for all groups of the tree together. */
int cg_tree_has(const struct cg_tree *tree, int pid) must_check;

/* True while a process, a zombie included, is left in the group or below it. */
bool cg_populated(const struct cg *cg);

/* Removes the group. -EBUSY while processes are left: try again later. 0 also when it is already
 * gone. */
int cg_remove(struct cg *cg, struct err *err) must_check;

/*
 * An fd to watch for out-of-memory kills, and the epoll events to watch it for (EPOLLIN on v1's
 * eventfd, EPOLLPRI on v2's memory.events). After a wake-up call cg_oom_ack(), then compare
 * cg_oom_kills(), of processes since the group was made. Borrowed; -1: the kernel offers none.
 */
int cg_oom_fd(const struct cg *cg, uint32_t *ret_epoll_events);
void cg_oom_ack(struct cg *cg);
int cg_oom_kills(const struct cg *cg, uint64_t *ret_kills, struct err *err) must_check;
