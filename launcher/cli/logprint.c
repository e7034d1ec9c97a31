// SPDX-License-Identifier: GPL-2.0-or-later
/* Printing logs; see logprint.h. */
#include "launcher/cli/logprint.h"

#include "launcher/cli/text.h"
#include "launcher/js.h"
#include "runtime/base/cleanup.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define FLUSH_BYTES ((size_t)32 << 10)

/* An instance keeps its colour in every run: it is chosen by its name. */
static const char *colour_of(const char *instance)
{
	static const char *const colours[] = {"36", "33", "32", "35", "34",
					      "96", "93", "92", "95", "94"};
	uint32_t hash = 2166136261u;

	for (; *instance; instance++)
		hash = (hash ^ (unsigned char)*instance) * 16777619u;
	return colours[hash % ARRAY_SIZE(colours)];
}

/* RFC 3339 with nanoseconds. */
static void put_time(struct buf *out, int64_t time_ns)
{
	time_t seconds = time_ns / 1000000000;
	struct tm broken;
	char text[32] = "?";

	if (gmtime_r(&seconds, &broken))
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &broken);
	buf_printf(out, "%s.%09ldZ", text, (long)(time_ns % 1000000000));
}

static void put_json(struct buf *out, const char *instance, const struct log_record *record)
{
	const char *dash = strrchr(instance, '-');
	size_t service_len = dash ? (size_t)(dash - instance) : strlen(instance);
	autobuf struct buf at = {0};

	put_time(&at, record->time_ns);
	autojs struct json_t *line = js_pack(
		"{s:s, s:s%, s:s, s:s, s:o}", "time", at.data, "service", instance, service_len,
		"instance", instance, "stream", record->is_stderr ? "stderr" : "stdout", "text",
		js_lossy_bytes(record->text.data, record->text.len));

	out->failed |= !line || js_print(line, 0, out, NULL) < 0;
}

static void put_safe(const struct logprint *style, struct buf *out, const struct buf *text)
{
	if (style->escape)
		text_escape(out, text->data, text->len);
	else
		buf_put(out, text->data, text->len);
	buf_puts(out, "\n");
}

void logprint_record(const struct logprint *style, const char *instance, size_t width,
		     const struct log_record *record, struct buf *out)
{
	autobuf struct buf line = {0};

	if (style->json) {
		put_json(&line, instance, record);
		out->failed |= line.failed;
		put_safe(style, out, &line);
		return;
	}
	if (!style->no_prefix && style->colour)
		buf_printf(out, "\033[%sm%-*s |\033[0m ", colour_of(instance), (int)width,
			   instance);
	else if (!style->no_prefix)
		buf_printf(out, "%-*s | ", (int)width, instance);
	if (style->timestamps) {
		put_time(out, record->time_ns);
		buf_puts(out, " ");
	}
	put_safe(style, out, &record->text);
}

static int flush(struct buf *out, struct err *err)
{
	int r = buf_check(out, err);

	if (r == 0 && out->len > 0 &&
	    (fwrite(out->data, 1, out->len, stdout) != out->len || fflush(stdout) != 0))
		r = err_set(err, errno, "write to stdout");
	out->len = 0;
	return r;
}

int logprint_drain(const struct logprint *style, struct logset *set, struct err *err)
{
	const struct log_record *record = NULL;
	const struct logfile *file = NULL;
	autobuf struct buf out = {0};

	for (;;) {
		int r = logset_next(set, &file, &record, err);

		if (r > 0)
			logprint_record(style, file->instance, set->name_width, record, &out);
		if (r <= 0 || out.len >= FLUSH_BYTES) {
			int flushed = flush(&out, err);

			if (r <= 0 || flushed < 0)
				return r < 0 ? r : flushed;
		}
	}
}
