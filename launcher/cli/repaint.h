// SPDX-License-Identifier: GPL-2.0-or-later
/* What takes the place of what a terminal showed before: of a whole screen, or of the last lines.
 * Pure. */
#pragma once

#include "runtime/base/buf.h"

#define REPAINT_HOME  "\033[H"
#define REPAINT_CLEAR "\033[J" /* whatever is behind the cursor */

struct repaint_size {
	unsigned rows;
	unsigned cols; /* 0: not known */
};

/* Appends @text as what replaces the last screen of @rows lines: its first lines, and how many more
 * there are. */
void repaint_screen(struct buf *out, const char *text, unsigned rows);

/*
 * Appends @text as what replaces the last lines that were shown, no line of it longer than the
 * terminal is wide.
 *
 * @lines	how many there were; afterwards, how many there are
 */
void repaint_block(struct buf *out, const char *text, struct repaint_size size, size_t *lines);
