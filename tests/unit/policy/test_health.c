// SPDX-License-Identifier: GPL-2.0-or-later
/* Schedules and streaks, against what the engine would have done. */
#include "tests/unit/cmocka_all.h"

#include "launcher/policy/health.h"
#include "runtime/base/cleanup.h"

#define BORN_MS 1000000

static const struct probe_timing defaults = {
	.interval_ms = 30000, .timeout_ms = 30000, .start_interval_ms = 5000, .retries = 3};

/* Runs a probe that takes @took_ms when it is due; returns when it started, counted from birth. */
static int64_t probe(const struct probe_timing *spec, struct health *health,
		     enum probe_outcome outcome, int64_t took_ms, enum health_change *ret_change)
{
	int64_t start_ms = health_next_probe_ms(spec, health);

	*ret_change = health_result(spec, health, outcome, start_ms, start_ms + took_ms);
	return start_ms - BORN_MS;
}

static void what_never_works_is_unhealthy_when_the_engine_says_so(void **unused)
{
	(void)unused;
	const int64_t starts_ms[] = {100,   200,   400,	  800,	 1600,	3200,  6400,
				     11400, 16400, 21400, 26400, 30000, 60000, 90000};
	struct health health;
	enum health_change change;

	health_init(&health, BORN_MS);
	for (size_t i = 0; i < ARRAY_SIZE(starts_ms); i++) {
		assert_int_equal(probe(&defaults, &health, PROBE_FAILED, 0, &change), starts_ms[i]);
		assert_int_equal(change, i + 1 == ARRAY_SIZE(starts_ms) ? HEALTH_BECAME_UNHEALTHY
									: HEALTH_NOTHING);
	}
	assert_int_equal(health.status, HEALTH_UNHEALTHY);
	assert_int_equal(probe(&defaults, &health, PROBE_FAILED, 0, &change), 120000);
	assert_int_equal(change, HEALTH_NOTHING);
}

static void an_early_success_is_believed_at_once(void **unused)
{
	(void)unused;
	struct health health;
	enum health_change change;

	health_init(&health, BORN_MS);
	assert_int_equal(probe(&defaults, &health, PROBE_FAILED, 0, &change), 100);
	assert_int_equal(probe(&defaults, &health, PROBE_OK, 200, &change), 200);
	assert_int_equal(change, HEALTH_BECAME_HEALTHY);
	assert_int_equal(probe(&defaults, &health, PROBE_OK, 0, &change), 30400);
	assert_int_equal(change, HEALTH_NOTHING);
}

static void a_short_interval_counts_as_soon_as_the_engine_has_one(void **unused)
{
	(void)unused;
	const int64_t starts_ms[] = {100, 200, 400, 800, 1000, 2000, 3000};
	struct probe_timing spec = defaults;
	struct health health;
	enum health_change change;

	spec.interval_ms = 1000;
	health_init(&health, BORN_MS);
	for (size_t i = 0; i < ARRAY_SIZE(starts_ms); i++)
		assert_int_equal(probe(&spec, &health, PROBE_FAILED, 0, &change), starts_ms[i]);
	assert_int_equal(change, HEALTH_BECAME_UNHEALTHY);
}

static void failures_in_the_start_period_do_not_count(void **unused)
{
	(void)unused;
	struct probe_timing spec = defaults;
	struct health health;
	enum health_change change;

	spec.start_period_ms = 12000;
	spec.retries = 1;
	health_init(&health, BORN_MS);
	for (int64_t start_ms = 100; start_ms <= 6400; start_ms *= 2)
		assert_int_equal(probe(&spec, &health, PROBE_FAILED, 0, &change), start_ms);
	assert_int_equal(probe(&spec, &health, PROBE_TIMEOUT, 0, &change), 11400);
	assert_int_equal(change, HEALTH_NOTHING);
	/* The next one is due at the end of the period, not five seconds later. */
	assert_int_equal(probe(&spec, &health, PROBE_FAILED, 0, &change), 12000);
	assert_int_equal(change, HEALTH_BECAME_UNHEALTHY);
}

static void the_start_of_a_probe_decides_whether_it_is_early(void **unused)
{
	(void)unused;
	struct probe_timing spec = defaults;
	struct health health;

	spec.start_period_ms = 12000;
	spec.retries = 1;
	health_init(&health, BORN_MS);
	assert_int_equal(
		health_result(&spec, &health, PROBE_TIMEOUT, BORN_MS + 11999, BORN_MS + 20000),
		HEALTH_NOTHING);
	assert_int_equal(health_next_probe_ms(&spec, &health), BORN_MS + 50000);
}

static void once_healthy_the_start_period_protects_no_more(void **unused)
{
	(void)unused;
	struct probe_timing spec = defaults;
	struct health health;
	enum health_change change;

	spec.start_period_ms = 100000;
	spec.retries = 2;
	health_init(&health, BORN_MS);
	assert_int_equal(probe(&spec, &health, PROBE_OK, 0, &change), 100);
	assert_int_equal(probe(&spec, &health, PROBE_FAILED, 0, &change), 30100);
	assert_int_equal(probe(&spec, &health, PROBE_TIMEOUT, 30000, &change), 60100);
	assert_int_equal(change, HEALTH_BECAME_UNHEALTHY);
	assert_int_equal(probe(&spec, &health, PROBE_OK, 0, &change), 120100);
	assert_int_equal(change, HEALTH_BECAME_HEALTHY);
}

static void a_success_ends_the_streak(void **unused)
{
	(void)unused;
	struct health health;
	enum health_change change;

	health_init(&health, BORN_MS);
	(void)probe(&defaults, &health, PROBE_OK, 0, &change);
	for (int i = 0; i < 10; i++) {
		(void)probe(&defaults, &health, PROBE_FAILED, 0, &change);
		(void)probe(&defaults, &health, PROBE_FAILED, 0, &change);
		(void)probe(&defaults, &health, PROBE_OK, 0, &change);
		assert_int_equal(change, HEALTH_NOTHING);
	}
	assert_int_equal(health.status, HEALTH_HEALTHY);
}

static void statuses_have_the_names_of_compose(void **unused)
{
	(void)unused;
	assert_string_equal(health_status_name(HEALTH_STARTING), "starting");
	assert_string_equal(health_status_name(HEALTH_HEALTHY), "healthy");
	assert_string_equal(health_status_name(HEALTH_UNHEALTHY), "unhealthy");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_never_works_is_unhealthy_when_the_engine_says_so),
		cmocka_unit_test(an_early_success_is_believed_at_once),
		cmocka_unit_test(a_short_interval_counts_as_soon_as_the_engine_has_one),
		cmocka_unit_test(failures_in_the_start_period_do_not_count),
		cmocka_unit_test(the_start_of_a_probe_decides_whether_it_is_early),
		cmocka_unit_test(once_healthy_the_start_period_protects_no_more),
		cmocka_unit_test(a_success_ends_the_streak),
		cmocka_unit_test(statuses_have_the_names_of_compose),
	};

	return cmocka_run_group_tests_name("health", tests, NULL, NULL);
}
