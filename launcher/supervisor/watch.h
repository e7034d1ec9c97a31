// SPDX-License-Identifier: GPL-2.0-or-later
/* Streams of changes for `up`, `down` and whoever waits for something instead of asking again. */
#pragma once

#include "launcher/supervisor/http.h"
#include "launcher/supervisor/instance.h"

/*
 * Streams as JSON lines, or as server-sent events for who asks for text/event-stream: one of
 * states, which begins with a snapshot, and one of events from now on. That one begins with the
 * recent events for a browser, those behind its Last-Event-ID if it has one.
 */
void watch_answer(struct supervisor *sup, const struct http_request *request,
		  struct http_answer *answer);
void watch_answer_events(struct supervisor *sup, const struct http_request *request,
			 struct http_answer *answer);

/* Hands an event's line to all streams of events. */
struct buf;
void watch_event(struct supervisor *sup, uint64_t seq, const struct buf *line);

/* Tells all watchers, and makes it an event. @state: "removed" when the instance is about to be
 * forgotten. */
void watch_instance(struct instance *instance, const char *state);

/* Tells all watchers when it has changed. */
void watch_idle(struct supervisor *sup, bool idle);
