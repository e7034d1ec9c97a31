// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Diagnostics as a person reads them: the place, the message, the line and a caret below it.
 */
#include "manifests/manifest.h"

#include <stdlib.h>
#include <string.h>

void diagnostics_free(struct diagnostics *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->items[i].message);
		free(list->items[i].line);
	}
	free(list->items);
	strv_free(&list->files);
	*list = (struct diagnostics){0};
}

/* Columns count characters: one byte of each UTF-8 sequence moves the caret, a tab stays a tab. */
static void print_caret(const char *line, unsigned col, struct buf *out)
{
	unsigned seen = 1;

	for (const char *byte = line; *byte && seen < col; byte++) {
		if (((unsigned char)*byte & 0xc0) == 0x80)
			continue;
		buf_puts(out, *byte == '\t' ? "\t" : " ");
		seen++;
	}
	buf_puts(out, "^\n");
}

static void print_one(const struct diagnostic *item, struct buf *out)
{
	if (item->pos.file && item->pos.line)
		buf_printf(out, "%s:%u:%u: ", item->pos.file, item->pos.line, item->pos.col);
	else if (item->pos.file)
		buf_printf(out, "%s: ", item->pos.file);
	buf_printf(out, "%s: %s\n", item->severity == SEVERITY_ERROR ? "error" : "warning",
		   item->message);
	if (!item->line || !item->line[0])
		return;
	buf_printf(out, "  %s\n  ", item->line);
	print_caret(item->line, item->pos.col, out);
}

void diagnostics_print(const struct diagnostics *list, struct buf *out)
{
	for (size_t i = 0; i < list->count; i++)
		print_one(&list->items[i], out);
}
