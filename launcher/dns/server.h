// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * davit-dns: the stack's name server. Questions come to sockets that the supervisor has bound and
 * handed over; so do the names, as a whole each time. It goes on answering whatever becomes of the
 * supervisor. One thread; what it holds has a size that nobody outside can change.
 */
#pragma once

#include "runtime/base/err.h"

struct server;

/* @control_fd	see wire.h; taken over */
int server_open(int control_fd, struct server **ret_server, struct err *err) must_check;

/* Serves until somebody else does, or the networks are gone. */
void server_run(struct server *server) __attribute__((noreturn));
