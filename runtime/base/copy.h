// SPDX-License-Identifier: GPL-2.0-or-later
/* Copying a directory tree by descriptor, links never followed. */
#pragma once

#include "runtime/base/err.h"

/*
 * Copies what is in the directory @from_fd into the empty directory @to_fd, which gets the other's
 * owner, mode and times as well. Files keep theirs, their holes, and the hard links among them;
 * symbolic links are copied as they are. Sockets, devices and extended attributes are left out.
 *
 * Returns 0 or -errno, with part of it copied; err names what could not be.
 */
int copy_tree(int from_fd, int to_fd, struct err *err) must_check;
