// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A user namespace whose ids are a range of the host's, prepared once and entered by many.
 */
#pragma once

#include "runtime/base/err.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Makes a user namespace in which the ids 0..count-1 are the host's from @first on, for users and
 * groups alike. The descriptor keeps it alive; no process stays in it.
 *
 * @ret_fd	out: owned by the caller
 *
 * Returns 0 or -errno: -EPERM where the caller may not map these ids, -ENOSPC where the kernel is
 * configured to have no more user namespaces.
 */
int userns_make(uint32_t first, uint32_t count, int *ret_fd, struct err *err) must_check;

/*
 * Makes a network namespace that belongs to a user namespace: whose capabilities for networks count
 * in it.
 *
 * @ret_fd	out: owned by the caller; keeps it alive
 */
int userns_make_network(int userns_fd, int *ret_fd, struct err *err) must_check;

/* Whether a namespace belongs to this user namespace. */
bool userns_owns(int userns_fd, int namespace_fd);
