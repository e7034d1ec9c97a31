// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The history of events: JSON lines in DIR/events.jsonl, which becomes DIR/events.jsonl.1 when it
 * is full, and outlives its writer. Knows nothing of what a line says but its number.
 */
#pragma once

#include "runtime/base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EVENT_LOG_NAME "events.jsonl"
/* Each of the two files; no line is longer than EVENT_LINE_MAX. */
#define EVENT_LOG_BYTES (1 << 20)
#define EVENT_LINE_MAX	16384

struct event_log;

/* Goes on behind what is there, whatever its last line looks like. Fails for want of memory or
 * descriptors only. */
int event_log_open(const char *dir, struct event_log **ret_log, struct err *err) must_check;

/* Accepts NULL. */
void event_log_close(struct event_log *log);

/* The number of the next line: one more than the last that was given or found. */
uint64_t event_log_number(struct event_log *log);

/* Appends a line, its newline included. Returns false when it is not in the file. */
bool event_log_append(struct event_log *log, const char *line, size_t len);

/* Appends the whole lines among the last @max_bytes that were written, as far as they can be read.
 */
void event_log_recent(const struct event_log *log, size_t max_bytes, struct buf *lines);
