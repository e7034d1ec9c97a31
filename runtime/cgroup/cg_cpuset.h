// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Private to runtime/cgroup: the cpuset controller. Few groups want it, and on v1 nobody may join a
 * group of it that has no processors yet, so its groups are made on demand only.
 */
#pragma once

#include "runtime/cgroup/cg_internal.h"

/* Makes the tree's own group on the hierarchy (v1), or enables the controller down to it (v2),
 * where that has not been done. */
int cg_cpuset_open(struct cg_tree *tree, struct err *err) must_check;

/*
 * Confines a group that was just made.
 *
 * Returns 0; -ERANGE when @cpus names processors that are not there (err names them); -errno.
 */
int cg_cpuset_limit(const struct cg *cg, const char *cpus, struct err *err) must_check;
