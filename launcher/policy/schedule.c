// SPDX-License-Identifier: GPL-2.0-or-later
/* See schedule.h. Minutes are counted on the wall's clock: an hour that summer time leaves out or
 * repeats is one like the others. */
#include "launcher/policy/schedule.h"

#include <stdbool.h>
#include <stdint.h>

#define DAYS_BACK	(4 * 366)
#define DAYS_AHEAD	(8 * 366)
#define MINUTES_PER_DAY 1440
#define SECONDS_PER_DAY 86400

/* crontab(5): where both days are restricted one of them suffices. */
static bool is_day(const struct cron_times *cron, const struct tm *day)
{
	bool in_month = cron->days >> day->tm_mday & 1;
	bool in_week = cron->weekdays >> day->tm_wday & 1;

	return cron->months >> (day->tm_mon + 1) & 1 &&
	       (cron->either_day ? in_month || in_week : in_month && in_week);
}

/* The last minute of a day up to @last that the line names; -1: there is none. */
static int last_minute(const struct cron_times *cron, int last)
{
	for (int minute = last; minute >= 0; minute--)
		if (cron->hours >> (minute / 60) & 1 && cron->minutes >> (minute % 60) & 1)
			return minute;
	return -1;
}

/* The first minute of a day from @first on that the line names; -1: there is none. */
static int first_minute(const struct cron_times *cron, int first)
{
	for (int minute = first; minute < MINUTES_PER_DAY; minute++)
		if (cron->hours >> (minute / 60) & 1 && cron->minutes >> (minute % 60) & 1)
			return minute;
	return -1;
}

static time_t midnight_of(const struct tm *now)
{
	struct tm day = {.tm_year = now->tm_year, .tm_mon = now->tm_mon, .tm_mday = now->tm_mday};

	return timegm(&day);
}

int64_t schedule_age_minutes(const struct cron_times *cron, const struct tm *now)
{
	time_t midnight = midnight_of(now);
	int present = now->tm_hour * 60 + now->tm_min;
	int latest = last_minute(cron, MINUTES_PER_DAY - 1);
	struct tm day;

	if (latest < 0)
		return -1;
	for (int64_t back = 0; back <= DAYS_BACK; back++) {
		time_t at = midnight - back * SECONDS_PER_DAY;
		int minute = back == 0 ? last_minute(cron, present) : latest;

		if (minute >= 0 && gmtime_r(&at, &day) && is_day(cron, &day))
			return present - minute + back * MINUTES_PER_DAY;
	}
	return -1;
}

int64_t schedule_wait_minutes(const struct cron_times *cron, const struct tm *now)
{
	time_t midnight = midnight_of(now);
	int present = now->tm_hour * 60 + now->tm_min;
	int earliest = first_minute(cron, 0);
	struct tm day;

	if (earliest < 0)
		return -1;
	for (int64_t ahead = 0; ahead <= DAYS_AHEAD; ahead++) {
		time_t at = midnight + ahead * SECONDS_PER_DAY;
		int minute = ahead == 0 ? first_minute(cron, present + 1) : earliest;

		if (minute >= 0 && gmtime_r(&at, &day) && is_day(cron, &day))
			return minute - present + ahead * MINUTES_PER_DAY;
	}
	return -1;
}

unsigned schedule_least(const struct autoscale *autoscale, const struct tm *now)
{
	unsigned least = autoscale->min ? autoscale->min : 1;
	int64_t youngest = INT64_MAX;

	for (size_t i = 0; i < autoscale->schedule_count; i++) {
		const struct scale_period *period = &autoscale->schedule[i];
		int64_t age = schedule_age_minutes(&period->cron, &now[i]);

		if (age < 0 || age > youngest || (age == youngest && period->min <= least))
			continue;
		youngest = age;
		least = period->min;
	}
	return least;
}
