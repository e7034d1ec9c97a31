// SPDX-License-Identifier: GPL-2.0-or-later
/* See frame.h. */
#include "launcher/top/frame.h"

#include "runtime/base/cleanup.h"

#include <stdlib.h>
#include <string.h>
#include <wchar.h>

void frame_drop(struct frame *frame)
{
	buf_free(&frame->text);
	free(frame->pieces);
	frame->pieces = NULL;
	frame->count = 0;
}

/* The letter at @text: how many bytes it has, and its columns; what cannot be shown becomes a `?`
 * of one column in @ret_shown. */
static size_t letter(const char *text, bool ascii, const char **ret_shown, unsigned *ret_columns)
{
	mbstate_t state = {0};
	wchar_t wide = 0;
	size_t bytes = mbrtowc(&wide, text, MB_CUR_MAX, &state);
	int columns = 0;

	*ret_shown = "?";
	*ret_columns = 1;
	if ((unsigned char)*text >= ' ' && (unsigned char)*text < 0x7f) {
		*ret_shown = text;
		return 1;
	}
	if (bytes == (size_t)-1 || bytes == (size_t)-2 || bytes == 0)
		return 1;
	columns = wcwidth(wide);
	if (!ascii && columns >= 0) {
		*ret_shown = text;
		*ret_columns = (unsigned)columns;
	} else if (*text == '\t') {
		*ret_shown = " ";
	}
	return bytes;
}

/* Appends what fits, safely; returns its columns. */
static unsigned put_cut(struct frame *frame, const char *text, unsigned width)
{
	unsigned used = 0;

	while (*text) {
		const char *shown = NULL;
		unsigned columns = 0;
		size_t bytes = letter(text, frame->ascii, &shown, &columns);

		if (used + columns > width)
			break;
		buf_put(&frame->text, shown, shown == text ? bytes : 1);
		used += columns;
		text += bytes;
	}
	return used;
}

static bool add_piece(struct frame *frame, struct frame_piece piece)
{
	struct frame_piece *grown = reallocarray(frame->pieces, frame->count + 1, sizeof(*grown));

	if (!grown)
		return false;
	frame->pieces = grown;
	grown[frame->count++] = piece;
	return true;
}

static unsigned columns_of(const char *text, bool ascii, unsigned most)
{
	struct frame measured = {.ascii = ascii};
	unsigned columns = put_cut(&measured, text, most);

	frame_drop(&measured);
	return columns;
}

void frame_put(struct frame *frame, struct frame_place place, const char *text)
{
	size_t start = frame->text.len;

	if (place.row >= frame->rows || place.col >= frame->cols)
		return;
	unsigned room = frame->cols - place.col;
	unsigned width = place.width && place.width < room ? place.width : room;
	unsigned shift = place.right ? width - columns_of(text, frame->ascii, width) : 0;

	buf_printf(&frame->text, "%*s", (int)shift, "");
	unsigned used = shift + put_cut(frame, text, width);

	if (place.width && used < width)
		buf_printf(&frame->text, "%*s", (int)(width - used), "");
	if (!add_piece(frame, (struct frame_piece){.row = place.row,
						   .col = place.col,
						   .style = place.style,
						   .start = start,
						   .len = frame->text.len - start}))
		frame->failed = true;
	frame->failed |= frame->text.failed;
}
