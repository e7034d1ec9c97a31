// SPDX-License-Identifier: GPL-2.0-or-later
/* A burst is believed as soon as chance cannot explain it. */
#include "launcher/policy/scale_arrivals.h"
#include "tests/unit/cmocka_all.h"

#define QUARTER INT64_C(250)

static int64_t record(struct scale_arrivals *arrivals, int64_t from_ms, int quarters, int64_t each)
{
	for (int i = 0; i < quarters; i++, from_ms += QUARTER)
		scale_arrivals_record(arrivals, from_ms, from_ms + QUARTER, each);
	return from_ms;
}

static void a_steady_stream_is_its_mean(void **unused)
{
	struct scale_arrivals arrivals = {0};
	int64_t now = record(&arrivals, 0, 200, 25);

	(void)unused;
	assert_int_equal(scale_arrivals_rate_milli(&arrivals, now), 100000);
}

static void nothing_is_nothing(void **unused)
{
	struct scale_arrivals arrivals = {0};

	(void)unused;
	assert_int_equal(scale_arrivals_rate_milli(&arrivals, 5000), 0);
	scale_arrivals_record(&arrivals, 100, 100, 7);
	assert_int_equal(scale_arrivals_rate_milli(&arrivals, 5000), 0);
}

static void chance_does_not_count(void **unused)
{
	struct scale_arrivals arrivals = {0};
	int64_t now = record(&arrivals, 0, 63, 25);

	(void)unused;
	/* Two standard deviations in a quarter of a second. */
	now = record(&arrivals, now, 1, 35);
	assert_in_range(scale_arrivals_rate_milli(&arrivals, now), 100000, 101000);
}

static void a_burst_counts_at_once_and_wholly_with_time(void **unused)
{
	struct scale_arrivals arrivals = {0};
	int64_t now = record(&arrivals, 0, 64, 25);

	(void)unused;
	now = record(&arrivals, now, 1, 200);
	assert_in_range(scale_arrivals_rate_milli(&arrivals, now), 600000, 700000);
	now = record(&arrivals, now, 15, 200);
	assert_in_range(scale_arrivals_rate_milli(&arrivals, now), 740000, 800000);
	now = record(&arrivals, now, 64, 200);
	assert_int_equal(scale_arrivals_rate_milli(&arrivals, now), 800000);
}

static void what_is_over_is_forgotten(void **unused)
{
	struct scale_arrivals arrivals = {0};
	int64_t now = record(&arrivals, 0, 64, 200);

	(void)unused;
	now = record(&arrivals, now, 64, 1);
	assert_int_equal(scale_arrivals_rate_milli(&arrivals, now), 4000);
}

static void short_spans_add_up_to_slots(void **unused)
{
	struct scale_arrivals arrivals = {0};

	(void)unused;
	for (int64_t at = 0; at < 20000; at += 10)
		scale_arrivals_record(&arrivals, at, at + 10, 1);
	assert_in_range(scale_arrivals_rate_milli(&arrivals, 20000), 99000, 101000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_steady_stream_is_its_mean),
		cmocka_unit_test(nothing_is_nothing),
		cmocka_unit_test(chance_does_not_count),
		cmocka_unit_test(a_burst_counts_at_once_and_wholly_with_time),
		cmocka_unit_test(what_is_over_is_forgotten),
		cmocka_unit_test(short_spans_add_up_to_slots),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
