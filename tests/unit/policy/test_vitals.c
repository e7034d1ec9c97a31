// SPDX-License-Identifier: GPL-2.0-or-later
/* Which probes there are, and what their results make of an instance. */
#include "tests/unit/cmocka_all.h"

#include "launcher/policy/vitals.h"

#include <stdlib.h>

#define BIT(role) (1u << (role))

static const struct probe_spec spec = {.method = PROBE_TCP,
				       .interval_ms = 1000,
				       .timeout_ms = 100,
				       .start_interval_ms = 100,
				       .retries = 2};
static const struct probe_spec none = {.method = PROBE_NONE};
static const struct probe_spec spoken = {.method = PROBE_NOTIFY, .timeout_ms = 500, .retries = 1};
static const struct healthcheck check = {.present = true,
					 .interval_ms = 1000,
					 .timeout_ms = 100,
					 .start_interval_ms = 100,
					 .retries = 2};

/* A run: what is fed to it is at an ever later time, late enough to count. */
struct run {
	struct service service;
	struct probe_set set;
	struct vitals vitals;
	int64_t now_ms;
};

static void begin(struct run *run)
{
	probe_set_of(&run->service, &run->set);
	run->now_ms = 100000;
	vitals_init(&run->set, &run->vitals, run->now_ms);
}

static enum vitals_change feed(struct run *run, size_t index, enum probe_outcome outcome)
{
	struct probe_result result = {outcome, run->now_ms + 5000, run->now_ms + 5001};

	run->now_ms += 5001;
	return vitals_result(&run->set, &run->vitals, index, &result);
}

static enum health_status status(const struct run *run)
{
	return vitals_status(&run->set, &run->vitals);
}

static void without_probes_an_instance_is_ready_at_once(void **unused)
{
	struct run run = {0};

	(void)unused;
	begin(&run);
	assert_int_equal(run.set.count, 0);
	assert_false(probe_set_gates(&run.set));
	assert_true(run.vitals.ready);
}

static void a_health_check_is_readiness_and_liveness(void **unused)
{
	struct run run = {.service.healthcheck = check};

	(void)unused;
	begin(&run);
	assert_int_equal(run.set.count, 1);
	assert_int_equal(run.set.uses[0].roles, BIT(PROBE_READINESS) | BIT(PROBE_LIVENESS));
	assert_int_equal(run.set.uses[0].method, PROBE_EXEC);
	assert_true(probe_set_gates(&run.set));
	assert_int_equal(status(&run), HEALTH_STARTING);
	assert_int_equal(feed(&run, 0, PROBE_OK), VITALS_READY);
	assert_int_equal(status(&run), HEALTH_HEALTHY);
	assert_int_equal(feed(&run, 0, PROBE_FAILED), VITALS_SAME);
	assert_int_equal(feed(&run, 0, PROBE_TIMEOUT), VITALS_FAILED);
	assert_int_equal(status(&run), HEALTH_UNHEALTHY);
	assert_int_equal(feed(&run, 0, PROBE_OK), VITALS_READY);
}

static void what_x_probe_names_is_taken_from_the_health_check(void **unused)
{
	struct run run = {.service.healthcheck = check};

	(void)unused;
	run.service.probes[PROBE_LIVENESS] = none;
	begin(&run);
	assert_int_equal(run.set.count, 1);
	assert_int_equal(run.set.uses[0].roles, BIT(PROBE_READINESS));
	assert_int_equal(feed(&run, 0, PROBE_FAILED), VITALS_SAME);
	assert_int_equal(feed(&run, 0, PROBE_FAILED), VITALS_UNREADY);

	run.service.probes[PROBE_READINESS] = spec;
	begin(&run);
	assert_int_equal(run.set.count, 1);
	assert_int_equal(run.set.uses[0].method, PROBE_TCP);

	run.service.probes[PROBE_LIVENESS] = (struct probe_spec){0};
	begin(&run);
	assert_int_equal(run.set.count, 2);
	assert_int_equal(run.set.uses[1].roles, BIT(PROBE_LIVENESS));
}

static void liveness_alone_does_not_keep_an_instance_from_being_ready(void **unused)
{
	struct run run = {0};

	(void)unused;
	run.service.probes[PROBE_LIVENESS] = spec;
	begin(&run);
	assert_false(probe_set_gates(&run.set));
	assert_true(run.vitals.ready);
	assert_int_equal(feed(&run, 0, PROBE_FAILED), VITALS_SAME);
	assert_int_equal(feed(&run, 0, PROBE_FAILED), VITALS_FAILED);
	assert_false(run.vitals.ready);
	assert_int_equal(feed(&run, 0, PROBE_OK), VITALS_READY);
}

static void startup_gates_the_others(void **unused)
{
	struct run run = {0};

	(void)unused;
	run.service.probes[PROBE_STARTUP] = run.service.probes[PROBE_READINESS] =
		run.service.probes[PROBE_LIVENESS] = spec;
	begin(&run);
	assert_true(vitals_due(&run.set, &run.vitals, 0));
	assert_false(vitals_due(&run.set, &run.vitals, 1));
	assert_false(vitals_due(&run.set, &run.vitals, 2));
	assert_int_equal(feed(&run, 0, PROBE_OK), VITALS_STARTED);
	assert_false(vitals_due(&run.set, &run.vitals, 0));
	assert_true(vitals_due(&run.set, &run.vitals, 1));
	/* Their time begins with the gate. */
	assert_int_equal(run.vitals.of[1].started_ms, run.now_ms);
	assert_int_equal(feed(&run, 1, PROBE_OK), VITALS_READY);
	assert_int_equal(feed(&run, 2, PROBE_FAILED), VITALS_SAME);
	assert_int_equal(feed(&run, 2, PROBE_FAILED), VITALS_FAILED);
}

static void startup_alone_makes_ready(void **unused)
{
	struct run run = {0};

	(void)unused;
	run.service.probes[PROBE_STARTUP] = spec;
	begin(&run);
	assert_int_equal(feed(&run, 0, PROBE_FAILED), VITALS_SAME);
	assert_int_equal(feed(&run, 0, PROBE_FAILED), VITALS_FAILED);
	assert_int_equal(status(&run), HEALTH_UNHEALTHY);
	assert_int_equal(feed(&run, 0, PROBE_OK), VITALS_READY);
	assert_int_equal(status(&run), HEALTH_HEALTHY);
}

static void silence_counts_at_once(void **unused)
{
	struct run run = {0};
	struct probe_result late;

	(void)unused;
	run.service.probes[PROBE_LIVENESS] = spoken;
	begin(&run);
	assert_true(probe_set_notifies(&run.set));
	late = (struct probe_result){PROBE_TIMEOUT, run.now_ms, run.now_ms + 500};
	assert_int_equal(vitals_result(&run.set, &run.vitals, 0, &late), VITALS_FAILED);
}

static void a_listener_is_awaited_beside_other_probes_but_no_startup_probe(void **unused)
{
	struct service service = {.probes[PROBE_STARTUP] = {.method = PROBE_LISTEN},
				  .probes[PROBE_READINESS] = spec};
	struct probe_set set;

	(void)unused;
	probe_set_of(&service, &set);
	assert_int_equal(set.count, 1);
	probe_set_await_listener(&set);
	assert_int_equal(set.count, 2);
	assert_true(probe_set_awaits_listener(&set));
	service.probes[PROBE_STARTUP] = spec;
	probe_set_of(&service, &set);
	probe_set_await_listener(&set);
	assert_int_equal(set.count, 2);
	assert_false(probe_set_awaits_listener(&set));
}

static void a_listener_is_looked_for_once(void **unused)
{
	struct run run = {.service.probes[PROBE_LIVENESS] = spec};

	(void)unused;
	begin(&run);
	assert_false(probe_set_awaits_listener(&run.set));
	probe_set_await_listener(&run.set);
	assert_true(probe_set_awaits_listener(&run.set) && probe_set_gates(&run.set));
	vitals_init(&run.set, &run.vitals, run.now_ms);
	assert_false(run.vitals.ready);
	assert_true(vitals_due(&run.set, &run.vitals, 1) && !vitals_due(&run.set, &run.vitals, 0));
	assert_true(health_next_probe_ms(&run.set.uses[1].timing, &run.vitals.of[1]) <= run.now_ms);
	assert_int_equal(feed(&run, 1, PROBE_OK), VITALS_READY);
	assert_false(vitals_due(&run.set, &run.vitals, 1));
	assert_true(vitals_due(&run.set, &run.vitals, 0));
}

/* Whatever happens in whatever order, the words agree with each other. */
static void any_order_of_results_is_consistent(void **unused)
{
	const struct probe_spec *const choices[] = {&spec, &none, &spoken, &(struct probe_spec){0}};

	(void)unused;
	srandom(7);
	for (unsigned round = 0; round < 3000; round++) {
		struct run run = {0};

		for (unsigned role = 0; role < PROBE_ROLES; role++)
			run.service.probes[role] = *choices[(size_t)random() % 4];
		if (random() % 2)
			run.service.healthcheck = check;
		begin(&run);
		assert_true(run.set.count <= PROBES_MAX);
		assert_int_equal(run.vitals.ready, !probe_set_gates(&run.set));
		for (unsigned step = 0; run.set.count && step < 30; step++) {
			size_t index = (size_t)random() % run.set.count;
			bool was_ready = run.vitals.ready;

			if (!vitals_due(&run.set, &run.vitals, index))
				continue;
			enum vitals_change change =
				feed(&run, index, (enum probe_outcome)(random() % 3));

			if (change == VITALS_READY)
				assert_true(run.vitals.ready && !was_ready);
			if (change == VITALS_UNREADY || change == VITALS_FAILED)
				assert_false(run.vitals.ready);
			if (change == VITALS_SAME || change == VITALS_STARTED)
				assert_int_equal(run.vitals.ready, was_ready);
			assert_true(!run.vitals.ready || status(&run) == HEALTH_HEALTHY);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_probes_an_instance_is_ready_at_once),
		cmocka_unit_test(a_health_check_is_readiness_and_liveness),
		cmocka_unit_test(what_x_probe_names_is_taken_from_the_health_check),
		cmocka_unit_test(liveness_alone_does_not_keep_an_instance_from_being_ready),
		cmocka_unit_test(startup_gates_the_others),
		cmocka_unit_test(startup_alone_makes_ready),
		cmocka_unit_test(silence_counts_at_once),
		cmocka_unit_test(a_listener_is_awaited_beside_other_probes_but_no_startup_probe),
		cmocka_unit_test(a_listener_is_looked_for_once),
		cmocka_unit_test(any_order_of_results_is_consistent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
