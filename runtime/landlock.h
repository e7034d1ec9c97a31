// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Landlock: what of the file system a process and all its children may still reach, whatever is
 * mounted and whatever descriptors they get hold of. Allocates nothing: runs between clone and
 * exec.
 */
#pragma once

#include "runtime/base/err.h"

#include <stdint.h>

/* Rights, of all those that this kernel knows. */
enum landlock_access {
	LANDLOCK_READ,	/* reading, listing, executing; using devices */
	LANDLOCK_WRITE, /* the same, and changing everything */
};

/* The version of the kernel's interface; 0 when it has none or it is switched off. */
int landlock_version(void);

/* A set of rules that allows nothing yet. Returns the fd or -errno. */
int landlock_make(int version, struct err *err) must_check;

/* Allows @access to what @fd (O_PATH will do) is, and to everything below it. */
int landlock_allow(int rules_fd, int version, int fd, enum landlock_access access,
		   struct err *err) must_check;

/* Puts the caller under the rules, for good. Needs CAP_SYS_ADMIN or no_new_privs. */
int landlock_enforce(int rules_fd, struct err *err) must_check;
