// SPDX-License-Identifier: GPL-2.0-or-later
/* Windows hold a number, rates slow a change down; neither turns it round. */
#include "launcher/policy/scale_history.h"
#include "tests/unit/cmocka_all.h"

#include <stdlib.h>

#define S INT64_C(1000)

/* Kubernetes' defaults. */
static const struct autoscale hpa = {
	.up = {.policies = {{4, false, 15 * S}, {100, true, 15 * S}}, .policy_count = 2},
	.down = {.stabilization_ms = 300 * S, .policies = {{100, true, 15 * S}}, .policy_count = 1},
};

static unsigned step(struct scale_history *history, const struct autoscale *autoscale,
		     int64_t now_ms, unsigned current, unsigned proposal)
{
	struct scale_limited limited =
		scale_history_limit(history, now_ms, autoscale, current, proposal);

	scale_history_propose(history, now_ms, autoscale, proposal);
	if (limited.instances != current)
		scale_history_change(history, now_ms, autoscale, current, limited.instances);
	return limited.instances;
}

static void up_is_four_or_twice_as_many_in_a_period(void **unused)
{
	struct scale_history one = {0};
	struct scale_history ten = {0};

	(void)unused;
	assert_int_equal(step(&one, &hpa, 0, 1, 100), 5);
	assert_int_equal(step(&one, &hpa, 14 * S, 5, 100), 5);
	assert_int_equal(step(&one, &hpa, 15 * S, 5, 100), 10);
	assert_int_equal(step(&ten, &hpa, 0, 10, 100), 20);
}

static void down_waits_for_the_window(void **unused)
{
	struct scale_history history = {0};
	struct scale_limited limited;
	unsigned current = 10;

	(void)unused;
	assert_int_equal(step(&history, &hpa, 0, current, 10), 10);
	for (int64_t second = 15; second < 300; second += 15) {
		limited = scale_history_limit(&history, second * S, &hpa, current, 0);
		assert_int_equal(step(&history, &hpa, second * S, current, 0), 10);
		assert_true(limited.by_window);
	}
	assert_int_equal(step(&history, &hpa, 300 * S, current, 0), 0);
}

/* 40 proposed until the time 200 s, then by @fall_s down to 0; answers what is left @later_s. */
static unsigned left(int64_t fall_s, int64_t later_s)
{
	struct autoscale learned = hpa;
	struct scale_history history = {0};
	unsigned current = 40;

	learned.down.stabilization_ms = 120 * S;
	learned.down.learned = true;
	for (int64_t second = 1; second <= 200 + later_s; second++) {
		int64_t gone_s = second > 200 ? second - 200 : 0;
		int64_t proposal = gone_s < fall_s ? 40 - 40 * gone_s / fall_s : 0;

		current = step(&history, &learned, second * S, current, (unsigned)proposal);
	}
	return current;
}

static void a_learned_window_follows_what_goes_slowly(void **unused)
{
	(void)unused;
	assert_int_equal(left(1, 119), 40); /* went at once: held to the end */
	assert_int_equal(left(16, 60), 40);
	assert_int_equal(left(1, 125), 0);
	assert_in_range(left(400, 200), 23, 24); /* 20, and those of thirty seconds */
}

static void a_peak_inside_the_upward_window_is_not_followed(void **unused)
{
	struct autoscale slow = hpa;
	struct scale_history history = {0};

	(void)unused;
	slow.up.stabilization_ms = 30 * S;
	assert_int_equal(step(&history, &slow, 0, 2, 2), 2);
	assert_int_equal(step(&history, &slow, 15 * S, 2, 6), 2);
	assert_int_equal(step(&history, &slow, 45 * S, 2, 5), 5);
}

static void the_least_and_no_policy_at_all(void **unused)
{
	struct autoscale least = hpa;
	struct autoscale never = hpa;
	struct scale_history history = {0};

	(void)unused;
	least.up.select = SCALE_SELECT_MIN;
	never.up.select = SCALE_SELECT_DISABLED;
	assert_int_equal(step(&history, &least, 0, 10, 100), 14);
	history = (struct scale_history){0};
	assert_int_equal(step(&history, &never, 0, 10, 100), 10);
}

static void a_percentage_rounds_away_from_standing_still(void **unused)
{
	struct autoscale tenth = {.up = {.policies = {{10, true, S}}, .policy_count = 1},
				  .down = {.policies = {{10, true, S}}, .policy_count = 1}};
	struct scale_history history = {0};

	(void)unused;
	assert_int_equal(step(&history, &tenth, 0, 1, 9), 2);
	history = (struct scale_history){0};
	assert_int_equal(step(&history, &tenth, 0, 5, 0), 4);
}

/* Whatever comes: between what is and what is wished for, and held no shorter than asked. */
static void no_limit_turns_a_wish_round(void **unused)
{
	struct scale_history history = {0};
	unsigned current = 5;
	unsigned recent_most = 0;
	int64_t most_ms = 0;

	(void)unused;
	srand(1);
	for (int64_t now = 0; now < 4000 * S; now += rand() % 3000) {
		unsigned proposal = (unsigned)rand() % 40;
		unsigned next = step(&history, &hpa, now, current, proposal);

		if (proposal >= recent_most || now - most_ms >= 300 * S) {
			recent_most = proposal;
			most_ms = now;
		}
		if (next > current)
			assert_true(next <= proposal);
		if (next < current)
			assert_true(next >= proposal && next >= recent_most);
		current = next;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(up_is_four_or_twice_as_many_in_a_period),
		cmocka_unit_test(down_waits_for_the_window),
		cmocka_unit_test(a_learned_window_follows_what_goes_slowly),
		cmocka_unit_test(a_peak_inside_the_upward_window_is_not_followed),
		cmocka_unit_test(the_least_and_no_policy_at_all),
		cmocka_unit_test(a_percentage_rounds_away_from_standing_still),
		cmocka_unit_test(no_limit_turns_a_wish_round),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
