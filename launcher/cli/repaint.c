// SPDX-License-Identifier: GPL-2.0-or-later
/* See repaint.h. */
#include "launcher/cli/repaint.h"

#include <string.h>

#define CLEAR_TO_RIGHT "\033[K"

static size_t count_lines(const char *text)
{
	size_t lines = 0;

	for (; *text; text += strcspn(text, "\n"), text += *text == '\n')
		lines++;
	return lines;
}

/* Bytes of the @len that @cols letters have at most; 0 columns: all. */
static size_t cut(const char *line, size_t len, unsigned cols)
{
	size_t letters = 0;

	for (size_t i = 0; cols > 0 && i < len; i++) {
		letters += ((unsigned char)line[i] & 0xc0) != 0x80;
		if (letters > cols)
			return i;
	}
	return len;
}

/* The first lines, and how many more there are; returns how many lines that makes. */
static size_t put_lines(struct buf *out, const char *text, struct repaint_size size)
{
	size_t lines = count_lines(text);
	size_t shown = lines < size.rows || size.rows < 2 ? lines : size.rows - 2;

	for (size_t i = 0; i < shown; i++) {
		size_t len = strcspn(text, "\n");

		buf_put(out, text, cut(text, len, size.cols));
		buf_puts(out, CLEAR_TO_RIGHT "\n");
		text += len + (text[len] == '\n');
	}
	if (shown == lines)
		return lines;
	buf_printf(out, "… %zu more" CLEAR_TO_RIGHT "\n", lines - shown);
	return shown + 1;
}

void repaint_screen(struct buf *out, const char *text, unsigned rows)
{
	buf_puts(out, REPAINT_HOME);
	(void)put_lines(out, text, (struct repaint_size){.rows = rows});
	buf_puts(out, REPAINT_CLEAR);
}

void repaint_block(struct buf *out, const char *text, struct repaint_size size, size_t *lines)
{
	if (*lines > 0)
		buf_printf(out, "\033[%zuA", *lines);
	buf_puts(out, "\r");
	*lines = put_lines(out, text, size);
	buf_puts(out, REPAINT_CLEAR);
}
