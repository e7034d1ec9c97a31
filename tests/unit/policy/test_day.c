// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A day of a policy's life in a moment, on a clock that has gone for years: nothing grows, nothing
 * overflows (the sanitisers look), and what holds in the first minute holds in the last.
 */
#include "launcher/policy/health.h"
#include "launcher/policy/restart.h"
#include "launcher/policy/simulate_loads.h"
#include "launcher/policy/simulate_policies.h"
#include "tests/unit/cmocka_all.h"

#include <malloc.h>
#include <stdlib.h>

#define DAY_MS	 INT64_C(86400000)
#define BEGIN_MS (INT64_C(20) * 365 * DAY_MS) /* a host that was started long ago */

static uint64_t state = 88172645463325252;

static int64_t draw(int64_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (int64_t)(state % (uint64_t)below);
}

static void a_day_of_crashes_keeps_to_the_curve(void **unused)
{
	const struct restart_spec spec = {.condition = RESTART_ALWAYS, .delay_ms = -1};
	const struct run_end crash = {.kind = RUN_END_EXITED, .code = 1};
	struct restart_history history = {.seed = 7};
	unsigned restarts = 0;

	for (int64_t now_ms = BEGIN_MS; now_ms < BEGIN_MS + DAY_MS; restarts++) {
		int64_t ran_ms = draw(10) ? draw(2000) : draw(60000);

		now_ms += ran_ms;
		struct restart_verdict verdict =
			restart_decide(&spec, &history, &crash, ran_ms, now_ms);

		assert_int_equal(verdict.decision, RESTART_AGAIN);
		assert_in_range(verdict.delay_ms, 100, 60000);
		now_ms += verdict.delay_ms;
	}
	assert_int_equal(history.restarts, restarts);
	assert_in_range(restarts, 1000, 200000);
}

static void a_day_of_probes_stays_in_step(void **unused)
{
	const struct probe_timing spec = {.interval_ms = 5000,
					  .timeout_ms = 1000,
					  .start_period_ms = 30000,
					  .start_interval_ms = 1000,
					  .retries = 3};
	struct health health;
	unsigned failures = 0, probes = 0;

	health_init(&health, BEGIN_MS);
	for (int64_t now_ms = BEGIN_MS; now_ms < BEGIN_MS + DAY_MS; probes++) {
		int64_t begun_ms = health_next_probe_ms(&spec, &health);
		enum probe_outcome outcome = draw(4) ? PROBE_OK : PROBE_FAILED;

		assert_in_range(begun_ms - now_ms, 0, spec.interval_ms);
		now_ms = begun_ms + draw(spec.timeout_ms);
		(void)health_result(&spec, &health, outcome, begun_ms, now_ms);
		failures = outcome == PROBE_OK ? 0 : failures + 1;
		if (begun_ms > BEGIN_MS + spec.start_period_ms + spec.interval_ms)
			assert_int_equal(health.status == HEALTH_UNHEALTHY,
					 failures >= spec.retries);
	}
	assert_in_range(probes, DAY_MS / 6500, DAY_MS / 4500);
}

static void a_day_of_load_is_followed_without_a_byte_more(void **unused)
{
	static const struct autoscale wanted = {
		.present = true,
		.min = 1,
		.max = 64,
		.targets = {[SCALE_CPU] = {.present = true, .milli = 70 * SCALE_MILLI},
			    [SCALE_BACKLOG] = {.present = true, .milli = SCALE_MILLI}},
		.up = {.tolerance_milli = 50, .policies = {{900, true, 1000}}, .policy_count = 1},
		.down = {.tolerance_milli = 50,
			 .learned = true,
			 .policies = {{100, true, 15000}},
			 .policy_count = 1},
	};
	const struct sim_service service = {.capacity_per_s = 50,
					    .concurrency = 8,
					    .start_ms = 2000,
					    .late_ms = 100,
					    .seed = 3};
	struct sim_rate rates[25];

	/* Quiet at night; the 25th only says when the end is. */
	for (int hour = 0; hour <= 24; hour++)
		rates[hour] = (struct sim_rate){hour * INT64_C(3600000),
						hour % 24 < 8 ? 5 : 20 * (double)(hour % 5)};
	const struct sim_load load = {rates, sizeof(rates) / sizeof(rates[0])};
	struct sim_state scaler;
	struct sim_policy policy = sim_policy_davit(&scaler, &wanted, &service);
	struct sim_result result = {0};
	size_t before = 0;

	for (int day = 0; day < 2; day++) { /* the first one also has the C library's own */
		before = mallinfo2().uordblks;
		policy = sim_policy_davit(&scaler, &wanted, &service);
		policy.begin = 1;
		assert_int_equal(simulate(&load, &service, &policy, &result, NULL), 0);
	}
	assert_int_equal(mallinfo2().uordblks, before);
	assert_in_range(result.most, 2, 16);
	assert_true(result.late < 0.02 * result.requests);
	/* A number of instances per hour is what the load asks for, not one per look. */
	assert_in_range(result.changes, 10, 400);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_day_of_crashes_keeps_to_the_curve),
		cmocka_unit_test(a_day_of_probes_stays_in_step),
		cmocka_unit_test(a_day_of_load_is_followed_without_a_byte_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
