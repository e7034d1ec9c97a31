// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Private to runtime/cgroup: controllers that few groups want. Nobody pays for them who does not
 * ask: the tree's own group has them from the first group on that does.
 */
#pragma once

#include "runtime/cgroup/cg_internal.h"

/* Makes one group of the tree's path on a v1 hierarchy; one that is there is left alone. */
typedef int cg_make_level_fn(int mount_fd, const char *path, struct err *err);

/*
 * Makes the tree's own group on the controller's hierarchy (v1, by @make_v1), or enables the
 * controller down to it (v2), where that has not been done.
 *
 * Returns 0; -ENOTSUP when the kernel does not have the controller; -errno.
 */
int cg_demand_open(struct cg_tree *tree, enum cg_controller controller, cg_make_level_fn *make_v1,
		   struct err *err) must_check;

/* Opens the tree's groups that an earlier process has made on demand, where there are any. */
void cg_demand_resume(struct cg_tree *tree);
