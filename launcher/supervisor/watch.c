// SPDX-License-Identifier: GPL-2.0-or-later
/* Streams of changes for `up`, `down` and whoever else waits for something instead of asking again.
 */
#include "launcher/supervisor/watch.h"
#include "launcher/js.h"
#include "launcher/supervisor/events.h"
#include "launcher/supervisor/listing.h"
#include "launcher/supervisor/stamp.h"
#include "launcher/supervisor/supervisor.h"
#include "launcher/supervisor/view.h"
#include "runtime/base/buf.h"

#include <errno.h>
#include <stdlib.h>

struct watcher {
	struct supervisor *sup;
	struct watcher *next;
	bool of_events; /* else of states */
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

/* Writing to a stream may end it, so the next one is looked up first. */
static void send_line(struct supervisor *sup, const struct instance *about, bool of_events,
		      const struct buf *line)
{
	for (struct watcher *watcher = sup->watchers, *next; watcher; watcher = next) {
		next = watcher->next;
		if (watcher->of_events == of_events && hears_of(watcher, about))
			http_stream_write(watcher->stream, line->data, line->len);
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

/* Takes the value. */
static void watch_send(struct supervisor *sup, const struct instance *about, struct json_t *value)
{
	autobuf struct buf line = {0};
	autojs struct json_t *owned = value;

	int r = value ? js_print(value, 0, &line, NULL) : -ENOMEM;

	buf_puts(&line, "\n");
	if (r < 0 || line.failed)
		watch_cut(sup);
	else
		send_line(sup, about, false, &line);
}

static struct watcher *watcher_new(struct supervisor *sup, bool of_events)
{
	struct watcher *watcher = calloc(1, sizeof(*watcher));

	if (!watcher)
		return NULL;
	watcher->sup = sup;
	watcher->of_events = of_events;
	watcher->stream = http_stream_new(sup->http, on_close, watcher);
	if (!watcher->stream) {
		free(watcher);
		return NULL;
	}
	watcher->next = sup->watchers;
	sup->watchers = watcher;
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
	autojs struct json_t *members = js_pack("{s:s, s:b, s:o}", "type", "snapshot", "idle",
						sup->idle, "services", view_services(sup));

	if (!members || js_print(members, 0, &head, NULL) < 0 || head.failed)
		return false;
	head.data[head.len - 1] = '\0'; /* its brace: the list comes in between */
	watcher->snapshot = listing_new_instances(sup, head.data);
	if (!watcher->snapshot)
		return false;
	http_stream_begin(watcher->stream,
			  &(struct http_source){snapshot_read, snapshot_end, watcher});
	return true;
}

struct http_stream *watch_open(struct supervisor *sup)
{
	struct watcher *watcher = watcher_new(sup, false);

	if (!watcher)
		return NULL;
	struct http_stream *stream = watcher->stream;

	if (!snapshot_begin(watcher))
		http_stream_end(stream); /* its watcher goes with it */
	return stream;
}

struct http_stream *watch_open_events(struct supervisor *sup)
{
	const struct watcher *watcher = watcher_new(sup, true);

	return watcher ? watcher->stream : NULL;
}

void watch_event(struct supervisor *sup, const struct buf *line)
{
	send_line(sup, NULL, true, line);
}

void watch_instance(struct instance *instance, const char *state)
{
	struct timespec now;
	char at[STAMP_SIZE];

	events_state(instance, state);
	if (!instance->sup->watchers)
		return;
	struct json_t *view = view_instance(instance);

	if (!view || !js_put(view, "state", js_pack("s", state))) {
		js_free(view);
		watch_cut(instance->sup);
		return;
	}
	clock_gettime(CLOCK_REALTIME, &now);
	watch_send(instance->sup, instance,
		   js_pack("{s:s, s:s, s:o}", "type", "instance", "at", stamp_text(&now, 0, at),
			   "instance", view));
}

void watch_idle(struct supervisor *sup, bool idle)
{
	if (idle)
		events_at_rest(sup);
	if (sup->idle == idle)
		return;
	sup->idle = idle;
	if (sup->watchers)
		watch_send(sup, NULL, js_pack("{s:s, s:b}", "type", "idle", "idle", idle));
}
