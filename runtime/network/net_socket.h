// SPDX-License-Identifier: GPL-2.0-or-later
/* Sockets of other network namespaces. */
#pragma once

#include "runtime/base/err.h"

/*
 * Opens a socket that belongs to another network namespace; the calling thread is in its own again
 * when this returns.
 *
 * @netns_fd	-1: the calling thread's own
 * @ret_fd	out: close-on-exec, owned by the caller
 */
int net_socket(int netns_fd, int domain, int type, int *ret_fd, struct err *err) must_check;
