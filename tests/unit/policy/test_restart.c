// SPDX-License-Identifier: GPL-2.0-or-later
/* The curves, the ways of counting, and every policy against every kind of end. */
#include "tests/unit/cmocka_all.h"

#include "launcher/policy/restart.h"
#include "runtime/base/cleanup.h"

static const struct run_end well = {.kind = RUN_END_EXITED, .code = 0};
static const struct run_end badly = {.kind = RUN_END_EXITED, .code = 1};
static const struct run_end killed = {.kind = RUN_END_SIGNALLED, .signal = 9};
static const struct run_end unknown = {.kind = RUN_END_UNKNOWN};
static const struct run_end not_started = {.kind = RUN_END_START_FAILED};

static void the_engine_curve_doubles_from_100_ms_to_60_s(void **unused)
{
	(void)unused;
	const struct restart_spec spec = {.condition = RESTART_ALWAYS, .delay_ms = -1};
	const int64_t delays_ms[] = {100,  200,	  400,	 800,	1600,  3200,
				     6400, 12800, 25600, 51200, 60000, 60000};
	struct restart_history history = {0};
	int64_t now_ms = 0;

	for (size_t i = 0; i < ARRAY_SIZE(delays_ms); i++) {
		struct restart_verdict verdict =
			restart_decide(&spec, &history, &badly, 1, ++now_ms);

		assert_int_equal(verdict.decision, RESTART_AGAIN);
		assert_int_equal(verdict.delay_ms, delays_ms[i]);
		now_ms += verdict.delay_ms;
	}
	assert_int_equal(history.restarts, ARRAY_SIZE(delays_ms));
}

static void a_run_of_ten_seconds_starts_the_curve_again(void **unused)
{
	(void)unused;
	const struct restart_spec spec = {.condition = RESTART_ALWAYS, .delay_ms = -1};
	struct restart_history history = {0};

	for (int i = 0; i < 5; i++)
		(void)restart_decide(&spec, &history, &badly, 9999, 0);
	assert_int_equal(restart_decide(&spec, &history, &badly, 9999, 0).delay_ms, 3200);
	assert_int_equal(restart_decide(&spec, &history, &badly, 10000, 0).delay_ms, 100);
	assert_int_equal(restart_decide(&spec, &history, &badly, 0, 0).delay_ms, 200);
}

static void a_written_delay_replaces_the_curve(void **unused)
{
	(void)unused;
	struct restart_spec spec = {.condition = RESTART_ALWAYS, .delay_ms = 5000};
	struct restart_history history = {0};

	for (int i = 0; i < 20; i++)
		assert_int_equal(restart_decide(&spec, &history, &badly, 0, i).delay_ms, 5000);
	spec.delay_ms = 0;
	assert_int_equal(restart_decide(&spec, &history, &badly, 0, 20).delay_ms, 0);
}

static void each_policy_has_its_answer_to_each_end(void **unused)
{
	(void)unused;
	const struct {
		enum restart_condition condition;
		const struct run_end *end;
		enum restart_decision decision;
	} cases[] = {
		{RESTART_NO, &well, RESTART_COMPLETE},
		{RESTART_NO, &badly, RESTART_FAIL},
		{RESTART_NO, &killed, RESTART_FAIL},
		{RESTART_NO, &unknown, RESTART_FAIL},
		{RESTART_NO, &not_started, RESTART_FAIL},
		{RESTART_ON_FAILURE, &well, RESTART_COMPLETE},
		{RESTART_ON_FAILURE, &badly, RESTART_AGAIN},
		{RESTART_ON_FAILURE, &killed, RESTART_AGAIN},
		{RESTART_ON_FAILURE, &unknown, RESTART_AGAIN},
		{RESTART_ON_FAILURE, &not_started, RESTART_AGAIN},
		{RESTART_ALWAYS, &well, RESTART_AGAIN},
		{RESTART_ALWAYS, &badly, RESTART_AGAIN},
		{RESTART_ALWAYS, &not_started, RESTART_AGAIN},
		{RESTART_UNLESS_STOPPED, &well, RESTART_AGAIN},
		{RESTART_UNLESS_STOPPED, &killed, RESTART_AGAIN},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct restart_spec spec = {.condition = cases[i].condition, .delay_ms = -1};
		struct restart_history history = {0};

		assert_int_equal(restart_decide(&spec, &history, cases[i].end, 5, 5).decision,
				 cases[i].decision);
	}
}

static void attempts_without_a_window_count_over_the_whole_life(void **unused)
{
	(void)unused;
	const struct restart_spec spec = {
		.condition = RESTART_ON_FAILURE, .max_attempts = 3, .delay_ms = -1};
	struct restart_history history = {0};
	int64_t now_ms = 0;

	for (int i = 0; i < 3; i++) {
		now_ms += 3600 * 1000;
		assert_int_equal(restart_decide(&spec, &history, &badly, 20000, now_ms).decision,
				 RESTART_AGAIN);
	}

	struct restart_verdict verdict =
		restart_decide(&spec, &history, &badly, 20000, now_ms + 3600 * 1000);

	assert_int_equal(verdict.decision, RESTART_FAIL);
	assert_true(verdict.exhausted);
	assert_int_equal(history.restarts, 3);
}

static void a_good_end_completes_even_when_attempts_are_spent(void **unused)
{
	(void)unused;
	const struct restart_spec spec = {
		.condition = RESTART_ALWAYS, .max_attempts = 1, .delay_ms = 0};
	struct restart_history history = {0};

	assert_int_equal(restart_decide(&spec, &history, &well, 1, 1).decision, RESTART_AGAIN);
	assert_int_equal(restart_decide(&spec, &history, &well, 1, 2).decision, RESTART_COMPLETE);
}

static void a_window_forgets_restarts_older_than_it(void **unused)
{
	(void)unused;
	const struct restart_spec spec = {
		.condition = RESTART_ALWAYS, .max_attempts = 2, .delay_ms = 0, .window_ms = 1000};
	struct restart_history history = {0};

	assert_int_equal(restart_decide(&spec, &history, &badly, 1, 0).decision, RESTART_AGAIN);
	assert_int_equal(restart_decide(&spec, &history, &badly, 1, 500).decision, RESTART_AGAIN);
	assert_int_equal(restart_decide(&spec, &history, &badly, 1, 999).decision, RESTART_FAIL);
	/* The window is open at its far end: the restart at 0 is out of (0, 1000]. */
	assert_int_equal(restart_decide(&spec, &history, &badly, 1, 1000).decision, RESTART_AGAIN);
}

static void a_window_larger_than_the_ring_gives_up_at_the_ring(void **unused)
{
	(void)unused;
	const struct restart_spec spec = {.condition = RESTART_ALWAYS,
					  .max_attempts = 10 * RESTART_RING,
					  .delay_ms = 0,
					  .window_ms = 1000000};
	struct restart_history history = {0};

	for (int i = 0; i < RESTART_RING; i++)
		assert_int_equal(restart_decide(&spec, &history, &badly, 0, i).decision,
				 RESTART_AGAIN);
	assert_int_equal(restart_decide(&spec, &history, &badly, 0, RESTART_RING).decision,
			 RESTART_FAIL);
}

/* The ring against a list of everything, over random times. */
static void the_window_agrees_with_a_full_list(void **unused)
{
	(void)unused;
	const struct restart_spec spec = {
		.condition = RESTART_ALWAYS, .max_attempts = 7, .delay_ms = 0, .window_ms = 400};
	struct restart_history history = {0};
	static int64_t granted_ms[20000];
	size_t granted = 0;
	int64_t now_ms = 0;
	uint32_t random = 12345;

	for (int i = 0; i < 20000; i++) {
		random = random * 1664525 + 1013904223;
		now_ms += (random >> 16) % 120;

		size_t within = 0;

		for (size_t k = granted; k-- > 0 && granted_ms[k] > now_ms - spec.window_ms;)
			within++;

		bool again = restart_decide(&spec, &history, &badly, 1, now_ms).decision ==
			     RESTART_AGAIN;

		assert_int_equal(again, within < spec.max_attempts);
		if (again)
			granted_ms[granted++] = now_ms;
	}
	assert_int_equal(history.restarts, granted);
}

static void five_short_runs_in_a_row_are_a_crash_loop_until_a_long_one(void **unused)
{
	(void)unused;
	const struct restart_spec spec = {.condition = RESTART_ALWAYS, .delay_ms = -1};
	struct restart_history history = {0};

	for (int i = 0; i < 4; i++) {
		(void)restart_decide(&spec, &history, &not_started, 0, i);
		assert_false(restart_crash_looping(&history));
	}
	for (int i = 0; i < 40; i++) {
		(void)restart_decide(&spec, &history, &badly, 9999, i * 60000);
		assert_true(restart_crash_looping(&history));
	}
	(void)restart_decide(&spec, &history, &badly, 10000, 0);
	assert_false(restart_crash_looping(&history));
}

static const struct restart_tuning plain = {
	.present = true,
	.delay_ms = 1000,
	.max_delay_ms = 20000,
	.reset_after_ms = 30000,
	.factor_milli = 3000,
};

static void the_curve_can_be_given(void **unused)
{
	(void)unused;
	const struct restart_spec spec = {
		.condition = RESTART_ALWAYS, .delay_ms = -1, .tuning = plain};
	const int64_t delays_ms[] = {1000, 3000, 9000, 20000, 20000};
	struct restart_history history = {0};

	for (size_t i = 0; i < ARRAY_SIZE(delays_ms); i++)
		assert_int_equal(restart_decide(&spec, &history, &badly, 29999, 0).delay_ms,
				 delays_ms[i]);
	assert_int_equal(restart_decide(&spec, &history, &badly, 30000, 0).delay_ms, 1000);
}

static void a_factor_of_one_stays_and_a_small_one_grows_to_the_cap(void **unused)
{
	(void)unused;
	struct restart_spec spec = {.condition = RESTART_ALWAYS, .delay_ms = -1, .tuning = plain};
	struct restart_history history = {0};

	spec.tuning.factor_milli = 1000;
	for (int i = 0; i < 1000; i++)
		assert_int_equal(restart_decide(&spec, &history, &badly, 0, i).delay_ms, 1000);
	spec.tuning.delay_ms = 1;
	spec.tuning.factor_milli = 1001;
	history = (struct restart_history){0};
	for (int i = 0; i < 20000; i++)
		(void)restart_decide(&spec, &history, &badly, 0, i);
	assert_int_equal(restart_decide(&spec, &history, &badly, 0, 0).delay_ms, 20000);
}

static void jitter_adds_its_part_and_no_more(void **unused)
{
	(void)unused;
	struct restart_spec spec = {.condition = RESTART_ALWAYS, .delay_ms = -1, .tuning = plain};
	int64_t least_ms = INT64_MAX;
	int64_t most_ms = 0;

	spec.tuning.jitter_milli = 250;
	for (uint64_t seed = 0; seed < 1000; seed++) {
		struct restart_history history = {.seed = seed};
		struct restart_history same = {.seed = seed};
		int64_t delay_ms = restart_decide(&spec, &history, &badly, 0, 0).delay_ms;

		assert_int_equal(restart_decide(&spec, &same, &badly, 0, 0).delay_ms, delay_ms);
		least_ms = delay_ms < least_ms ? delay_ms : least_ms;
		most_ms = delay_ms > most_ms ? delay_ms : most_ms;
	}
	assert_in_range(least_ms, 1000, 1010);
	assert_in_range(most_ms, 1240, 1250);
}

static void a_burst_is_spent_until_its_interval_has_passed(void **unused)
{
	(void)unused;
	struct restart_spec spec = {.condition = RESTART_ALWAYS, .delay_ms = -1, .tuning = plain};
	struct restart_history history = {0};

	spec.tuning.burst = 2;
	spec.tuning.interval_ms = 1000;
	assert_int_equal(restart_decide(&spec, &history, &badly, 0, 0).decision, RESTART_AGAIN);
	assert_int_equal(restart_decide(&spec, &history, &badly, 0, 500).decision, RESTART_AGAIN);
	assert_int_equal(restart_decide(&spec, &history, &badly, 0, 1000).decision, RESTART_AGAIN);

	struct restart_verdict verdict = restart_decide(&spec, &history, &badly, 0, 1499);

	assert_int_equal(verdict.decision, RESTART_FAIL);
	assert_true(verdict.exhausted);
	assert_int_equal(restart_decide(&spec, &history, &well, 0, 1499).decision,
			 RESTART_COMPLETE);
	assert_int_equal(restart_decide(&spec, &history, &badly, 0, 1500).decision, RESTART_AGAIN);
}

static void some_statuses_decide_by_themselves(void **unused)
{
	(void)unused;
	const struct run_end last = {.kind = RUN_END_EXITED, .code = 255};
	const struct run_end rt_max = {.kind = RUN_END_SIGNALLED, .signal = 64};
	struct restart_spec spec = {.condition = RESTART_ALWAYS, .delay_ms = -1, .tuning = plain};
	struct restart_history history = {0};

	spec.tuning.prevent = (struct end_set){.codes = {2, 0, 0, UINT64_C(1) << 63},
					       .signals = UINT64_C(1) << 8};
	assert_int_equal(restart_decide(&spec, &history, &badly, 0, 0).decision, RESTART_FAIL);
	assert_int_equal(restart_decide(&spec, &history, &last, 0, 0).decision, RESTART_FAIL);
	assert_int_equal(restart_decide(&spec, &history, &killed, 0, 0).decision, RESTART_FAIL);
	assert_false(restart_decide(&spec, &history, &killed, 0, 0).exhausted);
	assert_int_equal(restart_decide(&spec, &history, &well, 0, 0).decision, RESTART_AGAIN);
	assert_int_equal(restart_decide(&spec, &history, &unknown, 0, 0).decision, RESTART_AGAIN);
	spec.condition = RESTART_NO;
	spec.tuning.force = (struct end_set){.codes = {3}, .signals = UINT64_C(1) << 63};
	assert_int_equal(restart_decide(&spec, &history, &well, 0, 0).decision, RESTART_AGAIN);
	assert_int_equal(restart_decide(&spec, &history, &rt_max, 0, 0).decision, RESTART_AGAIN);
	assert_int_equal(restart_decide(&spec, &history, &badly, 0, 0).decision, RESTART_FAIL);
	assert_int_equal(restart_decide(&spec, &history, &unknown, 0, 0).decision, RESTART_FAIL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_engine_curve_doubles_from_100_ms_to_60_s),
		cmocka_unit_test(a_run_of_ten_seconds_starts_the_curve_again),
		cmocka_unit_test(a_written_delay_replaces_the_curve),
		cmocka_unit_test(each_policy_has_its_answer_to_each_end),
		cmocka_unit_test(attempts_without_a_window_count_over_the_whole_life),
		cmocka_unit_test(a_good_end_completes_even_when_attempts_are_spent),
		cmocka_unit_test(a_window_forgets_restarts_older_than_it),
		cmocka_unit_test(a_window_larger_than_the_ring_gives_up_at_the_ring),
		cmocka_unit_test(the_window_agrees_with_a_full_list),
		cmocka_unit_test(five_short_runs_in_a_row_are_a_crash_loop_until_a_long_one),
		cmocka_unit_test(the_curve_can_be_given),
		cmocka_unit_test(a_factor_of_one_stays_and_a_small_one_grows_to_the_cap),
		cmocka_unit_test(jitter_adds_its_part_and_no_more),
		cmocka_unit_test(a_burst_is_spent_until_its_interval_has_passed),
		cmocka_unit_test(some_statuses_decide_by_themselves),
	};

	return cmocka_run_group_tests_name("restart", tests, NULL, NULL);
}
