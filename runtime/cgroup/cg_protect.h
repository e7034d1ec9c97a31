// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Private to runtime/cgroup: memory kept for groups on cgroup v2. A group keeps no more than the
 * groups above it do, so these keep what those below them ask for.
 */
#pragma once

#include "runtime/cgroup/cg_internal.h"

/* Sets memory.low of the tree's group and of those above it, of our making, to the sum of what is
 * below. Another stack may do the same at this moment: the last one counts all. */
int cg_protect(const struct cg_tree *tree, struct err *err) must_check;
