// SPDX-License-Identifier: GPL-2.0-or-later
/* Sockets of libnl, and what it tells of a failure as the error that the kernel or the C library
 * had. */
#pragma once

#include "runtime/base/err.h"

struct nl_sock;

/* @ret_sock	out: owned by the caller, nl_socket_free() */
int netlink_open(int protocol, struct nl_sock **ret_sock, struct err *err) must_check;

/*
 * What the library lacks memory for, and what the kernel's buffers have no room for, is -ENOMEM: it
 * may work the next time. What is not there is -ENODEV; any other failure is -EIO, with the
 * library's words.
 *
 * @code	of libnl; it may also be 0, after an allocation of ours has failed
 * @what	as in "list links"
 */
int netlink_fail(int code, const char *what, struct err *err);
