// SPDX-License-Identifier: GPL-2.0-or-later
#include "launcher/keeper/pace.h"
#include "tests/unit/cmocka_all.h"

static void the_first_death_is_answered_at_once(void **unused)
{
	assert_int_equal(pace_next(-1, 0), 0);
	assert_int_equal(pace_next(-1, 5), 0);
}

static void one_that_served_for_a_second_is_followed_at_once(void **unused)
{
	assert_int_equal(pace_next(PACE_MAX_MS, PACE_STABLE_MS), 0);
	assert_int_equal(pace_next(0, PACE_STABLE_MS), 0);
}

static void pauses_double_up_to_the_longest(void **unused)
{
	int64_t pause_ms = pace_next(0, 0);
	int64_t all_ms = 0;

	assert_int_equal(pause_ms, PACE_FIRST_MS);
	for (int i = 0; i < 100; i++) {
		int64_t next_ms = pace_next(pause_ms, PACE_STABLE_MS - 1);

		assert_true(next_ms == 2 * pause_ms || next_ms == PACE_MAX_MS);
		all_ms += next_ms;
		pause_ms = next_ms;
	}
	assert_int_equal(pause_ms, PACE_MAX_MS);
	assert_true(all_ms > 90 * PACE_MAX_MS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_death_is_answered_at_once),
		cmocka_unit_test(one_that_served_for_a_second_is_followed_at_once),
		cmocka_unit_test(pauses_double_up_to_the_longest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
