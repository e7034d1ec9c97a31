// SPDX-License-Identifier: GPL-2.0-or-later
/* Durations in buckets. */
#include "launcher/policy/histogram.h"
#include "tests/unit/cmocka_all.h"

#include <string.h>

static void expect_line(const struct histogram *histogram, const char *line)
{
	autobuf struct buf text = {0};

	histogram_print(histogram, "t_seconds", &text);
	if (!text.data || !strstr(text.data, line))
		fail_msg("no '%s' in:\n%s", line, text.data ? text.data : "");
}

static void a_new_one_has_counted_nothing(void **unused)
{
	const struct histogram histogram = {0};

	expect_line(&histogram, "t_seconds_bucket{le=\"0.0001\"} 0\n");
	expect_line(&histogram, "t_seconds_bucket{le=\"+Inf\"} 0\n");
	expect_line(&histogram, "t_seconds_sum 0.000000\n");
	expect_line(&histogram, "t_seconds_count 0\n");
}

static void a_bound_belongs_to_its_bucket_and_all_above(void **unused)
{
	struct histogram histogram = {0};

	histogram_add(&histogram, 10000);
	expect_line(&histogram, "t_seconds_bucket{le=\"0.005\"} 0\n");
	expect_line(&histogram, "t_seconds_bucket{le=\"0.01\"} 1\n");
	expect_line(&histogram, "t_seconds_bucket{le=\"10\"} 1\n");
	expect_line(&histogram, "t_seconds_sum 0.010000\n");
	histogram_add(&histogram, 10001);
	expect_line(&histogram, "t_seconds_bucket{le=\"0.01\"} 1\n");
	expect_line(&histogram, "t_seconds_bucket{le=\"0.025\"} 2\n");
	expect_line(&histogram, "t_seconds_count 2\n");
}

static void what_is_above_every_bound_is_counted(void **unused)
{
	struct histogram histogram = {0};

	histogram_add(&histogram, 3600ll * 1000000);
	expect_line(&histogram, "t_seconds_bucket{le=\"10\"} 0\n");
	expect_line(&histogram, "t_seconds_bucket{le=\"+Inf\"} 1\n");
	expect_line(&histogram, "t_seconds_sum 3600.000000\n");
}

static void a_clock_that_steps_back_adds_no_time(void **unused)
{
	struct histogram histogram = {0};

	histogram_add(&histogram, -5);
	expect_line(&histogram, "t_seconds_bucket{le=\"0.0001\"} 1\n");
	expect_line(&histogram, "t_seconds_sum 0.000000\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_one_has_counted_nothing),
		cmocka_unit_test(a_bound_belongs_to_its_bucket_and_all_above),
		cmocka_unit_test(what_is_above_every_bound_is_counted),
		cmocka_unit_test(a_clock_that_steps_back_adds_no_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
