// SPDX-License-Identifier: GPL-2.0-or-later
/* The window before instances are taken away: longer after a regret, shorter without one. */
#include "launcher/policy/scale_hold.h"
#include "tests/unit/cmocka_all.h"

#define S INT64_C(1000)

static struct autoscale at_target(int64_t percent)
{
	return (struct autoscale){
		.targets = {[SCALE_CPU] = {.present = percent > 0, .milli = percent * 1000}}};
}

/* 20 become 2 at the time 1000 s; so many are proposed @gone_s later. */
static int64_t after(int64_t percent, int64_t gone_s, unsigned proposal)
{
	const struct autoscale autoscale = at_target(percent);
	struct scale_hold hold = {0};

	scale_hold_learn(&hold, &autoscale, 1000 * S, 20, 2);
	scale_hold_removed(&hold, 1000 * S, 20);
	scale_hold_learn(&hold, &autoscale, (1000 + gone_s) * S, 2, proposal);
	return hold.ms / S;
}

static void it_begins_with_two_minutes(void **unused)
{
	(void)unused;
	assert_int_equal(after(70, 1, 2), 120);
	assert_int_equal(after(0, 1, 2), 120);
}

static void what_is_needed_again_was_worth_waiting_for(void **unused)
{
	(void)unused;
	assert_int_equal(after(70, 20, 20), 150);
	assert_int_equal(after(70, 149, 12), 150);
}

static void what_is_not_needed_again_was_not(void **unused)
{
	(void)unused;
	assert_int_equal(after(70, 151, 2), 96);
	assert_int_equal(after(70, 151, 20), 96);
}

static void a_few_of_many_teach_nothing(void **unused)
{
	const struct autoscale autoscale = at_target(70);
	struct scale_hold hold = {0};

	(void)unused;
	scale_hold_learn(&hold, &autoscale, S, 20, 19);
	scale_hold_removed(&hold, S, 20);
	scale_hold_learn(&hold, &autoscale, 10 * S, 19, 20);
	assert_int_equal(hold.ms, 120 * S);
	assert_int_equal(hold.removed_ms, 0);
}

static void it_stays_between_its_bounds(void **unused)
{
	const struct autoscale autoscale = at_target(70);
	struct scale_hold hold = {0};

	(void)unused;
	for (int64_t at = 1; at < 20; at++) {
		scale_hold_learn(&hold, &autoscale, at * 1000 * S, 20, 2);
		scale_hold_removed(&hold, at * 1000 * S, 20);
		scale_hold_learn(&hold, &autoscale, (at * 1000 + 200) * S, 2, 2);
		assert_in_range(hold.ms, 60 * S, 150 * S);
	}
	assert_int_equal(hold.ms, 60 * S);
}

static void a_high_target_asks_for_thrift(void **unused)
{
	(void)unused;
	assert_int_equal(after(75, 1, 2), 120);
	assert_int_equal(after(95, 1, 2), 24);
	assert_int_equal(after(100, 1, 2), 12);
	assert_int_equal(after(95, 20, 20), 30);
	assert_int_equal(after(95, 31, 20), 19); /* too late for it to be waited for */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_begins_with_two_minutes),
		cmocka_unit_test(what_is_needed_again_was_worth_waiting_for),
		cmocka_unit_test(what_is_not_needed_again_was_not),
		cmocka_unit_test(a_few_of_many_teach_nothing),
		cmocka_unit_test(it_stays_between_its_bounds),
		cmocka_unit_test(a_high_target_asks_for_thrift),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
