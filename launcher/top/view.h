// SPDX-License-Identifier: GPL-2.0-or-later
/* What is shown: the list of instances, or a text (a log, a description, the keys). Pure. */
#pragma once

#include "launcher/top/frame.h"
#include "launcher/top/order.h"

struct view {
	const char *stack;
	struct order order;
	char filter[64];	/* order.filter points here */
	bool typing;		/* what is typed goes into the filter */
	char chosen[256];	/* an instance's name; "": the first one */
	size_t offset;		/* of the first row on the screen */
	const char *message;	/* in place of the chosen one's reason; NULL: none */
	const struct buf *text; /* shown instead of the list; NULL: the list */
	const char *text_title;
	size_t text_offset; /* first line shown */
	bool text_end;	    /* the end is to be seen, as it grows */
};

extern const char view_help[];

/* Rows of a screen that are instances, or lines of a text. */
unsigned view_rows(const struct frame *frame);

/* Draws the whole screen; the offsets follow what is chosen and how large it is. */
void view_draw(struct view *view, const struct model *model,
	       const struct model_instance *const *listed, size_t count, struct frame *frame);

/* Where the chosen one is in the list; the nearest there is when it is gone. */
size_t view_chosen(const struct view *view, const struct model_instance *const *listed,
		   size_t count);

/* Chooses the one @by places further down. */
void view_move(struct view *view, const struct model_instance *const *listed, size_t count,
	       long by);

/* Scrolls the text. */
void view_scroll(struct view *view, long by, unsigned rows);
