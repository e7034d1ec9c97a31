// SPDX-License-Identifier: GPL-2.0-or-later
/* Streams of changes for `up`, `down` and whoever waits for something instead of asking again. */
#pragma once

#include "launcher/supervisor/http.h"
#include "launcher/supervisor/instance.h"

/* A stream that begins with a snapshot; NULL without memory. The server frees it. */
struct http_stream *watch_open(struct supervisor *sup);

/* A stream of events from now on; as above. */
struct http_stream *watch_open_events(struct supervisor *sup);

/* Hands an event's line to all streams of events. */
struct buf;
void watch_event(struct supervisor *sup, const struct buf *line);

/* Tells all watchers, and makes it an event. @state: "removed" when the instance is about to be
 * forgotten. */
void watch_instance(struct instance *instance, const char *state);

/* Tells all watchers when it has changed. */
void watch_idle(struct supervisor *sup, bool idle);
