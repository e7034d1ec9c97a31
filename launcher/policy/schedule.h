// SPDX-License-Identifier: GPL-2.0-or-later
/* Times that cron lines name, and what x-autoscale.schedule makes of them. Pure. */
#pragma once

#include "manifests/stack.h"

#include <time.h>

/*
 * How many minutes ago the line named a time, the present minute included: 0 is now. -1: not within
 * the last four years (29 February).
 *
 * @now		as clocks on the wall show it where the line counts
 */
int64_t schedule_age_minutes(const struct cron_times *cron, const struct tm *now);

/*
 * In how many minutes, counted from the present one, the line names the next time: at least 1. -1:
 * not within the next eight years, of which the middle one may be no leap year.
 */
int64_t schedule_wait_minutes(const struct cron_times *cron, const struct tm *now);

/*
 * The least number of instances: that of the entry whose time was last, of several at once the
 * greatest; without one that of the manifest.
 *
 * @now	parallel to autoscale->schedule, each in the entry's time zone
 */
unsigned schedule_least(const struct autoscale *autoscale, const struct tm *now);
