// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Our own executables, out of the reach of containers. A process of ours that enters one can be
 * found in /proc there, and through that the file it runs: it must not be open for writing
 * (CVE-2019-5736).
 */
#pragma once

#include "runtime/base/err.h"

#include <stdbool.h>

/* True when nobody can write to what this process runs by way of /proc. */
bool exe_is_protected(void);

/*
 * Becomes the program @path, run from a read-only copy of the mount it is on which belongs to no
 * mount namespace. As execv(3) where davit may not make one: it can then enter no container either.
 *
 * Returns only on failure: -errno.
 */
int exe_run(const char *path, char *const *argv, struct err *err) must_check;
