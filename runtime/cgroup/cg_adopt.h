// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What there is below a tree, for a process that succeeds the one that has made it.
 */
#pragma once

#include "runtime/base/buf.h"
#include "runtime/cgroup/cg.h"

#include <sys/types.h>

/*
 * Goes on with a group that is there already, made by somebody else with these limits.
 *
 * Returns 0; -ENOENT when there is none of that name; -errno.
 */
int cg_adopt(struct cg_tree *tree, const char *name, const struct cg_limits *limits,
	     struct cg **ret_cg, struct err *err) must_check;

/*
 * Takes what there is of a group, on whichever hierarchies, to be killed and removed: it may have
 * been half made, or half removed. Of one that is not there nothing is.
 */
int cg_inherit(const struct cg_tree *tree, const char *name, struct cg **ret_cg,
	       struct err *err) must_check;

/* The names of all groups of the tree, each once. */
int cg_tree_list(struct cg_tree *tree, struct strv *ret_names, struct err *err) must_check;

/* The pids in a group and below it, in no order, each once; none when there is no such group.
 *
 * @ret_pids	out: the caller's to free */
int cg_tree_pids(const struct cg_tree *tree, const char *name, pid_t **ret_pids, size_t *ret_count,
		 struct err *err) must_check;
