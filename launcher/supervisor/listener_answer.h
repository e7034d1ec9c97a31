// SPDX-License-Identifier: GPL-2.0-or-later
/* Private to the listener: what it answers, and to whom. */
#pragma once

#include "launcher/supervisor/guard.h"
#include "launcher/supervisor/http.h"

struct supervisor;

struct listener_room {
	struct supervisor *sup;
	char token[GUARD_TOKEN_CHARS + 1]; /* empty: nobody may control */
};

/* What every answer tells a browser: load nothing from elsewhere, be in nobody's frame. */
extern const struct http_header listener_headers[];

/* An http_handler_fn; @room is the listener's. */
void listener_answer(void *room, const struct http_request *request, struct http_answer *answer);
