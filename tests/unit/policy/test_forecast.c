// SPDX-License-Identifier: GPL-2.0-or-later
/* What comes every day is expected, what came once is not. */
#include "launcher/policy/forecast.h"
#include "tests/unit/cmocka_all.h"

#define HOUR  INT64_C(3600)
#define DAY   (24 * HOUR)
#define BEGIN (20000 * DAY)

/* Two instances at all times, and @noon of them from noon to one. */
static void live(struct forecast *forecast, int64_t day, unsigned noon)
{
	for (int64_t at = 0; at < DAY; at += 60)
		forecast_record(forecast, BEGIN + day * DAY + at, at / HOUR == 12 ? noon : 2);
}

static unsigned daily(const struct forecast *forecast, int64_t day, int64_t at)
{
	return forecast_least(forecast, SCALE_FORECAST_DAILY, BEGIN + day * DAY + at);
}

static void two_days_make_an_expectation(void **unused)
{
	struct forecast forecast = {0};

	(void)unused;
	assert_int_equal(daily(&forecast, 0, 12 * HOUR), 0);
	live(&forecast, 0, 9);
	assert_int_equal(daily(&forecast, 1, 12 * HOUR), 0);
	live(&forecast, 1, 7);
	assert_int_equal(daily(&forecast, 2, 12 * HOUR), 7);
	assert_int_equal(daily(&forecast, 2, 10 * HOUR), 2);
	assert_int_equal(forecast_least(&forecast, SCALE_FORECAST_NONE, BEGIN + 2 * DAY), 0);
}

static void it_is_ahead_by_two_minutes(void **unused)
{
	struct forecast forecast = {0};

	(void)unused;
	live(&forecast, 0, 9);
	live(&forecast, 1, 9);
	assert_int_equal(daily(&forecast, 2, 12 * HOUR - 121), 2);
	assert_int_equal(daily(&forecast, 2, 12 * HOUR - 120), 9);
	assert_int_equal(daily(&forecast, 2, 13 * HOUR - 1), 9);
	assert_int_equal(daily(&forecast, 2, 13 * HOUR), 2);
}

static void one_day_that_was_unlike_the_others_is_no_rule(void **unused)
{
	struct forecast forecast = {0};

	(void)unused;
	for (int64_t day = 0; day < 7; day++)
		live(&forecast, day, day == 3 ? 50 : 5);
	assert_int_equal(daily(&forecast, 7, 12 * HOUR), 5);
}

static void only_the_last_seven_days_count(void **unused)
{
	struct forecast forecast = {0};

	(void)unused;
	for (int64_t day = 0; day < 7; day++)
		live(&forecast, day, 50);
	for (int64_t day = 7; day < 14; day++)
		live(&forecast, day, 5);
	assert_int_equal(daily(&forecast, 14, 12 * HOUR), 5);
	assert_int_equal(daily(&forecast, 40, 12 * HOUR), 0); /* too long ago */
}

static void a_week_is_compared_with_weeks(void **unused)
{
	struct forecast forecast = {0};

	(void)unused;
	for (int64_t day = 0; day < 28; day++)
		live(&forecast, day, day % 7 == 6 ? 30 : 4);
	assert_int_equal(
		forecast_least(&forecast, SCALE_FORECAST_WEEKLY, BEGIN + 34 * DAY + 12 * HOUR), 30);
	assert_int_equal(
		forecast_least(&forecast, SCALE_FORECAST_WEEKLY, BEGIN + 28 * DAY + 12 * HOUR), 4);
	assert_int_equal(daily(&forecast, 28, 12 * HOUR), 4);
}

static void a_clock_that_jumps_costs_no_more_than_what_is_lost(void **unused)
{
	struct forecast forecast = {0};

	(void)unused;
	live(&forecast, 0, 9);
	live(&forecast, 1, 9);
	forecast_record(&forecast, 0, 500); /* 1970 */
	assert_int_equal(daily(&forecast, 2, 12 * HOUR), 9);
	forecast_record(&forecast, BEGIN + 100000 * DAY, 70000);
	assert_int_equal(daily(&forecast, 2, 12 * HOUR), 0);
	live(&forecast, 0, 9);
	live(&forecast, 1, 9);
	assert_int_equal(daily(&forecast, 2, 12 * HOUR), 9);
	assert_int_equal(forecast_least(&forecast, SCALE_FORECAST_DAILY, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_days_make_an_expectation),
		cmocka_unit_test(it_is_ahead_by_two_minutes),
		cmocka_unit_test(one_day_that_was_unlike_the_others_is_no_rule),
		cmocka_unit_test(only_the_last_seven_days_count),
		cmocka_unit_test(a_week_is_compared_with_weeks),
		cmocka_unit_test(a_clock_that_jumps_costs_no_more_than_what_is_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
