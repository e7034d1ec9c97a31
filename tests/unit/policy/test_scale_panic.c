// SPDX-License-Identifier: GPL-2.0-or-later
/* Stable and panic windows, with the vectors computed from Knative's formulas. */
#include "launcher/policy/scale_panic.h"
#include "launcher/policy/scale_ratio.h"
#include "tests/unit/cmocka_all.h"

#include <errno.h>
#include <string.h>

#define S INT64_C(1000)

/* A minute in which the last six seconds have @burst on average and the whole @stable. */
static void fill(struct scale_panic *panic, int64_t stable, int64_t burst)
{
	int64_t early = (stable * 60 - burst * 6) / 54;

	memset(panic, 0, sizeof(*panic));
	for (int64_t second = 0; second < 60; second++)
		scale_panic_record(panic, second * S, (second < 54 ? early : burst) * SCALE_MILLI);
}

static unsigned propose(struct scale_panic *panic, unsigned ready)
{
	struct scale_panic_rule rule = scale_panic_defaults(70 * SCALE_MILLI);
	unsigned got = 0;

	assert_int_equal(scale_panic_propose(panic, &rule, 59 * S, ready, &got), 0);
	return got;
}

static void proposals_are_those_of_the_formulas(void **unused)
{
	struct scale_panic panic;

	(void)unused;
	fill(&panic, 100, 100);
	assert_int_equal(propose(&panic, 1), 2);
	assert_true(panic.panicking);
	fill(&panic, 100, 300);
	assert_int_equal(propose(&panic, 2), 5);
	assert_true(panic.panicking);
	fill(&panic, 0, 0);
	assert_int_equal(propose(&panic, 10), 5);
	assert_false(panic.panicking);
}

static void panic_never_goes_down(void **unused)
{
	struct scale_panic panic;

	(void)unused;
	fill(&panic, 60, 250);
	panic.panicking = true;
	panic.panicked_ms = 50 * S;
	panic.panic_peak = 5;
	assert_int_equal(propose(&panic, 4), 5);
}

static void panic_ends_a_stable_window_after_its_last_cause(void **unused)
{
	struct scale_panic_rule rule = scale_panic_defaults(70 * SCALE_MILLI);
	struct scale_panic panic = {0};
	unsigned got = 0;

	(void)unused;
	scale_panic_record(&panic, 0, 700 * SCALE_MILLI);
	assert_int_equal(scale_panic_propose(&panic, &rule, 0, 1, &got), 0);
	assert_int_equal(got, 10);
	for (int64_t second = 1; second <= 120; second++) {
		scale_panic_record(&panic, second * S, 10 * SCALE_MILLI);
		assert_int_equal(scale_panic_propose(&panic, &rule, second * S, 10, &got), 0);
		if (second <= 60)
			assert_int_equal(got, 10);
	}
	assert_false(panic.panicking);
	assert_int_equal(got, 5);
}

static void a_young_window_is_the_mean_of_what_there_is(void **unused)
{
	struct scale_panic panic = {0};

	(void)unused;
	assert_int_equal(scale_panic_mean_milli(&panic, 5 * S, 60), 0);
	scale_panic_record(&panic, 5 * S, 10);
	scale_panic_record(&panic, 5 * S + 500, 30);
	scale_panic_record(&panic, 6 * S, 40);
	assert_int_equal(scale_panic_mean_milli(&panic, 6 * S, 60), 30);
	/* A second without a sample is empty. */
	assert_int_equal(scale_panic_mean_milli(&panic, 8 * S, 60), 15);
	/* Buckets of a turn ago do not come back. */
	assert_int_equal(scale_panic_mean_milli(&panic, (5 + SCALE_WINDOW_MAX) * S, 60), 0);
}

static void the_way_up_is_bounded_in_one_step(void **unused)
{
	struct scale_panic_rule rule = scale_panic_defaults(1 * SCALE_MILLI);
	struct scale_panic panic = {0};
	unsigned got = 0;

	(void)unused;
	rule.up_rate_milli = 1100;
	scale_panic_record(&panic, 0, 30 * SCALE_MILLI);
	assert_int_equal(scale_panic_propose(&panic, &rule, 0, 2, &got), 0);
	assert_int_equal(got, 3);
}

static void a_controller_that_begins_anew_removes_nothing(void **unused)
{
	struct scale_panic_rule rule = scale_panic_defaults(70 * SCALE_MILLI);
	struct scale_panic panic = {0};
	unsigned got = 0;

	(void)unused;
	scale_panic_resume(&panic, 0, 8);
	assert_int_equal(scale_panic_propose(&panic, &rule, 0, 8, &got), -ENODATA);
	scale_panic_record(&panic, S, 0);
	assert_int_equal(scale_panic_propose(&panic, &rule, S, 8, &got), 0);
	assert_int_equal(got, 8);
	scale_panic_record(&panic, 61 * S, 0);
	assert_int_equal(scale_panic_propose(&panic, &rule, 61 * S, 8, &got), 0);
	assert_int_equal(got, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(proposals_are_those_of_the_formulas),
		cmocka_unit_test(panic_never_goes_down),
		cmocka_unit_test(panic_ends_a_stable_window_after_its_last_cause),
		cmocka_unit_test(a_young_window_is_the_mean_of_what_there_is),
		cmocka_unit_test(the_way_up_is_bounded_in_one_step),
		cmocka_unit_test(a_controller_that_begins_anew_removes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
