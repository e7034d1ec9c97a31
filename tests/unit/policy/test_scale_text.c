// SPDX-License-Identifier: GPL-2.0-or-later
/* Decisions in words. */
#include "tests/unit/cmocka_all.h"

#include "launcher/policy/scale_text.h"
#include "runtime/base/cleanup.h"

static void expect(const struct scale_input *input, const struct scale_decision *decision,
		   const char *wanted)
{
	const struct autoscale autoscale = {
		.targets[SCALE_CPU] = {.present = true, .milli = 70000},
		.targets[SCALE_MEMORY] = {.present = true, .milli = 80000},
	};
	char text[SCALE_TEXT_MAX];

	scale_text(&autoscale, input, decision, 93400, text);
	assert_string_equal(text, wanted);
}

static void a_use_is_told_beside_its_target(void **unused)
{
	const struct scale_sample samples[] = {
		{SAMPLE_READY, 90000}, {SAMPLE_READY, 70000}, {SAMPLE_UNREADY, 0}};
	const struct scale_input input = {.readings[SCALE_MEMORY] = {samples, 3}};

	(void)unused;
	expect(&input, &(struct scale_decision){.decisive = SCALE_CPU}, "cpu 93%, target 70%");
	expect(&input, &(struct scale_decision){.decisive = SCALE_MEMORY}, "memory 80, target 80");
}

static void a_queue_is_told_with_what_one_serves(void **unused)
{
	(void)unused;
	expect(&(struct scale_input){.waiting = 12},
	       &(struct scale_decision){
		       .decisive = SCALE_BACKLOG, .rate_milli = 340000, .capacity_milli = 120000},
	       "12 connections wait, 340/s arrive, one serves 120/s");
	expect(&(struct scale_input){.waiting = 1},
	       &(struct scale_decision){.decisive = SCALE_BACKLOG},
	       "1 connection waits, 0/s arrive");
}

static void what_limits_it_is_told(void **unused)
{
	const struct {
		enum scale_limit limit;
		const char *text;
	} cases[] = {
		{SCALE_BY_WINDOW, "cpu 93%, target 70%, as far as was wanted all the while"},
		{SCALE_BY_RATE, "cpu 93%, target 70%, no faster than it may"},
		{SCALE_BY_MIN, "cpu 93%, target 70%, no fewer than min"},
		{SCALE_BY_MAX, "cpu 93%, target 70%, no more than max"},
		{SCALE_BY_ROOM, "cpu 93%, target 70%, no more than the host has room for"},
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		expect(&(struct scale_input){0},
		       &(struct scale_decision){.decisive = SCALE_CPU, .limit = cases[i].limit},
		       cases[i].text);
	expect(&(struct scale_input){.current = 3},
	       &(struct scale_decision){.proposal = 3, .limit = SCALE_BY_MISSING},
	       "nothing is measured, not everything is known");
}

static void signals_and_limits_have_names(void **unused)
{
	(void)unused;
	for (int signal = 0; signal < SCALE_SIGNALS; signal++)
		assert_non_null(scale_signal_name((enum scale_signal)signal));
	assert_string_equal(scale_signal_name(SCALE_BACKLOG), "backlog");
	assert_string_equal(scale_limit_name(SCALE_FREE), "free");
	assert_string_equal(scale_limit_name(SCALE_BY_MISSING), "missing");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_use_is_told_beside_its_target),
		cmocka_unit_test(a_queue_is_told_with_what_one_serves),
		cmocka_unit_test(what_limits_it_is_told),
		cmocka_unit_test(signals_and_limits_have_names),
	};

	return cmocka_run_group_tests_name("scale_text", tests, NULL, NULL);
}
