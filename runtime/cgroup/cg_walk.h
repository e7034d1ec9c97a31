// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Private to runtime/cgroup: what is done to a group and to all groups below it, one hierarchy at
 * a time. Does not wait for processes to die.
 */
#pragma once

#include "runtime/base/err.h"

/* Sends SIGKILL to every process listed in @name's group or below. Returns how many, or -errno. */
int cg_walk_kill(int dirfd, const char *name, struct err *err) must_check;

/*
 * Removes the group @name of @dirfd and all below it. -EBUSY while one of them has processes; 0
 * also when it is gone already.
 */
int cg_walk_remove(int dirfd, const char *name, struct err *err) must_check;
