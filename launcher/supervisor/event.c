// SPDX-License-Identifier: GPL-2.0-or-later
#include "launcher/supervisor/event.h"

#include "launcher/js.h"
#include "launcher/supervisor/stamp.h"
#include "runtime/base/cleanup.h"

#include <stddef.h>
#include <string.h>

/* A byte takes six at most: \u001B. */
#define REASON_PART 8

static bool put_text(struct json_t *line, const char *key, const char *text)
{
	return !text || js_put(line, key, js_lossy(text));
}

void event_print(const struct event *event, struct buf *out)
{
	char at[STAMP_SIZE];
	autojs struct json_t *line = js_pack(
		"{s:i, s:I, s:s, s:s, s:s}", "schema", 1, "seq", (long long)event->seq, "time",
		stamp_text(&event->at, 9, at), "type", event->type, "action", event->action);
	bool whole = line && put_text(line, "service", event->service) &&
		     put_text(line, "instance", event->instance) &&
		     put_text(line, "state", event->state) &&
		     put_text(line, "reason", event->reason);

	if (whole && event->cause)
		whole = js_put(line, "cause", js_pack("I", (long long)event->cause));
	if (whole && event->attributes)
		whole = js_put(line, "attributes", js_pack("O", event->attributes));
	if (!whole || js_print(line, 0, out, NULL) < 0)
		out->failed = true;
	buf_puts(out, "\n");
}

void event_print_within(const struct event *event, size_t max_bytes, struct buf *out)
{
	struct event shorter = *event;
	autofree char *reason = NULL;
	size_t start = out->len;

	event_print(event, out);
	if (out->len - start <= max_bytes)
		return;
	shorter.attributes = NULL;
	out->len = start;
	event_print(&shorter, out);
	if (out->len - start <= max_bytes || !event->reason)
		return;
	reason = strndup(event->reason, max_bytes / REASON_PART);
	shorter.reason = reason;
	out->len = start;
	event_print(&shorter, out);
}
