// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Diagnostics while loading. A message never contains a control character, whatever the manifest
 * says: it ends on a terminal.
 */
#include "manifests/report.h"

#include "runtime/base/cleanup.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define DIAGNOSTICS_MAX	  500
#define LINE_BYTES_MAX	  400
#define MESSAGE_BYTES_MAX 1000

struct source_text {
	const char *file;
	const char *text;
	size_t len;
	struct source_text *next;
};

void report_close(struct report *report)
{
	while (report->sources) {
		struct source_text *first = report->sources;

		report->sources = first->next;
		free(first);
	}
}

void report_source(struct report *report, const char *file, const char *text, size_t len)
{
	struct source_text *source = malloc(sizeof(*source));

	if (!source) {
		report->failed = true;
		return;
	}
	*source = (struct source_text){
		.file = file, .text = text, .len = len, .next = report->sources};
	report->sources = source;
}

static void clean_control(char *text)
{
	for (; *text; text++)
		if (((unsigned char)*text < 0x20 && *text != '\t') || *text == 0x7f)
			*text = '?';
}

/* The line a position points to, or NULL. */
static char *source_line(const struct report *report, struct pos pos)
{
	const struct source_text *source = pos.file && pos.line ? report->sources : NULL;

	while (source && strcmp(source->file, pos.file) != 0)
		source = source->next;
	if (!source)
		return NULL;

	const char *start = source->text;
	const char *end = source->text + source->len;

	for (unsigned line = 1; start && start < end && line < pos.line; line++) {
		start = memchr(start, '\n', (size_t)(end - start));
		start = start ? start + 1 : NULL;
	}
	if (!start || start >= end)
		return NULL;
	const char *stop = memchr(start, '\n', (size_t)(end - start));
	size_t len = (size_t)((stop ? stop : end) - start);

	if (len && start[len - 1] == '\r')
		len--;
	if (len > LINE_BYTES_MAX)
		return NULL;
	char *line = strndup(start, len);

	if (line)
		clean_control(line);
	return line;
}

/* Positions given to a report are the stack's; those in the list must outlive it. */
static const char *list_file(struct report *report, const char *name)
{
	struct strv *files = &report->list->files;

	for (size_t i = 0; i < files->count; i++)
		if (strcmp(files->items[i], name) == 0)
			return files->items[i];
	strv_add(files, name);
	if (files->failed) {
		report->failed = true;
		return "";
	}
	return files->items[files->count - 1];
}

static void report_add(struct report *report, enum severity severity, struct pos pos,
		       const char *fmt, va_list args) format_like(4, 0);

static void report_add(struct report *report, enum severity severity, struct pos pos,
		       const char *fmt, va_list args)
{
	struct diagnostics *list = report->list;
	char message[MESSAGE_BYTES_MAX];
	const char *way = pos.file ? origin_way(&report->origins, pos.file) : NULL;

	if (severity == SEVERITY_ERROR)
		list->error_count++;
	if (list->count >= DIAGNOSTICS_MAX)
		return;
	int len = vsnprintf(message, sizeof(message), fmt, args);

	if (way && len >= 0 && (size_t)len < sizeof(message))
		snprintf(message + len, sizeof(message) - (size_t)len, " (%s)", way);
	clean_control(message);

	struct diagnostic *items = realloc(list->items, (list->count + 1) * sizeof(*list->items));
	char *copy = strdup(message);
	char *service = report->service ? strdup(report->service) : NULL;

	if (items)
		list->items = items;
	if (!items || !copy || !service != !report->service) {
		free(copy);
		free(service);
		report->failed = true;
		return;
	}
	char *line = source_line(report, pos);

	if (pos.file)
		pos.file = list_file(report, pos.file);
	list->items[list->count++] =
		(struct diagnostic){.severity = severity,
				    .pos = pos,
				    .message = copy,
				    .line = line,
				    .service = service,
				    .extended = way && strstr(way, "extended at")};
}

void report_error(struct report *report, struct pos pos, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	report_add(report, SEVERITY_ERROR, pos, fmt, args);
	va_end(args);
}

void report_warning(struct report *report, struct pos pos, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	report_add(report, SEVERITY_WARNING, pos, fmt, args);
	va_end(args);
}

void report_note(struct report *report, struct pos pos, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	report_add(report, SEVERITY_NOTE, pos, fmt, args);
	va_end(args);
}

static size_t file_rank(const struct strv *files, const char *file)
{
	size_t rank = 0;

	while (rank < files->count && files->items[rank] != file)
		rank++;
	return rank;
}

static int compare_places(const void *left, const void *right, void *files)
{
	const struct diagnostic *a = left;
	const struct diagnostic *b = right;
	size_t a_file = file_rank(files, a->pos.file);
	size_t b_file = file_rank(files, b->pos.file);

	if (a_file != b_file)
		return a_file < b_file ? -1 : 1;
	if (a->pos.line != b->pos.line)
		return a->pos.line < b->pos.line ? -1 : 1;
	if (a->pos.col != b->pos.col)
		return a->pos.col < b->pos.col ? -1 : 1;
	if (a->extended != b->extended)
		return a->extended ? 1 : -1;
	return strcmp(a->message, b->message);
}

/* A launch of one service does not care what was told of another. */
static bool is_of_another(const struct diagnostic *item, const struct diagnostic *told)
{
	return item->severity == SEVERITY_NOTE &&
	       strcmp(item->service ? item->service : "", told->service ? told->service : "") != 0;
}

/* One value is one fault, however many services extend the one it is written for; but a note is one
 * for each, because each may be launched alone. */
static bool is_repetition(const struct diagnostic *item, const struct diagnostic *told)
{
	bool here = item->pos.file == told->pos.file && item->pos.line == told->pos.line &&
		    item->pos.col == told->pos.col && item->severity == told->severity;

	return here && !is_of_another(item, told) &&
	       (item->extended || strcmp(item->message, told->message) == 0);
}

void report_sort(struct report *report)
{
	struct diagnostics *list = report->list;
	size_t kept = 0;

	if (!list->count)
		return;
	qsort_r(list->items, list->count, sizeof(*list->items), compare_places, &list->files);
	for (size_t i = 0; i < list->count; i++) {
		struct diagnostic *item = &list->items[i];

		if (kept && is_repetition(item, &list->items[kept - 1])) {
			list->error_count -= item->severity == SEVERITY_ERROR;
			diagnostic_free(item);
			continue;
		}
		list->items[kept++] = *item;
	}
	list->count = kept;
}
