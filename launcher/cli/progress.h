// SPDX-License-Identifier: GPL-2.0-or-later
/* How far the services of a watched stack are, in words. Pure. */
#pragma once

#include "launcher/cli/watch.h"

/* Appends a line per service, sorted by name: how many instances are in which state, and why one is
 * not ready. */
void progress_lines(const struct watch *watch, const char *const *services, struct buf *out);

/* Appends how many instances are in which state, and how long that took: "3 ready, 1 failed after
 * 2.10s". */
void progress_summary(const struct watch *watch, const char *const *services, int64_t took_ms,
		      struct buf *out);
