// SPDX-License-Identifier: GPL-2.0-or-later
/* The columns of the list: which a screen has room for, and what is in their cells. Pure. */
#pragma once

#include "launcher/top/frame.h"
#include "launcher/top/order.h"

#define COLUMNS_MAX 16

struct column_place {
	const struct column *column;
	unsigned col;
	unsigned width;
};

/* @ret	out: COLUMNS_MAX places; returns how many there are */
size_t columns_place(unsigned cols, struct column_place *ret);

/* The row of titles; the one that the order goes by is marked. */
void columns_titles(struct frame *frame, unsigned row, const struct order *order);

/* Draws an instance's cells into a row. */
void columns_row(struct frame *frame, unsigned row, const struct model_instance *instance,
		 bool chosen);

/* What a state looks like. */
enum frame_style columns_state_style(const char *state);

/* "12.4%" of one processor. */
void columns_percent(struct buf *out, double share);
