// SPDX-License-Identifier: GPL-2.0-or-later
/* When tasks run, and what becomes of the runs before. */
#include "tests/unit/cmocka_all.h"

#include "launcher/policy/timetable.h"
#include "manifests/cron.h"
#include "runtime/base/cleanup.h"

#include <string.h>
#include <time.h>

static int64_t at(const char *text)
{
	struct tm tm = {0};

	assert_non_null(strptime(text, "%Y-%m-%d %H:%M:%S", &tm));
	return timegm(&tm);
}

static struct run_schedule line(const char *text)
{
	struct run_schedule schedule = {.present = true};
	struct err err = {0};

	assert_int_equal(cron_parse(text, &schedule.cron, &err), 0);
	return schedule;
}

static void check(const char *text, const char *now, const char *seen, const char *next)
{
	const struct run_schedule schedule = line(text);
	const struct timetable_run run = timetable_next(&schedule, 7, at(now), at(seen));

	if (run.time != at(next) || run.begin != run.time)
		fail_msg("'%s' at %s, seen %s: %lld seconds beside %s", text, now, seen,
			 (long long)(run.time - at(next)), next);
}

static void the_next_time_is_that_of_the_line(void **unused)
{
	(void)unused;
	check("30 3 * * *", "2026-11-21 10:00:30", "2026-11-21 10:00:30", "2026-11-22 03:30:00");
	check("30 3 * * *", "2026-11-21 03:29:59", "2026-11-20 03:30:00", "2026-11-21 03:30:00");
	check("30 3 * * *", "2026-11-21 03:30:00", "2026-11-20 03:30:00", "2026-11-21 03:30:00");
	check("30 3 * * *", "2026-11-21 03:30:01", "2026-11-21 03:30:00", "2026-11-22 03:30:00");
	check("* * * * *", "2026-11-21 10:00:30", "2026-11-21 10:00:00", "2026-11-21 10:01:00");
}

static void what_was_missed_is_made_up_for_once(void **unused)
{
	(void)unused;
	check("30 3 * * *", "2026-11-21 10:00:00", "2026-11-17 03:30:00", "2026-11-21 03:30:00");
	check("*/5 * * * *", "2026-11-21 10:07:00", "2026-11-21 08:00:00", "2026-11-21 10:05:00");
}

static void an_hour_left_out_by_the_clock_is_made_up_for(void **unused)
{
	(void)unused;
	check("30 2 * * *", "2026-03-29 03:00:00", "2026-03-28 02:30:00", "2026-03-29 02:30:00");
}

static void an_hour_that_comes_twice_has_one_run_of_a_named_hour(void **unused)
{
	(void)unused;
	check("30 2 * * *", "2026-10-25 02:10:00", "2026-10-25 02:30:00", "2026-10-26 02:30:00");
	check("30 2 * * *", "2026-10-25 02:30:00", "2026-10-25 02:30:00", "2026-10-26 02:30:00");
	check("*/5 * * * *", "2026-10-25 02:00:00", "2026-10-25 02:55:00", "2026-10-25 02:00:00");
	check("*/5 * * * *", "2026-10-25 02:01:00", "2026-10-25 02:55:00", "2026-10-25 02:05:00");
}

static void a_clock_that_was_wrong_holds_nothing_up(void **unused)
{
	(void)unused;
	check("30 3 * * *", "2026-11-21 10:00:00", "2031-01-01 03:30:00", "2026-11-22 03:30:00");
}

static void a_line_without_a_time_never_runs(void **unused)
{
	const struct run_schedule never = line("0 0 31 2 *");

	(void)unused;
	assert_int_equal(timetable_next(&never, 0, at("2026-11-21 10:00:00"), 0).time, -1);
}

static void jitter_ends_before_the_next_time(void **unused)
{
	struct run_schedule schedule = line("*/5 * * * *");
	int64_t now = at("2026-11-21 10:00:00");
	int64_t most = 0;

	(void)unused;
	schedule.jitter_ms = 3600000;
	for (uint32_t random = 0; random < 4000; random++) {
		struct timetable_run run = timetable_next(&schedule, random, now, now);
		int64_t late = run.begin - run.time;

		assert_int_equal(run.time, now + 300);
		assert_in_range(late, 0, 299);
		most = late > most ? late : most;
	}
	assert_int_equal(most, 299);
	schedule.jitter_ms = 10000;
	assert_int_equal(timetable_next(&schedule, 10, now, now).begin, now + 310);
	assert_int_equal(timetable_next(&schedule, 11, now, now).begin, now + 300);
}

static void a_run_that_goes_on_forbids_allows_or_gives_way(void **unused)
{
	static const struct {
		enum schedule_concurrency concurrency;
		unsigned running, wanted;
		bool left_out, replace;
	} cases[] = {
		{SCHEDULE_FORBID, 0, 2, false, false}, {SCHEDULE_FORBID, 1, 0, true, false},
		{SCHEDULE_ALLOW, 0, 2, false, false},  {SCHEDULE_ALLOW, 3, 5, false, false},
		{SCHEDULE_ALLOW, 64, 0, true, false},  {SCHEDULE_REPLACE, 2, 2, false, true},
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct timetable_verdict verdict =
			timetable_judge(cases[i].concurrency, 2, cases[i].running);

		assert_int_equal(verdict.left_out != NULL, cases[i].left_out);
		assert_int_equal(verdict.replace, cases[i].replace);
		assert_int_equal(verdict.wanted, cases[i].wanted);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_next_time_is_that_of_the_line),
		cmocka_unit_test(what_was_missed_is_made_up_for_once),
		cmocka_unit_test(an_hour_left_out_by_the_clock_is_made_up_for),
		cmocka_unit_test(an_hour_that_comes_twice_has_one_run_of_a_named_hour),
		cmocka_unit_test(a_clock_that_was_wrong_holds_nothing_up),
		cmocka_unit_test(a_line_without_a_time_never_runs),
		cmocka_unit_test(jitter_ends_before_the_next_time),
		cmocka_unit_test(a_run_that_goes_on_forbids_allows_or_gives_way),
	};

	return cmocka_run_group_tests_name("timetable", tests, NULL, NULL);
}
