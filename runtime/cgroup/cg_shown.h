// SPDX-License-Identifier: GPL-2.0-or-later
/* What a container is shown of its own group, for the process that becomes it. */
#pragma once

#include "runtime/cgroup/cg.h"

/* More hierarchies than this are not shown. */
#define CG_SHOWN_MAX 8

/*
 * To be called by the cloned child: the group's directory on the v1 hierarchy of number @index, for
 * showing a container its limits; the tree's own group on cpuset, where the group has none of its
 * own. Allocates nothing.
 *
 * @ret_name	out: the controllers of the hierarchy, "cpu,cpuacct"; borrowed
 *
 * Returns an O_PATH fd; -ENOENT when there is nothing to show (cgroup2, which a container mounts
 * for itself); -ERANGE when @index is beyond the last; -errno.
 */
int cg_open_shown(const struct cg *cg, unsigned index, const char **ret_name) must_check;
