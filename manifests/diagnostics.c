// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Diagnostics as a person reads them: the place, the message, the line and a caret below it.
 */
#include "manifests/manifest.h"
#include "runtime/base/cleanup.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *severity_name(enum severity severity)
{
	static const char *const names[] = {[SEVERITY_ERROR] = "error",
					    [SEVERITY_WARNING] = "warning",
					    [SEVERITY_NOTE] = "note"};

	return names[severity];
}

static void put_text(struct buf *out, enum severity severity, struct pos pos, const char *service,
		     const char *text)
{
	if (pos.file && pos.line)
		buf_printf(out, "%s:%u:%u: ", pos.file, pos.line, pos.col);
	else if (pos.file)
		buf_printf(out, "%s: ", pos.file);
	buf_printf(out, "%s: %s%s%s", severity_name(severity), service ? service : "",
		   service ? ": " : "", text);
}

void diagnostic_add(struct strv *lines, enum severity severity, struct pos pos, const char *service,
		    const char *fmt, ...)
{
	autobuf struct buf line = {0};
	autofree char *text = NULL;
	va_list args;

	va_start(args, fmt);
	if (vasprintf(&text, fmt, args) < 0)
		text = NULL;
	va_end(args);
	if (text)
		put_text(&line, severity, pos, service, text);
	if (!text || line.failed)
		lines->failed = true;
	else
		strv_add(lines, line.data);
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
	put_text(out, item->severity, item->pos, NULL, item->message);
	buf_puts(out, "\n");
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
