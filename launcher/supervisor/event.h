// SPDX-License-Identifier: GPL-2.0-or-later
/* One event as the JSON line that launcher/API.md describes. Pure. */
#pragma once

#include "runtime/base/buf.h"

#include <stddef.h>
#include <stdint.h>
#include <time.h>

struct json_t;

/* Texts are borrowed; NULL: the line does not have it. */
struct event {
	uint64_t seq;
	struct timespec at;
	const char *type; /* "instance", "service", "command", "supervisor" */
	const char *action;
	const char *service;
	const char *instance;
	const char *state;
	const char *reason;
	uint64_t cause; /* the number of the event that set this one off; 0: none */
	struct json_t *attributes;
};

/* Appends the line with its newline; without memory the buffer fails. */
void event_print(const struct event *event, struct buf *out);

/* As event_print(). A line that would be longer than @max_bytes, which are some thousands, has no
 * attributes, and its reason is cut when that is not enough. */
void event_print_within(const struct event *event, size_t max_bytes, struct buf *out);
