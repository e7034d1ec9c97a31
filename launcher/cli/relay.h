// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A terminal for a command inside an instance: our terminal in raw mode on one side, one of the
 * instance's own on the other. The user's own terminal is never handed inside.
 */
#pragma once

#include "runtime/base/err.h"

#include <stdbool.h>
#include <termios.h>

struct relay {
	int master;
	struct termios saved;
	bool raw; /* the terminal is to be restored */
	bool input_ended;
};

/* Uses the side of the keyboard, which it owns from here; it becomes as large as our terminal.
 * Zero-initialise the relay with master -1. */
void relay_take(struct relay *relay, int master_fd);

/* From here our terminal is raw, until relay_close(). */
int relay_start(struct relay *relay, struct err *err) must_check;

/* Our terminal has another size. */
void relay_resize(const struct relay *relay);

/* Moves what there is from stdin to the pty, or from the pty to stdout; the latter returns 1 while
 * there may be more, 0 when nobody holds the other side any more. */
void relay_input(struct relay *relay);
int relay_output(struct relay *relay);

void relay_close(struct relay *relay);
#define autorelay __attribute__((cleanup(relay_close)))
