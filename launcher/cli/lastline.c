// SPDX-License-Identifier: GPL-2.0-or-later
/* See lastline.h. */
#include "launcher/cli/lastline.h"

#include "launcher/cli/logset.h"
#include "runtime/base/cleanup.h"

#include <string.h>

#define LINES_TRIED    5
#define LINE_MAX_BYTES 120

static bool is_blank(const struct buf *text)
{
	return text->len == 0 || strspn(text->data, " \t\r") >= text->len;
}

void lastline_put(struct buf *out, const char *log_dir, const char *instance)
{
	const char *const instances[] = {instance, NULL};
	const struct logset_options wanted = {.services = instances, .tail = LINES_TRIED};
	autologset struct logset set = {.dir_fd = -1, .inotify_fd = -1};
	const struct log_record *record = NULL;
	const struct logfile *file = NULL;
	autobuf struct buf line = {0};
	struct err err = {0};

	if (logset_open(&set, log_dir, &wanted, &err) < 0)
		return;
	while (logset_next(&set, &file, &record, &err) > 0) {
		if (is_blank(&record->text))
			continue;
		buf_free(&line);
		buf_put(&line, record->text.data,
			record->text.len < LINE_MAX_BYTES ? record->text.len : LINE_MAX_BYTES);
	}
	if (line.len > 0)
		buf_printf(out, "last line: %.*s", (int)line.len, line.data);
}
