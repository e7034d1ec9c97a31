// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Private to runtime/network: what the kernel remembers of translated flows.
 */
#pragma once

#include "runtime/base/err.h"
#include "runtime/base/ip.h"

/*
 * Makes the kernel forget flows of datagrams that lead to @target: who goes on sending from the
 * same port is then balanced anew, where otherwise each of his datagrams would keep the flow to an
 * endpoint that is no longer there alive. Older kernels, which delete by a whole tuple only, answer
 * with an error and forget nothing.
 *
 * @fd	of conntrack_open()
 */
int conntrack_forget_datagrams(int fd, const struct ip *target, struct err *err) must_check;

/* @ret_fd	out: close-on-exec, owned by the caller */
int conntrack_open(int *ret_fd, struct err *err) must_check;
