// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A screen before it is shown: pieces of text at places, each in a style. Text is made safe for a
 * terminal and cut to the room it has. Pure; what is a letter's width the locale says.
 */
#pragma once

#include "runtime/base/buf.h"

#include <stdbool.h>

enum frame_style {
	FRAME_PLAIN,
	FRAME_BOLD,
	FRAME_FAINT,
	FRAME_GOOD,
	FRAME_BUSY,
	FRAME_BAD,
	FRAME_TITLE,
	FRAME_CHOSEN,
};

struct frame_piece {
	unsigned row;
	unsigned col;
	enum frame_style style;
	size_t start; /* in the text */
	size_t len;
};

struct frame {
	unsigned rows;
	unsigned cols;
	bool ascii; /* nothing else is shown */
	struct buf text;
	struct frame_piece *pieces;
	size_t count;
	bool failed; /* memory lacked: not all is there */
};

/* Where text goes. */
struct frame_place {
	unsigned row;
	unsigned col;
	unsigned width; /* it is cut or filled to this; 0: to the end of the row, without filling */
	bool right;	/* against the right side of its room */
	enum frame_style style;
};

void frame_put(struct frame *frame, struct frame_place place, const char *text);

void frame_drop(struct frame *frame);
#define autoframe __attribute__((cleanup(frame_drop)))
