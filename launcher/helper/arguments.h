// SPDX-License-Identifier: GPL-2.0-or-later
/* How a supervisor starts a helper: PROGRAM CONTROL-FD UID. */
#pragma once

#include <stdbool.h>

/*
 * @ret_control_fd	out: the socket of launcher/helper/words.h, close-on-exec
 * @ret_id		out: the user that it is to become
 *
 * Returns false after a word on stderr when somebody else has started it.
 */
bool arguments_read(int argc, char **argv, int *ret_control_fd, unsigned *ret_id);
