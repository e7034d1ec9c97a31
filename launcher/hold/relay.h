// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Bytes from one connection to another and back, by splice(2): this process never sees them. An end
 * of one side is passed on as such; what breaks one breaks the other.
 */
#pragma once

#include "launcher/helper/sources.h"

/* Whoever has begun it. */
struct relay_owner {
	void (*ended)(void *data); /* the last call */
	void *data;
};

/* Takes both descriptors, which never wait, also on failure: -errno. */
int relay_begin(int loop_fd, int client_fd, int server_fd,
		const struct relay_owner *owner) must_check;

/* Closes a connection by a reset. */
void relay_reset(int fd);
