// SPDX-License-Identifier: GPL-2.0-or-later
/* Descriptors for clients, and of theirs. */
#pragma once

#include "runtime/base/err.h"

#include <stdbool.h>
#include <sys/socket.h>

#define HAND_OVER_FDS_MAX 16 /* more than this in one message are dropped by the kernel */

/* Sends the line with a duplicate of @fd beside it. Never waits: a client whose socket is full has
 * left. */
int hand_over(int socket_fd, const char *line, int fd, struct err *err) must_check;

/* The three descriptors that come with a message; all others of it are closed. Returns whether
 * there were three; else @stdio is untouched. */
bool hand_over_take(const struct msghdr *message, int stdio[static 3]);
