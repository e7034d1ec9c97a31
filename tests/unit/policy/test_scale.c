// SPDX-License-Identifier: GPL-2.0-or-later
/* The controller: the largest proposal, nothing removed on what is not known, bounds last. */
#include "launcher/policy/scale.h"
#include "tests/unit/cmocka_all.h"

#include <limits.h>

#define S INT64_C(1000)

static const struct autoscale plain = {
	.present = true,
	.min = 1,
	.max = 20,
	.targets = {[SCALE_CPU] = {.present = true, .milli = 50 * SCALE_MILLI},
		    [SCALE_BACKLOG] = {.present = true, .milli = SCALE_MILLI}},
	.up = {.tolerance_milli = 100},
	.down = {.tolerance_milli = 100},
};

/* @count instances that use @percent each; so many arrive, finish and wait in a second. */
struct second {
	unsigned count;
	int64_t percent, arrived, finished, waiting;
};

static struct scale_decision decide(struct scaler *scaler, const struct autoscale *autoscale,
				    int64_t now_ms, const struct second *second)
{
	struct scale_sample samples[64];
	struct scale_input input = {
		.now_ms = now_ms,
		.current = second->count,
		.ready = second->count,
		.room = UINT_MAX,
		.start_ms = S,
		.readings = {[SCALE_CPU] = {samples, second->count}},
		.has_queue = true,
		.span_ms = S,
		.arrived = second->arrived,
		.finished = second->finished,
		.waiting = second->waiting,
		.cpu_milli = second->percent * SCALE_MILLI,
	};

	for (unsigned i = 0; i < second->count; i++)
		samples[i] = (struct scale_sample){SAMPLE_READY, second->percent * SCALE_MILLI};
	return scale_decide(scaler, autoscale, &input);
}

static void cpu_above_its_target_adds(void **unused)
{
	struct scaler scaler = {0};
	struct scale_decision decision =
		decide(&scaler, &plain, S, &(struct second){3, 90, 0, 0, 0});

	(void)unused;
	assert_int_equal(decision.desired, 6);
	assert_int_equal(decision.decisive, SCALE_CPU);
	assert_int_equal(decision.limit, SCALE_FREE);
}

static void arrivals_add_before_cpu_has_moved(void **unused)
{
	struct scaler scaler = {0};
	struct scale_decision decision = {0};

	(void)unused;
	for (int64_t second = 1; second <= 20; second++)
		decision =
			decide(&scaler, &plain, second * S, &(struct second){2, 50, 100, 100, 0});
	assert_int_equal(decision.desired, 2);
	assert_int_equal(decision.capacity_milli, 100 * SCALE_MILLI);
	/* Eight times as many: what the first second proves is nearly that, and a queue is coming.
	 */
	decision = decide(&scaler, &plain, 21 * S, &(struct second){2, 50, 800, 100, 0});
	assert_int_equal(decision.decisive, SCALE_BACKLOG);
	assert_in_range(decision.lasting, 14, 16);
	assert_in_range(decision.desired, 19, 20);
}

static void what_waits_adds_and_is_not_remembered(void **unused)
{
	struct autoscale held = plain;
	struct scaler scaler = {0};
	struct scale_decision decision = {0};

	(void)unused;
	held.down.stabilization_ms = 300 * S;
	for (int64_t second = 1; second <= 20; second++)
		decision = decide(&scaler, &held, second * S, &(struct second){4, 50, 200, 200, 0});
	assert_int_equal(decision.desired, 4);
	decision = decide(&scaler, &held, 21 * S, &(struct second){4, 50, 200, 200, 1000});
	assert_in_range(decision.desired, 10, 12);
	/* Served: only the arrivals are held on to. */
	decision = decide(&scaler, &held, 40 * S,
			  &(struct second){decision.desired, 200 / decision.desired, 200, 200, 0});
	assert_int_equal(decision.desired, 4);
}

static void nobody_is_taken_from_work_that_waits(void **unused)
{
	struct scaler scaler = {0};
	struct scale_decision decision = {0};

	(void)unused;
	for (int64_t second = 1; second <= 20; second++)
		decision =
			decide(&scaler, &plain, second * S, &(struct second){8, 25, 200, 200, 0});
	assert_int_equal(decision.desired, 4);
	/* Eight will be done with it before another one could have started. */
	decision = decide(&scaler, &plain, 21 * S, &(struct second){8, 25, 200, 200, 300});
	assert_int_equal(decision.desired, 8);
	assert_int_equal(decision.lasting, 4);
}

/* One serves 20 a second, of which half comes, and once as many wait. */
static void who_helped_with_what_piled_up_is_not_sent_away_at_once(void **unused)
{
	struct autoscale usual = plain;
	struct scaler scaler = {0};
	struct scale_decision decision = {0};

	(void)unused;
	usual.targets[SCALE_CPU].milli = 70 * SCALE_MILLI;
	for (int64_t second = 1; second <= 20; second++)
		decision = decide(&scaler, &usual, second * S, &(struct second){1, 50, 10, 10, 0});
	assert_int_equal(decision.desired, 1);
	decision = decide(&scaler, &usual, 21 * S, &(struct second){1, 50, 10, 10, 20});
	assert_int_equal(decision.desired, 2);
	for (int64_t second = 22; second <= 35; second++)
		decision = decide(&scaler, &usual, second * S, &(struct second){2, 25, 10, 10, 0});
	assert_int_equal(decision.desired, 2);
	decision = decide(&scaler, &usual, 37 * S, &(struct second){2, 25, 10, 10, 0});
	assert_int_equal(decision.desired, 1);
}

/* One serves 100 a second: 190 keep two busy to 95 %, which is the target, and chance does more. */
static void half_an_instance_is_left_unused(void **unused)
{
	struct autoscale thrifty = plain;
	struct scaler scaler = {0};
	struct scale_decision decision = {0};

	(void)unused;
	thrifty.targets[SCALE_CPU].milli = 95 * SCALE_MILLI;
	thrifty.up.tolerance_milli = thrifty.down.tolerance_milli = 0;
	for (int64_t second = 1; second <= 20; second++)
		decision =
			decide(&scaler, &thrifty, second * S, &(struct second){2, 95, 190, 190, 0});
	assert_int_equal(decision.desired, 3);
}

/* One serves 20 a second, and 11 are 55 % of that: below the target by all that chance may do. */
static void two_become_one_that_stays_below_its_target(void **unused)
{
	struct autoscale usual = plain;
	struct scaler scaler = {0};
	struct scale_decision decision = {0};

	(void)unused;
	usual.targets[SCALE_CPU].milli = 70 * SCALE_MILLI;
	usual.up.tolerance_milli = usual.down.tolerance_milli = 50;
	for (int64_t second = 1; second <= 20; second++)
		decision = decide(&scaler, &usual, second * S, &(struct second){2, 27, 11, 11, 0});
	assert_int_equal(decision.desired, 1);
	for (int64_t second = 21; second <= 40; second++)
		decision = decide(&scaler, &usual, second * S, &(struct second){1, 55, 11, 11, 0});
	assert_int_equal(decision.desired, 1);
	/* Three quarters are above it. */
	for (int64_t second = 41; second <= 60; second++)
		decision = decide(&scaler, &usual, second * S, &(struct second){1, 75, 15, 15, 0});
	assert_int_equal(decision.desired, 2);
}

static void a_queue_without_any_knowledge_doubles(void **unused)
{
	struct scaler scaler = {0};
	struct scale_decision decision =
		decide(&scaler, &plain, S, &(struct second){3, 0, 10, 0, 10});

	(void)unused;
	assert_int_equal(decision.desired, 6);
}

/* A service that has just begun, before its first answer. */
static void who_is_starting_is_waited_for(void **unused)
{
	struct scaler scaler = {0};
	struct scale_sample samples[2] = {{SAMPLE_READY, 0}, {SAMPLE_UNREADY, 0}};
	struct scale_input input = {.current = 2,
				    .ready = 1,
				    .room = UINT_MAX,
				    .readings = {[SCALE_CPU] = {samples, 2}},
				    .has_queue = true,
				    .span_ms = S,
				    .waiting = 50};

	(void)unused;
	for (int64_t second = 1; second <= 5; second++) {
		input.now_ms = second * S;
		assert_int_equal(scale_decide(&scaler, &plain, &input).desired, 2);
	}
}

static void a_signal_without_data_never_removes(void **unused)
{
	struct scaler scaler = {0};
	struct scale_input input = {.now_ms = S,
				    .current = 5,
				    .ready = 5,
				    .room = UINT_MAX,
				    .has_queue = true,
				    .span_ms = S};
	struct scale_decision decision = scale_decide(&scaler, &plain, &input);

	(void)unused;
	assert_int_equal(decision.desired, 5);
	assert_int_equal(decision.limit, SCALE_BY_MISSING);
}

static void bounds_and_room_come_last(void **unused)
{
	struct scaler scaler = {0};
	struct scale_sample full = {SAMPLE_READY, 500 * SCALE_MILLI};
	struct scale_input input = {.now_ms = S,
				    .current = 4,
				    .ready = 4,
				    .room = 6,
				    .readings = {[SCALE_CPU] = {&full, 1}},
				    .has_queue = true,
				    .span_ms = S};
	struct scale_decision decision = scale_decide(&scaler, &plain, &input);

	(void)unused;
	assert_int_equal(decision.desired, 6);
	assert_int_equal(decision.limit, SCALE_BY_ROOM);
	/* A host that is full already takes nothing away. */
	input.room = 2;
	assert_int_equal(scale_decide(&scaler, &plain, &input).desired, 4);
	input.room = UINT_MAX;
	full.milli = 5000 * SCALE_MILLI;
	decision = scale_decide(&scaler, &plain, &input);
	assert_int_equal(decision.desired, 20);
	assert_int_equal(decision.limit, SCALE_BY_MAX);
	input.current = 30;
	full.milli = 0;
	decision = scale_decide(&(struct scaler){0}, &plain, &input);
	assert_int_equal(decision.desired, 1);
}

static void a_number_that_somebody_else_has_set_is_held_for_the_window(void **unused)
{
	struct autoscale held = plain;
	struct scaler scaler = {0};
	const struct second idle = {1, 10, 0, 0, 0};
	const struct second set = {5, 2, 0, 0, 0};

	(void)unused;
	held.down.stabilization_ms = 60 * S;
	assert_int_equal(decide(&scaler, &held, S, &idle).desired, 1);
	assert_int_equal(decide(&scaler, &held, 200 * S, &set).desired, 5);
	assert_int_equal(decide(&scaler, &held, 259 * S, &set).desired, 5);
	assert_int_equal(decide(&scaler, &held, 262 * S, &set).desired, 1);
}

static void what_is_expected_raises_the_least_number(void **unused)
{
	struct scaler scaler = {0};
	struct scale_sample calm = {SAMPLE_READY, 50 * SCALE_MILLI};
	struct scale_input input = {.now_ms = S,
				    .current = 1,
				    .ready = 1,
				    .room = UINT_MAX,
				    .expected = 6,
				    .readings = {[SCALE_CPU] = {&calm, 1}},
				    .has_queue = true,
				    .span_ms = S};
	struct scale_decision decision = scale_decide(&scaler, &plain, &input);

	(void)unused;
	assert_int_equal(decision.desired, 6);
	assert_int_equal(decision.limit, SCALE_BY_FORECAST);
	assert_int_equal(decision.lasting, 1); /* what it makes is not what is asked for */
	assert_false(decision.missing);
	input.expected = 500;
	assert_int_equal(scale_decide(&scaler, &plain, &input).desired, 20);
	input.room = 4;
	assert_int_equal(scale_decide(&scaler, &plain, &input).desired, 4);
	input.expected = 1;
	assert_int_equal(scale_decide(&scaler, &plain, &input).desired, 1);
}

/* 140 seconds with load and 140 without: held from the second time on. */
static void a_load_that_comes_back_is_waited_for(void **unused)
{
	struct autoscale learned = plain;
	struct scaler scaler = {0};
	unsigned count = 8;
	unsigned removals = 0;

	(void)unused;
	learned.down.learned = true;
	for (int64_t second = 1; second <= 2400; second++) {
		bool on = second / 140 % 2 == 0;
		int64_t rate = on ? 400 : 10;
		struct second now = {count, rate / count, rate, rate, 0};
		unsigned desired = decide(&scaler, &learned, second * S, &now).desired;

		removals += desired < count && desired == 1;
		count = desired;
	}
	assert_int_equal(removals, 1);
	assert_int_equal(scaler.hold.ms, 150 * S);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cpu_above_its_target_adds),
		cmocka_unit_test(arrivals_add_before_cpu_has_moved),
		cmocka_unit_test(what_waits_adds_and_is_not_remembered),
		cmocka_unit_test(nobody_is_taken_from_work_that_waits),
		cmocka_unit_test(who_helped_with_what_piled_up_is_not_sent_away_at_once),
		cmocka_unit_test(half_an_instance_is_left_unused),
		cmocka_unit_test(two_become_one_that_stays_below_its_target),
		cmocka_unit_test(a_queue_without_any_knowledge_doubles),
		cmocka_unit_test(who_is_starting_is_waited_for),
		cmocka_unit_test(a_signal_without_data_never_removes),
		cmocka_unit_test(bounds_and_room_come_last),
		cmocka_unit_test(a_number_that_somebody_else_has_set_is_held_for_the_window),
		cmocka_unit_test(what_is_expected_raises_the_least_number),
		cmocka_unit_test(a_load_that_comes_back_is_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
