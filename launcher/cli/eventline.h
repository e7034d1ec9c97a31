// SPDX-License-Identifier: GPL-2.0-or-later
/* One event of the history, for people. Pure. */
#pragma once

#include "launcher/js.h"

/* Appends "2026-01-31T23:59:59.123Z web-1 die: exited 1 (oom=false)", without a newline; what is
 * in it is not made safe for a terminal. */
void eventline_put(struct buf *out, const struct json_t *event);

/* Whether it is about the service or the instance of that name. */
bool eventline_is_of(const struct json_t *event, const char *name);
