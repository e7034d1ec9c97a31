// SPDX-License-Identifier: GPL-2.0-or-later
/* The table as a whole, then the paths that matter. */
#include "tests/unit/cmocka_all.h"

#include "launcher/policy/instance_fsm.h"

#include <stdbool.h>
#include <string.h>

#define ENDS_OF_A_RUN                                                                              \
	INSTANCE_EV_START_FAILED_RETRY, INSTANCE_EV_START_FAILED_FOR_GOOD,                         \
		INSTANCE_EV_EXITED_RESTART, INSTANCE_EV_EXITED_COMPLETED,                          \
		INSTANCE_EV_EXITED_FAILED

static bool runs(enum instance_state state)
{
	return state == INSTANCE_STARTING || state == INSTANCE_READY || state == INSTANCE_UNREADY ||
	       state == INSTANCE_STOPPING;
}

static void every_cell_is_decided(void **unused)
{
	(void)unused;
	for (int s = 0; s < INSTANCE_STATES; s++)
		for (int e = 0; e < INSTANCE_EVENTS; e++) {
			const struct instance_step *step = instance_step(s, e);

			assert_int_not_equal(step->kind, STEP_UNSET);
			assert_in_range(step->next, 0, INSTANCE_STATES - 1);
			if (step->kind == STEP_IGNORE)
				assert_int_equal(step->actions, 0);
		}
}

static void nothing_starts_but_what_waits_or_backs_off(void **unused)
{
	(void)unused;
	for (int s = 0; s < INSTANCE_STATES; s++)
		for (int e = 0; e < INSTANCE_EVENTS; e++) {
			const struct instance_step *step = instance_step(s, e);

			if (!(step->actions & ACT_START))
				continue;
			assert_int_equal(step->next, INSTANCE_STARTING);
			assert_true((s == INSTANCE_WAITING && e == INSTANCE_EV_DEPS_MET) ||
				    (s == INSTANCE_BACKOFF && e == INSTANCE_EV_BACKOFF_OVER));
		}
}

static void the_ready_set_is_published_exactly_when_it_changes(void **unused)
{
	(void)unused;
	for (int s = 0; s < INSTANCE_STATES; s++)
		for (int e = 0; e < INSTANCE_EVENTS; e++) {
			const struct instance_step *step = instance_step(s, e);
			bool was = s == INSTANCE_READY;
			bool is = step->kind == STEP_GO ? step->next == INSTANCE_READY : was;

			assert_int_equal((step->actions & ACT_PUBLISH) != 0, was != is);
		}
}

static void no_timer_outlives_the_state_that_needs_it(void **unused)
{
	(void)unused;
	for (int s = 0; s < INSTANCE_STATES; s++)
		for (int e = 0; e < INSTANCE_EVENTS; e++) {
			const struct instance_step *step = instance_step(s, e);
			unsigned acts = step->actions;

			if (acts & ACT_ARM_BACKOFF)
				assert_int_equal(step->next, INSTANCE_BACKOFF);
			if (step->kind == STEP_GO && step->next == INSTANCE_BACKOFF &&
			    s != INSTANCE_BACKOFF)
				assert_true(acts & ACT_ARM_BACKOFF);
			if (acts & ACT_ARM_GRACE)
				assert_true(step->next == INSTANCE_STOPPING ||
					    step->next == INSTANCE_UNREADY);
			if ((s == INSTANCE_STOPPING || s == INSTANCE_BACKOFF) && acts & ACT_GONE)
				assert_true(acts & ACT_CANCEL_TIMERS);
			if (s == INSTANCE_UNREADY && step->kind == STEP_GO && !runs(step->next))
				assert_true(acts & ACT_CANCEL_TIMERS);
		}
}

static void no_probe_outlives_its_program(void **unused)
{
	(void)unused;
	const enum instance_state probed[] = {INSTANCE_STARTING, INSTANCE_READY, INSTANCE_UNREADY};

	for (size_t i = 0; i < sizeof(probed) / sizeof(probed[0]); i++)
		for (int e = 0; e < INSTANCE_EVENTS; e++) {
			const struct instance_step *step = instance_step(probed[i], e);
			bool start_failed = e == INSTANCE_EV_START_FAILED_RETRY ||
					    e == INSTANCE_EV_START_FAILED_FOR_GOOD;

			if (step->kind != STEP_GO || start_failed)
				continue;
			if (!runs(step->next) || step->next == INSTANCE_STOPPING)
				assert_true(step->actions & ACT_STOP_HEALTH);
		}
}

static void stopping_what_does_not_run_ends_it_at_once(void **unused)
{
	(void)unused;
	const enum instance_state idle[] = {INSTANCE_WAITING, INSTANCE_BACKOFF, INSTANCE_COMPLETED,
					    INSTANCE_FAILED};

	for (size_t i = 0; i < sizeof(idle) / sizeof(idle[0]); i++) {
		const struct instance_step *step = instance_step(idle[i], INSTANCE_EV_STOP);

		assert_true(step->actions & ACT_GONE);
		assert_false(step->actions & (ACT_START | ACT_SIGNAL_STOP | ACT_ARM_GRACE));
	}
}

static void assert_signalled(const struct instance_step *step)
{
	assert_int_equal(step->next, INSTANCE_STOPPING);
	assert_true(step->actions & ACT_SIGNAL_STOP);
	assert_true(step->actions & ACT_ARM_GRACE);
	assert_false(step->actions & (ACT_GONE | ACT_DRAIN));
}

static void stopping_what_was_never_ready_signals_it_and_gives_it_its_grace(void **unused)
{
	(void)unused;
	assert_signalled(instance_step(INSTANCE_STARTING, INSTANCE_EV_STOP));
}

/* Out of the ready set first, so that no new connection comes; the signal when the others are over.
 */
static void what_may_have_connections_is_drained_before_its_signal(void **unused)
{
	const enum instance_state running[] = {INSTANCE_READY, INSTANCE_UNREADY};

	(void)unused;
	for (size_t i = 0; i < sizeof(running) / sizeof(running[0]); i++) {
		const struct instance_step *step = instance_step(running[i], INSTANCE_EV_STOP);

		assert_int_equal(step->next, INSTANCE_STOPPING);
		assert_true(step->actions & ACT_DRAIN);
		assert_false(step->actions & (ACT_SIGNAL_STOP | ACT_ARM_GRACE | ACT_GONE));
	}
	assert_signalled(instance_step(INSTANCE_STOPPING, INSTANCE_EV_DRAINED));
	for (int s = 0; s < INSTANCE_STATES; s++)
		if (s != INSTANCE_STOPPING)
			assert_int_equal(instance_step(s, INSTANCE_EV_DRAINED)->kind, STEP_IGNORE);
}

static void a_stopping_instance_is_gone_with_any_end(void **unused)
{
	(void)unused;
	const enum instance_event ends[] = {ENDS_OF_A_RUN};

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		assert_true(instance_step(INSTANCE_STOPPING, ends[i])->actions & ACT_GONE);
	assert_int_equal(instance_step(INSTANCE_STOPPING, INSTANCE_EV_GRACE_OVER)->actions,
			 ACT_KILL);
	assert_int_equal(instance_step(INSTANCE_STOPPING, INSTANCE_EV_EXEC_OK)->actions,
			 ACT_SIGNAL_STOP);
}

static void a_health_check_holds_readiness_back(void **unused)
{
	(void)unused;
	const struct instance_step *plain = instance_step(INSTANCE_STARTING, INSTANCE_EV_EXEC_OK);
	const struct instance_step *probed =
		instance_step(INSTANCE_STARTING, INSTANCE_EV_EXEC_OK_PROBED);

	assert_int_equal(plain->next, INSTANCE_READY);
	assert_int_equal(probed->next, INSTANCE_STARTING);
	assert_true(probed->actions & ACT_START_HEALTH);
	assert_int_equal(instance_step(INSTANCE_STARTING, INSTANCE_EV_HEALTHY)->next,
			 INSTANCE_READY);
	assert_int_equal(instance_step(INSTANCE_READY, INSTANCE_EV_UNHEALTHY)->next,
			 INSTANCE_UNREADY);
	assert_int_equal(instance_step(INSTANCE_UNREADY, INSTANCE_EV_HEALTHY)->next,
			 INSTANCE_READY);
}

static void an_unhealthy_instance_to_be_restarted_ends_in_backoff(void **unused)
{
	(void)unused;
	const struct instance_step *end =
		instance_step(INSTANCE_READY, INSTANCE_EV_UNHEALTHY_RESTART);

	assert_int_equal(end->next, INSTANCE_UNREADY);
	assert_true(end->actions & ACT_SIGNAL_STOP && end->actions & ACT_ARM_GRACE);
	assert_int_equal(instance_step(INSTANCE_UNREADY, INSTANCE_EV_GRACE_OVER)->actions,
			 ACT_KILL);
	assert_int_equal(instance_step(INSTANCE_UNREADY, INSTANCE_EV_EXITED_RESTART)->next,
			 INSTANCE_BACKOFF);
}

static void broken_dependencies_leave_it_waiting(void **unused)
{
	(void)unused;
	const struct instance_step *step = instance_step(INSTANCE_WAITING, INSTANCE_EV_DEPS_BROKEN);

	assert_int_equal(step->next, INSTANCE_WAITING);
	assert_int_equal(step->actions, 0);
}

static void names_are_those_of_the_documents(void **unused)
{
	(void)unused;
	const char *const names[] = {"waiting",	 "starting", "ready",	  "unready",
				     "stopping", "backoff",  "completed", "failed"};

	for (int s = 0; s < INSTANCE_STATES; s++)
		assert_string_equal(instance_state_name(s), names[s]);
	for (int e = 0; e < INSTANCE_EVENTS; e++)
		assert_true(strlen(instance_event_name(e)) > 0);
	assert_string_equal(instance_event_name(INSTANCE_EV_STOP), "stop");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_cell_is_decided),
		cmocka_unit_test(nothing_starts_but_what_waits_or_backs_off),
		cmocka_unit_test(the_ready_set_is_published_exactly_when_it_changes),
		cmocka_unit_test(no_timer_outlives_the_state_that_needs_it),
		cmocka_unit_test(no_probe_outlives_its_program),
		cmocka_unit_test(stopping_what_does_not_run_ends_it_at_once),
		cmocka_unit_test(stopping_what_was_never_ready_signals_it_and_gives_it_its_grace),
		cmocka_unit_test(what_may_have_connections_is_drained_before_its_signal),
		cmocka_unit_test(a_stopping_instance_is_gone_with_any_end),
		cmocka_unit_test(a_health_check_holds_readiness_back),
		cmocka_unit_test(an_unhealthy_instance_to_be_restarted_ends_in_backoff),
		cmocka_unit_test(broken_dependencies_leave_it_waiting),
		cmocka_unit_test(names_are_those_of_the_documents),
	};

	return cmocka_run_group_tests_name("instance_fsm", tests, NULL, NULL);
}
