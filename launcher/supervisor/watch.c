// SPDX-License-Identifier: GPL-2.0-or-later
/* Streams of changes for `up`, `down` and whoever else waits for something instead of asking again.
 */
#include "launcher/supervisor/watch.h"
#include "launcher/js.h"
#include "launcher/supervisor/events.h"
#include "launcher/supervisor/listing.h"
#include "launcher/supervisor/rollouts.h"
#include "launcher/supervisor/scheduler.h"
#include "launcher/supervisor/stamp.h"
#include "launcher/supervisor/supervisor.h"
#include "launcher/supervisor/view.h"
#include "runtime/base/buf.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Of the history: what a browser is shown that has not been told anything yet. */
#define RECENT_BYTES (64u << 10)

struct watcher {
	struct supervisor *sup;
	struct watcher *next;
	bool of_events; /* else of states */
	bool framed;	/* for a browser: server-sent events, not lines */
	struct http_stream *stream;
	struct listing *snapshot; /* not sent yet; owned by the stream; NULL: over */
};

static void on_close(void *data)
{
	struct watcher *watcher = data;
	struct watcher **link = &watcher->sup->watchers;

	while (*link != watcher)
		link = &(*link)->next;
	*link = watcher->next;
	free(watcher);
}

/* What a watcher's snapshot has not come to yet will be in it as it is then. */
static bool hears_of(const struct watcher *watcher, const struct instance *instance)
{
	return !instance || !watcher->snapshot || listing_has(watcher->snapshot, instance);
}

/* @seq: of an event; 0: it has none. @line: with its newline */
static void frame(uint64_t seq, const char *line, size_t len, struct buf *framed)
{
	if (seq > 0)
		buf_printf(framed, "id: %" PRIu64 "\n", seq);
	buf_puts(framed, "data: ");
	buf_put(framed, line, len);
	buf_puts(framed, "\n");
}

static void send_to(const struct watcher *watcher, uint64_t seq, const struct buf *line)
{
	autobuf struct buf framed = {0};

	if (!watcher->framed) {
		http_stream_write(watcher->stream, line->data, line->len);
		return;
	}
	frame(seq, line->data, line->len, &framed);
	if (framed.failed)
		http_stream_end(watcher->stream);
	else
		http_stream_write(watcher->stream, framed.data, framed.len);
}

/* Writing to a stream may end it, so the next one is looked up first. @seq: of an event, else 0 */
static void send_line(struct supervisor *sup, const struct instance *about, uint64_t seq,
		      const struct buf *line)
{
	bool of_events = seq > 0;

	for (struct watcher *watcher = sup->watchers, *next; watcher; watcher = next) {
		next = watcher->next;
		if (watcher->of_events == of_events && hears_of(watcher, about))
			send_to(watcher, seq, line);
	}
}

/* Who waits for what could not be told would wait for ever. */
static void watch_cut(struct supervisor *sup)
{
	for (struct watcher *watcher = sup->watchers, *next; watcher; watcher = next) {
		next = watcher->next;
		if (!watcher->of_events)
			http_stream_end(watcher->stream);
	}
}

/* @line: without a newline, which it gets */
static void watch_send(struct supervisor *sup, const struct instance *about, struct buf *line)
{
	buf_puts(line, "\n");
	if (line->failed)
		watch_cut(sup);
	else
		send_line(sup, about, 0, line);
}

static bool wants_frames(const struct http_request *request)
{
	const char *accept = http_request_header(request, "Accept");

	return accept && strstr(accept, "text/event-stream");
}

/* NULL: no memory, and the answer says so. */
static struct watcher *watcher_new(struct supervisor *sup, const struct http_request *request,
				   bool of_events, struct http_answer *answer)
{
	struct watcher *watcher = calloc(1, sizeof(*watcher));

	answer->kind = HTTP_BODY;
	answer->status = 500;
	if (!watcher)
		return NULL;
	watcher->sup = sup;
	watcher->of_events = of_events;
	watcher->framed = wants_frames(request);
	watcher->stream = http_stream_new(request, on_close, watcher);
	if (!watcher->stream) {
		free(watcher);
		return NULL;
	}
	watcher->next = sup->watchers;
	sup->watchers = watcher;
	answer->kind = HTTP_STREAM;
	answer->status = 200;
	answer->stream = watcher->stream;
	answer->content_type = watcher->framed ? "text/event-stream" : NULL;
	return watcher;
}

static long snapshot_read(void *data, char *room, size_t max)
{
	const struct watcher *watcher = data;

	return listing_read(watcher->snapshot, room, max);
}

static void snapshot_end(void *data)
{
	struct watcher *watcher = data;

	listing_free(watcher->snapshot);
	watcher->snapshot = NULL;
}

static bool snapshot_begin(struct watcher *watcher)
{
	struct supervisor *sup = watcher->sup;
	autobuf struct buf head = {0};
	autobuf struct buf begin = {0};
	autojs struct json_t *members =
		js_pack("{s:s, s:b, s:o, s:o, s:o}", "type", "snapshot", "idle", sup->idle,
			"scheduled", scheduler_names(sup), "turned_back", rollouts_turned_back(sup),
			"services", view_services(sup));

	if (!members || js_print(members, 0, &head, NULL) < 0 || head.failed)
		return false;
	head.data[head.len - 1] = '\0'; /* its brace: the list comes in between */
	buf_printf(&begin, "%s%s", watcher->framed ? "data: " : "", head.data);
	if (begin.failed)
		return false;
	watcher->snapshot = listing_new_instances(sup, begin.data);
	if (!watcher->snapshot)
		return false;
	http_stream_begin(watcher->stream,
			  &(struct http_source){snapshot_read, snapshot_end, watcher});
	return true;
}

void watch_answer(struct supervisor *sup, const struct http_request *request,
		  struct http_answer *answer)
{
	struct watcher *watcher = watcher_new(sup, request, false, answer);

	if (!watcher)
		return;
	bool framed = watcher->framed;

	if (!snapshot_begin(watcher))
		http_stream_end(answer->stream); /* its watcher goes with it */
	else if (framed)
		http_stream_write(answer->stream, "\n", 1); /* behind the snapshot's line */
}

/* Those that came behind a number, framed. */
static void put_recent(const struct supervisor *sup, int64_t behind, struct buf *framed)
{
	autobuf struct buf lines = {0};

	events_recent(sup->events, RECENT_BYTES, &lines);
	for (size_t at = 0; at < lines.len && !lines.failed;) {
		const char *line = lines.data + at;
		size_t len = strcspn(line, "\n") + 1;
		autojs struct json_t *event = NULL;

		if (js_parse(line, len, &event, NULL) == 0 && js_int(event, "seq", 0) > behind)
			frame((uint64_t)js_int(event, "seq", 0), line, len, framed);
		at += len;
	}
}

void watch_answer_events(struct supervisor *sup, const struct http_request *request,
			 struct http_answer *answer)
{
	const struct watcher *watcher = watcher_new(sup, request, true, answer);
	const char *last = http_request_header(request, "Last-Event-ID");
	autobuf struct buf framed = {0};

	if (!watcher || !watcher->framed)
		return;
	put_recent(sup, last ? strtoll(last, NULL, 10) : 0, &framed);
	if (framed.len > 0 && !framed.failed)
		http_stream_write(answer->stream, framed.data, framed.len);
}

void watch_event(struct supervisor *sup, uint64_t seq, const struct buf *line)
{
	send_line(sup, NULL, seq, line);
}

void watch_instance(struct instance *instance, const char *state)
{
	struct timespec now;
	char at[STAMP_SIZE];

	events_state(instance, state);
	if (!instance->sup->watchers)
		return;
	autobuf struct buf line = {0};

	clock_gettime(CLOCK_REALTIME, &now);
	buf_printf(&line,
		   "{\"type\":\"instance\",\"at\":\"%s\",\"instance\":", stamp_text(&now, 0, at));
	view_put_instance(instance, state, &line);
	buf_puts(&line, "}");
	watch_send(instance->sup, instance, &line);
}

void watch_idle(struct supervisor *sup, bool idle)
{
	if (idle)
		events_at_rest(sup);
	if (sup->idle == idle)
		return;
	sup->idle = idle;
	if (!sup->watchers)
		return;
	autobuf struct buf line = {0};
	autojs struct json_t *said =
		js_pack("{s:s, s:b, s:o, s:o}", "type", "idle", "idle", idle, "scheduled",
			scheduler_names(sup), "turned_back", rollouts_turned_back(sup));

	if (!said || js_print(said, 0, &line, NULL) < 0)
		line.failed = true;
	watch_send(sup, NULL, &line);
}
