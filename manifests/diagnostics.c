// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Diagnostics as a person reads them: the place, the message, the line and a caret below it.
 */
#include "manifests/manifest.h"

#include <stdlib.h>
#include <string.h>

const char *severity_name(enum severity severity)
{
	static const char *const names[] = {[SEVERITY_ERROR] = "error",
					    [SEVERITY_WARNING] = "warning",
					    [SEVERITY_NOTE] = "note"};

	return names[severity];
}

void diagnostic_free(struct diagnostic *item)
{
	free(item->message);
	free(item->line);
	free(item->service);
}

void diagnostics_free(struct diagnostics *list)
{
	for (size_t i = 0; i < list->count; i++)
		diagnostic_free(&list->items[i]);
	free(list->items);
	strv_free(&list->files);
	*list = (struct diagnostics){0};
}

static bool concerns(const struct diagnostic *note, const char *const *services)
{
	if (!services || !note->service)
		return services != NULL;
	while (*services && strcmp(*services, note->service) != 0)
		services++;
	return *services != NULL;
}

void diagnostics_judge(struct diagnostics *list, const char *const *services)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->count; i++) {
		struct diagnostic *item = &list->items[i];

		if (item->severity == SEVERITY_NOTE && !concerns(item, services)) {
			diagnostic_free(item);
			continue;
		}
		if (item->severity == SEVERITY_NOTE) {
			item->severity = SEVERITY_ERROR;
			list->error_count++;
		}
		list->items[kept++] = *item;
	}
	list->count = kept;
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
	buf_printf(out, "%s: %s\n", severity_name(item->severity), item->message);
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
