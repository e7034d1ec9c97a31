// SPDX-License-Identifier: GPL-2.0-or-later
/* The simulated service: nothing is lost, waits are those of the queue, the same seed the same run.
 */
#include "launcher/policy/simulate_loads.h"
#include "launcher/policy/simulate_policies.h"
#include "tests/unit/cmocka_all.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct sim_service service = {
	.capacity_per_s = 50, .concurrency = 8, .start_ms = 2000, .late_ms = 100, .seed = 3};

static const struct autoscale plain = {
	.present = true,
	.min = 1,
	.max = 64,
	.targets = {[SCALE_CPU] = {.present = true, .milli = 70 * SCALE_MILLI},
		    [SCALE_BACKLOG] = {.present = true, .milli = SCALE_MILLI}},
	.up = {.tolerance_milli = 50,
	       .policies = {{4, false, 1000}, {900, true, 1000}},
	       .policy_count = 2},
	.down = {.tolerance_milli = 50,
		 .learned = true,
		 .policies = {{100, true, 15000}},
		 .policy_count = 1},
};

static struct sim_result run(const struct sim_load *load, struct sim_policy *policy, unsigned begin)
{
	struct sim_result result = {0};
	struct err err;

	policy->begin = begin;
	assert_int_equal(simulate(load, &service, policy, &result, &err), 0);
	return result;
}

static void enough_instances_keep_nobody_waiting(void **unused)
{
	struct sim_rate rates[] = {{0, 100}, {600000, 0}};
	const struct sim_load load = {rates, sizeof(rates) / sizeof(rates[0])};
	struct sim_state state;
	struct sim_policy policy = sim_policy_fixed(&state, 8);
	struct sim_result result = run(&load, &policy, 8);

	(void)unused;
	assert_in_range((int)result.requests, 58000, 62000);
	assert_int_equal((int)result.late, 0);
	assert_int_equal((int)(result.instance_s + 0.5), 8 * 600);
	assert_int_equal(result.changes, 0);
}

/* 100 per second for ten seconds, and one that manages 50: the last one waits for ten seconds. */
static void too_few_let_the_queue_grow(void **unused)
{
	struct sim_rate rates[] = {{0, 100}, {10000, 0}, {30000, 0}};
	const struct sim_load load = {rates, sizeof(rates) / sizeof(rates[0])};
	struct sim_state state;
	struct sim_policy policy = sim_policy_fixed(&state, 1);
	struct sim_result result = run(&load, &policy, 1);

	(void)unused;
	assert_in_range((int)result.longest_ms, 8500, 11500);
	assert_true(result.late > 0.9 * result.requests);
	assert_in_range((int)result.late_s, 17, 23);
}

static void an_instance_serves_only_when_it_has_started(void **unused)
{
	struct sim_rate rates[] = {{0, 100}, {20000, 0}};
	const struct sim_load load = {rates, sizeof(rates) / sizeof(rates[0])};
	struct sim_state state;
	struct sim_policy policy = sim_policy_fixed(&state, 8);
	struct sim_result result = run(&load, &policy, 1);

	(void)unused;
	assert_int_equal(result.most, 8);
	assert_int_equal(result.changes, 1);
	/* Three seconds with one, which is 150 too few. */
	assert_in_range((int)result.longest_ms, 1000, 3500);
}

static void the_same_seed_is_the_same_run(void **unused)
{
	struct sim_load load = {0};
	struct sim_state state;
	struct err err;

	(void)unused;
	assert_int_equal(sim_load_shape("bursty", 800, &load, &err), 0);
	struct sim_policy policy = sim_policy_davit(&state, &plain, &service);
	struct sim_result first = run(&load, &policy, 3);

	policy = sim_policy_davit(&state, &plain, &service);
	struct sim_result second = run(&load, &policy, 3);

	assert_memory_equal(&first, &second, sizeof(first));
	free(load.rates);
}

#define TARGETS 6
static const int64_t targets_percent[TARGETS] = {60, 70, 80, 85, 90, 95};

/* At each target: seconds in which somebody waited, and what it cost. */
struct front {
	double late_s[TARGETS], cost[TARGETS];
};

typedef struct sim_policy maker_fn(struct sim_state *, const struct autoscale *,
				   const struct sim_service *);

static struct front front_of(const struct sim_load *load, maker_fn *make)
{
	struct front front = {0};

	for (size_t i = 0; i < TARGETS; i++) {
		struct autoscale autoscale = plain;
		struct sim_state state;

		autoscale.targets[SCALE_CPU].milli = targets_percent[i] * SCALE_MILLI;
		struct sim_policy policy = make(&state, &autoscale, &service);
		struct sim_result result = run(load, &policy, 3);

		front.late_s[i] = result.late_s;
		front.cost[i] = result.instance_s;
	}
	return front;
}

/* Whoever's point it is, there is one of ours that is late for no longer and costs no more. HPA
 * never does anything at a target of which its tolerance reaches to 100 %. */
static void assert_beats(const struct front *ours, const struct front *theirs)
{
	for (size_t i = 0; i < TARGETS; i++) {
		bool beaten = theirs->late_s[i] > 1000;

		for (size_t j = 0; j < TARGETS; j++)
			beaten |= ours->late_s[j] <= theirs->late_s[i] &&
				  ours->cost[j] <= theirs->cost[i];
		if (!beaten)
			print_error("target %d: late %.2f s, cost %.0f\n", (int)targets_percent[i],
				    theirs->late_s[i], theirs->cost[i]);
		assert_true(beaten);
	}
}

/* The product's claim; `davit simulate` shows the same, one target at a time. */
static void davit_beats_the_others_at_whatever_they_aim(void **unused)
{
	static const char *const shapes[] = {"step", "ramp", "spike", "bursty", "on-off", NULL};

	(void)unused;
	for (size_t i = 0; shapes[i]; i++) {
		struct sim_load load = {0};
		struct err err;

		assert_int_equal(sim_load_shape(shapes[i], 800, &load, &err), 0);
		const struct front ours = front_of(&load, sim_policy_davit);
		const struct front hpa = front_of(&load, sim_policy_hpa);
		const struct front kpa = front_of(&load, sim_policy_kpa);

		assert_beats(&ours, &hpa);
		assert_beats(&ours, &kpa);
		free(load.rates);
	}
}

/* Five days with a rush at nine: from the third on it is expected. */
static void a_forecast_is_there_before_the_rush(void **unused)
{
	struct sim_rate rates[16] = {{0}};
	struct sim_load load = {rates, 0};
	struct autoscale daily = plain;
	struct sim_state *state = calloc(1, sizeof(*state));

	(void)unused;
	assert_non_null(state);
	for (int64_t day = 0; day < 5; day++) {
		int64_t begin_ms = day * 86400000;

		rates[load.count++] = (struct sim_rate){begin_ms, 30};
		rates[load.count++] = (struct sim_rate){begin_ms + 32400000, 600};
		rates[load.count++] = (struct sim_rate){begin_ms + 36000000, 30};
	}
	rates[load.count++] = (struct sim_rate){5 * INT64_C(86400000), 0};
	struct sim_policy policy = sim_policy_davit(state, &daily, &service);
	struct sim_result without = run(&load, &policy, 1);

	daily.forecast = SCALE_FORECAST_DAILY;
	policy = sim_policy_davit(state, &daily, &service);
	struct sim_result with = run(&load, &policy, 1);

	assert_true(with.late < without.late / 2);
	assert_true(with.instance_s < without.instance_s * 1.1);
	free(state);
}

static void every_shape_has_a_beginning_and_its_peak(void **unused)
{
	(void)unused;
	for (size_t i = 0; sim_shapes[i]; i++) {
		struct sim_load load = {0};
		double most = 0;
		struct err err;

		assert_int_equal(sim_load_shape(sim_shapes[i], 800, &load, &err), 0);
		assert_int_equal(load.rates[0].offset_ms, 0);
		for (size_t j = 0; j < load.count; j++) {
			assert_true(j == 0 ||
				    load.rates[j].offset_ms > load.rates[j - 1].offset_ms);
			most = load.rates[j].per_s > most ? load.rates[j].per_s : most;
		}
		assert_in_range((int)(most + 0.5), 790, 800);
		free(load.rates);
	}
}

static void recordings_are_read_and_scaled(void **unused)
{
	struct sim_load load = {0};
	struct err err;

	(void)unused;
	assert_int_equal(
		sim_load_csv("offset_s,per_s\n# one a minute\n0,10\r\n60,20.5\n\n", 0, &load, &err),
		0);
	assert_int_equal(load.count, 3);
	assert_int_equal(load.rates[1].offset_ms, 60000);
	assert_int_equal((int)(load.rates[1].per_s * 10), 205);
	assert_int_equal(load.rates[2].offset_ms, 120000);
	free(load.rates);
	assert_int_equal(sim_load_csv("0,10\n60,20", 200, &load, &err), 0);
	assert_int_equal((int)load.rates[0].per_s, 100);
	assert_int_equal((int)load.rates[1].per_s, 200);
	free(load.rates);
}

static void bad_recordings_say_their_line(void **unused)
{
	static const struct {
		const char *text;
		const char *error;
	} bad[] = {
		{"", "a load needs two samples at least"},
		{"0,1\n", "a load needs two samples at least"},
		{"0,1\n5,x\n", "line 2: expected 'seconds,requests per second', both from 0"},
		{"0,1\n5\n", "line 2: expected 'seconds,requests per second', both from 0"},
		{"0,1\n5,-1\n", "line 2: expected 'seconds,requests per second', both from 0"},
		{"0,1\n5,nan\n", "line 2: expected 'seconds,requests per second', both from 0"},
		{"0,1\n5,1e300\n", "line 2: expected 'seconds,requests per second', both from 0"},
		{"0,1\n0,2\n", "line 2: its time is not after the one before"},
		{"a,b\nc,d\n", "line 2: expected 'seconds,requests per second', both from 0"},
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct sim_load load = {0};
		struct err err;

		assert_int_equal(sim_load_csv(bad[i].text, 0, &load, &err), -EINVAL);
		assert_string_equal(err.text, bad[i].error);
		assert_null(load.rates);
	}
}

static void a_load_without_an_end_is_refused(void **unused)
{
	struct sim_rate rates[] = {{0, 100}, {0, 0}};
	struct sim_load load = {rates, 2};
	struct sim_state state;
	struct sim_policy policy = sim_policy_fixed(&state, 1);
	struct sim_result result = {0};
	struct err err;

	(void)unused;
	assert_int_equal(simulate(&load, &service, &policy, &result, &err), -EINVAL);
	load.count = 1;
	assert_int_equal(simulate(&load, &service, &policy, &result, &err), -EINVAL);
	assert_int_equal(sim_load_shape("sawtooth", 1, &load, &err), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(enough_instances_keep_nobody_waiting),
		cmocka_unit_test(too_few_let_the_queue_grow),
		cmocka_unit_test(an_instance_serves_only_when_it_has_started),
		cmocka_unit_test(the_same_seed_is_the_same_run),
		cmocka_unit_test(davit_beats_the_others_at_whatever_they_aim),
		cmocka_unit_test(a_forecast_is_there_before_the_rush),
		cmocka_unit_test(every_shape_has_a_beginning_and_its_peak),
		cmocka_unit_test(recordings_are_read_and_scaled),
		cmocka_unit_test(bad_recordings_say_their_line),
		cmocka_unit_test(a_load_without_an_end_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
