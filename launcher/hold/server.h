// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Connections to services that have no instance at the moment. They wait in the kernel's queue of a
 * listening socket, which supervisor and keeper have, too, until there is an instance; then they
 * are accepted and relayed to it. Who waits too long is reset.
 */
#pragma once

#include "runtime/base/err.h"

struct server;

/* @control_fd: see launcher/hold/words.h */
int server_open(int control_fd, struct server **ret_server, struct err *err) must_check;

/* Until nobody needs it any more. */
void server_run(struct server *server) __attribute__((noreturn));
