// SPDX-License-Identifier: GPL-2.0-or-later
/* When cron lines named a time last, and what is the least number then. */
#include "tests/unit/cmocka_all.h"

#include "launcher/policy/schedule.h"
#include "manifests/cron.h"
#include "runtime/base/cleanup.h"

#include <string.h>

static struct tm at(const char *text)
{
	struct tm tm = {0};

	assert_non_null(strptime(text, "%Y-%m-%d %H:%M", &tm));
	return tm;
}

static struct cron_times line(const char *text)
{
	struct cron_times cron = {0};
	struct err err = {0};

	assert_int_equal(cron_parse(text, &cron, &err), 0);
	return cron;
}

static void the_last_time_is_found(void **unused)
{
	static const struct {
		const char *line, *now;
		int64_t minutes;
	} cases[] = {
		{"* * * * *", "2026-11-21 10:00", 0},
		{"0 8 * * *", "2026-11-21 08:00", 0},
		{"0 8 * * *", "2026-11-21 08:01", 1},
		{"0 8 * * *", "2026-11-21 07:59", 24 * 60 - 1},
		{"30 22 * * *", "2026-03-01 00:00", 90},
		{"0 8 * * mon", "2026-11-21 08:00", 5 * 24 * 60}, /* a Saturday */
		{"0 8 1 * mon", "2026-11-03 08:00", 24 * 60},	  /* Monday before the first */
		{"0 0 29 2 *", "2026-03-01 00:00", (366 + 365) * 1440}, /* of 2024 */
		{"0 0 31 2 *", "2026-03-01 00:00", -1},
		{"*/15 9-17 * * *", "2026-11-21 18:20", 35},
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct cron_times cron = line(cases[i].line);
		const struct tm now = at(cases[i].now);

		if (schedule_age_minutes(&cron, &now) != cases[i].minutes)
			fail_msg("'%s' at %s: %d minutes", cases[i].line, cases[i].now,
				 (int)schedule_age_minutes(&cron, &now));
	}
}

static void the_next_time_is_found(void **unused)
{
	static const struct {
		const char *line, *now;
		int64_t minutes;
	} cases[] = {
		{"* * * * *", "2026-11-21 10:00", 1},
		{"0 8 * * *", "2026-11-21 08:00", 24 * 60},
		{"0 8 * * *", "2026-11-21 07:59", 1},
		{"30 22 * * *", "2026-12-31 23:30", 23 * 60},
		{"0 8 * * mon", "2026-11-21 08:00", 2 * 24 * 60},
		{"0 0 29 2 *", "2096-03-01 00:00", 8 * 365 * 1440}, /* 2100 has none */
		{"0 0 31 2 *", "2026-03-01 00:00", -1},
		{"*/15 9-17 * * *", "2026-11-21 18:20", 14 * 60 + 40},
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct cron_times cron = line(cases[i].line);
		const struct tm now = at(cases[i].now);

		if (schedule_wait_minutes(&cron, &now) != cases[i].minutes)
			fail_msg("'%s' at %s: %d minutes", cases[i].line, cases[i].now,
				 (int)schedule_wait_minutes(&cron, &now));
	}
}

static void the_entry_of_the_last_time_counts(void **unused)
{
	struct scale_period periods[] = {
		{.cron = line("0 8 * * mon-fri"), .min = 4},
		{.cron = line("0 20 * * *"), .min = 1},
		{.cron = line("0 20 24 12 *"), .min = 6},
	};
	const struct autoscale autoscale = {
		.min = 2, .max = 8, .schedule = periods, .schedule_count = ARRAY_SIZE(periods)};
	static const struct {
		const char *now;
		unsigned least;
	} cases[] = {
		{"2026-11-20 07:59", 1}, {"2026-11-20 08:00", 4}, {"2026-11-20 19:59", 4},
		{"2026-11-20 20:00", 1}, {"2026-11-22 12:00", 1}, {"2026-12-24 20:00", 6},
		{"2026-12-25 08:00", 4},
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct tm now = at(cases[i].now);
		const struct tm of_each[] = {now, now, now};

		assert_int_equal(schedule_least(&autoscale, of_each), cases[i].least);
	}
}

static void without_a_time_the_manifest_counts(void **unused)
{
	struct scale_period never = {.cron = line("0 0 31 2 *"), .min = 7};
	const struct autoscale with = {.min = 2, .max = 8, .schedule = &never, .schedule_count = 1};
	const struct autoscale without = {.max = 8};
	const struct tm now = at("2026-11-20 07:59");

	(void)unused;
	assert_int_equal(schedule_least(&with, &now), 2);
	assert_int_equal(schedule_least(&without, NULL), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_time_is_found),
		cmocka_unit_test(the_next_time_is_found),
		cmocka_unit_test(the_entry_of_the_last_time_counts),
		cmocka_unit_test(without_a_time_the_manifest_counts),
	};

	return cmocka_run_group_tests_name("schedule", tests, NULL, NULL);
}
