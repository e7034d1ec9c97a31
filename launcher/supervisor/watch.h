// SPDX-License-Identifier: GPL-2.0-or-later
/* Streams of changes for `up`, `down` and whoever waits for something instead of asking again. */
#pragma once

#include "launcher/supervisor/http.h"
#include "launcher/supervisor/instance.h"

/* A stream that begins with a snapshot; NULL without memory. The server frees it. */
struct http_stream *watch_open(struct supervisor *sup);

/* Tells all watchers. @state: "removed" when the instance is about to be forgotten. */
void watch_instance(struct instance *instance, const char *state);

/* Tells all watchers when it has changed. */
void watch_idle(struct supervisor *sup, bool idle);
