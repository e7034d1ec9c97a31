// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How many instances were needed at this time of the days, or weeks, before. Bounded: of each
 * quarter of an hour of the last 29 days the most that was asked for. Times are those of UTC.
 * Pure.
 */
#pragma once

#include "manifests/stack.h"

#define FORECAST_DAYS  29 /* four weeks and today */
#define FORECAST_SLOTS 96 /* of a day */

/* Zero-initialise; plain data without gaps, so that it may be kept in a file as it is. */
struct forecast {
	int64_t day;				      /* since 1970, the newest; 0: none */
	uint16_t most[FORECAST_DAYS][FORECAST_SLOTS]; /* a ring of days; 0: not known, else one
							    more than was asked for */
};

/* So many were asked for at the time @unix_s. After a clock that was ahead by weeks all
 * is begun anew. */
void forecast_record(struct forecast *forecast, int64_t unix_s, unsigned instances);

/*
 * How many will be needed from now until two minutes later: the median of what was needed at that
 * time in the last seven days, or on that weekday in the last four weeks; the lower one of the two
 * in the middle. 0: less than two of them are known.
 */
unsigned forecast_least(const struct forecast *forecast, enum scale_forecast kind, int64_t unix_s);
