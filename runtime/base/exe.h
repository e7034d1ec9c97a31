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

/*
 * Whether a program of ours that is installed now can be used: it is run with --check and, for what
 * it may have to read, the name of a stack. Takes as long as it takes, five seconds at most.
 *
 * Returns 0; -ENOEXEC: it cannot be run, or has not ended with status 0; -ETIMEDOUT; -errno.
 */
int exe_check(const char *path, const char *stack, struct err *err) must_check;
