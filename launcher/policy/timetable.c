// SPDX-License-Identifier: GPL-2.0-or-later
/* See timetable.h. */
#include "launcher/policy/timetable.h"

#include "launcher/policy/schedule.h"

#include <time.h>

#define MINUTE_S   60
#define EVERY_HOUR ((UINT64_C(1) << 24) - 1)
/* No summer time is longer than this. */
#define REPEATED_S (3 * 3600)

static struct tm clock_at(int64_t time)
{
	struct tm shown = {0};

	(void)gmtime_r(&(time_t){time}, &shown);
	return shown;
}

/* @seen, unless the clock was put back before it and it would hold up what is due again. */
static int64_t still_seen(const struct run_schedule *schedule, int64_t now, int64_t seen)
{
	bool again = schedule->cron.hours == EVERY_HOUR || seen - now > REPEATED_S;

	return seen > now && again ? now - MINUTE_S : seen;
}

/* The first time after the minute of @from; -1: there is none. */
static int64_t time_after(const struct run_schedule *schedule, int64_t from)
{
	const struct tm clock = clock_at(from);
	int64_t minutes = schedule_wait_minutes(&schedule->cron, &clock);

	return minutes < 0 ? -1 : from - from % MINUTE_S + minutes * MINUTE_S;
}

static int64_t last_time(const struct run_schedule *schedule, int64_t now)
{
	const struct tm clock = clock_at(now);
	int64_t minutes = schedule_age_minutes(&schedule->cron, &clock);

	return minutes < 0 ? -1 : now - now % MINUTE_S - minutes * MINUTE_S;
}

static int64_t lateness(const struct run_schedule *schedule, uint32_t random, int64_t time)
{
	int64_t most = schedule->jitter_ms / 1000;
	int64_t next = time_after(schedule, time);

	if (next >= 0 && most >= next - time)
		most = next - time - 1;
	return random % (uint64_t)(most + 1);
}

struct timetable_run timetable_next(const struct run_schedule *schedule, uint32_t random,
				    int64_t now, int64_t seen)
{
	int64_t known = still_seen(schedule, now, seen);
	int64_t time = last_time(schedule, now);

	if (time <= known)
		time = time_after(schedule, known > now ? known : now);
	if (time < 0)
		return (struct timetable_run){-1, -1};
	return (struct timetable_run){time, time + lateness(schedule, random, time)};
}

struct timetable_verdict timetable_judge(enum schedule_concurrency concurrency, unsigned each,
					 unsigned running)
{
	if (running > 0 && concurrency == SCHEDULE_FORBID)
		return (struct timetable_verdict){.left_out = "the run before has not ended"};
	if (concurrency == SCHEDULE_REPLACE)
		return (struct timetable_verdict){.replace = true, .wanted = each};
	if (running >= TIMETABLE_RUNNING_MAX)
		return (struct timetable_verdict){.left_out = "too many runs have not ended"};
	return (struct timetable_verdict){.wanted = running + each};
}
