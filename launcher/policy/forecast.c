// SPDX-License-Identifier: GPL-2.0-or-later
/* See forecast.h. */
#include "launcher/policy/forecast.h"

#include <string.h>

#define DAY_S	    INT64_C(86400)
#define SLOT_S	    (DAY_S / FORECAST_SLOTS)
#define AHEAD_S	    INT64_C(120)
#define SEASONS_MAX 7
#define KNOWN_MIN   2

static size_t slot_of(int64_t unix_s)
{
	return (size_t)(unix_s % DAY_S / SLOT_S);
}

/* The days between the newest one and @day become unknown ones. */
static void turn(struct forecast *forecast, int64_t day)
{
	int64_t first =
		forecast->day > day - FORECAST_DAYS ? forecast->day + 1 : day - FORECAST_DAYS + 1;

	for (int64_t one = first; one <= day; one++)
		memset(forecast->most[one % FORECAST_DAYS], 0, sizeof(forecast->most[0]));
	forecast->day = day;
}

void forecast_record(struct forecast *forecast, int64_t unix_s, unsigned instances)
{
	int64_t day = unix_s / DAY_S;
	unsigned value = instances < UINT16_MAX ? instances + 1 : UINT16_MAX;

	if (unix_s < DAY_S * FORECAST_DAYS)
		return;
	if (day <= forecast->day - FORECAST_DAYS)
		*forecast = (struct forecast){0};
	if (day > forecast->day)
		turn(forecast, day);
	uint16_t *most = &forecast->most[day % FORECAST_DAYS][slot_of(unix_s)];

	if (*most < value)
		*most = (uint16_t)value;
}

/* 0: not known. */
static unsigned known_at(const struct forecast *forecast, int64_t unix_s)
{
	int64_t day = unix_s / DAY_S;

	if (unix_s < 0 || day > forecast->day || day <= forecast->day - FORECAST_DAYS)
		return 0;
	return forecast->most[day % FORECAST_DAYS][slot_of(unix_s)];
}

static unsigned needed_at(const struct forecast *forecast, enum scale_forecast kind, int64_t unix_s)
{
	int64_t season_s = kind == SCALE_FORECAST_WEEKLY ? 7 * DAY_S : DAY_S;
	int64_t seasons = kind == SCALE_FORECAST_WEEKLY ? 4 : SEASONS_MAX;
	unsigned sorted[SEASONS_MAX];
	size_t count = 0;

	for (int64_t season = 1; season <= seasons; season++) {
		unsigned value = known_at(forecast, unix_s - season * season_s);
		size_t at = count;

		if (!value)
			continue;
		for (; at > 0 && sorted[at - 1] > value; at--)
			sorted[at] = sorted[at - 1];
		sorted[at] = value;
		count++;
	}
	return count < KNOWN_MIN ? 0 : sorted[(count - 1) / 2] - 1;
}

unsigned forecast_least(const struct forecast *forecast, enum scale_forecast kind, int64_t unix_s)
{
	if (kind == SCALE_FORECAST_NONE)
		return 0;
	unsigned now = needed_at(forecast, kind, unix_s);
	unsigned soon = needed_at(forecast, kind, unix_s + AHEAD_S);

	return soon > now ? soon : now;
}
