// SPDX-License-Identifier: GPL-2.0-or-later
/* Descriptors for clients. */
#pragma once

#include "runtime/base/err.h"

/* Sends the line with a duplicate of @fd beside it. Never waits: a client whose socket is full has
 * left. */
int hand_over(int socket_fd, const char *line, int fd, struct err *err) must_check;
