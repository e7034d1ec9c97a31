// SPDX-License-Identifier: GPL-2.0-or-later
/* What clocks on the wall show, and when they will. The C library knows one time zone at a time:
 * these set the process's, and set it back. */
#pragma once

#include <stdbool.h>
#include <time.h>

/* Is it a time zone on this host? Others would be taken for UTC. */
bool wall_knows(const char *tz);

/* @tz: as in the variable TZ */
struct tm wall_clock(const char *tz, time_t at);

/* When clocks there show @shown; of two such moments either, of none one near it. */
time_t wall_moment(const char *tz, const struct tm *shown);
