// SPDX-License-Identifier: GPL-2.0-or-later
/* Replacing by update_config: how many at a time, which first, and what a failure means. */
#include "tests/unit/cmocka_all.h"

#include "launcher/policy/reconcile.h"
#include "tests/unit/policy/fixture.h"

#include <stdio.h>
#include <string.h>

static struct service services[] = {LONER("api")};
static const struct stack shop = STACK(services);

static const struct rollout_spec two = {.present = true, .parallelism = 2};
static const struct rollout_spec all = {.present = true};
static const struct rollout_spec goes_on = {
	.present = true, .parallelism = 1, .failure = ROLLOUT_CONTINUE};
static const struct rollout_spec lenient = {
	.present = true, .parallelism = 1, .max_failure_ratio_milli = 500};
static const struct rollout_spec first = {.present = true, .parallelism = 1, .start_first = true};
static const struct rollout_spec goes_on_first = {
	.present = true, .parallelism = 1, .failure = ROLLOUT_CONTINUE, .start_first = true};
static const struct rollout_spec lenient_first = {
	.present = true, .parallelism = 1, .max_failure_ratio_milli = 500, .start_first = true};
static const struct rollout_spec both_first = {
	.present = true, .parallelism = 2, .start_first = true};

/* "replace 1, create 4" */
static const char *plan_of(const struct desired *desired, struct observed *seen, size_t count)
{
	static const char *const kinds[] = {[RECONCILE_CREATE] = "create",
					    [RECONCILE_STOP] = "stop",
					    [RECONCILE_REPLACE] = "replace"};
	static char text[512];
	autoreconcile struct reconcile_plan plan = {0};
	size_t used = 0;

	marked(&shop, desired, seen, count);
	assert_int_equal(reconcile(&shop, desired, seen, count, RECONCILE_NOW, &plan, NULL), 0);
	text[0] = '\0';
	for (size_t i = 0; i < plan.count; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s %u", i ? ", " : "",
					 kinds[plan.items[i].kind], plan.items[i].index);
	return text;
}

#define SEEN(of, number, in, ...)                                                                  \
	{                                                                                          \
		.service = "api", .index = (number), .state = INSTANCE_##in, .revision = (of),     \
		__VA_ARGS__                                                                        \
	}
#define NOW(number, in, ...) SEEN("r2", number, in, __VA_ARGS__)
#define OLD(number, in, ...) SEEN("r1", number, in, __VA_ARGS__)
#define PLAN(count, spec, ...)                                                                     \
	plan_of(&(struct desired){(count), "r2", .rollout = (spec)},                               \
		(struct observed[]){__VA_ARGS__},                                                  \
		sizeof((struct observed[]){__VA_ARGS__}) / sizeof(struct observed))

static void so_many_are_replaced_at_a_time(void **unused)
{
	(void)unused;
	assert_string_equal(
		PLAN(4, &two, OLD(1, READY), OLD(2, READY), OLD(3, READY), OLD(4, UNREADY)),
		"replace 4, replace 1");
	assert_string_equal(
		PLAN(4, &two, NOW(1, STARTING), NOW(2, READY), OLD(3, READY), OLD(4, READY)),
		"replace 3");
	assert_string_equal(PLAN(4, &two, OLD(1, STOPPING), OLD(2, READY), OLD(3, READY)),
			    "create 4");
	assert_string_equal(PLAN(3, &all, OLD(1, READY), OLD(2, READY), OLD(3, READY)),
			    "replace 1, replace 2, replace 3");
}

static void a_new_one_that_is_still_watched_is_waited_for(void **unused)
{
	(void)unused;
	assert_string_equal(PLAN(2, NULL, NOW(1, READY, .watched = true), OLD(2, READY)), "");
	assert_string_equal(PLAN(2, NULL, NOW(1, READY), OLD(2, READY)), "replace 2");
}

static void a_failure_pauses_unless_it_may_be(void **unused)
{
	(void)unused;
	assert_string_equal(PLAN(3, &two, NOW(1, FAILED), OLD(2, READY), OLD(3, READY)), "");
	assert_string_equal(PLAN(3, &goes_on, NOW(1, FAILED), OLD(2, READY), OLD(3, READY)),
			    "replace 2");
	assert_string_equal(
		PLAN(4, &lenient, NOW(1, BACKOFF), NOW(2, FAILED), OLD(3, READY), OLD(4, READY)),
		"replace 3");
	assert_string_equal(
		PLAN(4, &lenient, NOW(1, BACKOFF), NOW(2, FAILED), NOW(3, UNREADY), OLD(4, READY)),
		"");
}

static void with_start_first_a_new_one_comes_before_the_old_one_goes(void **unused)
{
	(void)unused;
	assert_string_equal(PLAN(1, &first, OLD(1, READY)), "create 2");
	assert_string_equal(PLAN(1, &first, OLD(1, READY), NOW(2, STARTING)), "");
	assert_string_equal(PLAN(1, &first, OLD(1, READY), NOW(2, READY, .watched = true)), "");
	assert_string_equal(PLAN(1, &first, OLD(1, READY), NOW(2, READY)), "stop 1");
	assert_string_equal(PLAN(1, &first, OLD(1, STOPPING), NOW(2, READY)), "");
	assert_string_equal(PLAN(1, &first, NOW(2, READY)), "");
	assert_string_equal(PLAN(1, &first, OLD(1, READY), NOW(2, FAILED)), "");
}

static void with_start_first_those_that_may_fail_are_not_waited_for(void **unused)
{
	(void)unused;
	assert_string_equal(PLAN(1, &goes_on_first, OLD(1, READY), NOW(2, FAILED)), "stop 1");
	assert_string_equal(PLAN(2, &lenient_first, OLD(1, READY), OLD(2, READY), NOW(3, BACKOFF)),
			    "stop 2");
	assert_string_equal(PLAN(2, &lenient_first, OLD(1, READY), NOW(2, FAILED), NOW(3, BACKOFF)),
			    "");
}

static void with_start_first_no_more_are_there_than_are_replaced_at_a_time(void **unused)
{
	(void)unused;
	assert_string_equal(PLAN(3, &both_first, OLD(1, READY), OLD(2, READY), OLD(3, READY)),
			    "create 4, create 5");
	assert_string_equal(PLAN(3, &both_first, OLD(1, READY), OLD(2, READY), OLD(3, READY),
				 NOW(4, READY), NOW(5, STARTING)),
			    "stop 3");
	assert_string_equal(PLAN(3, &both_first, OLD(1, READY), OLD(2, READY), OLD(3, STOPPING),
				 NOW(4, READY), NOW(5, STARTING)),
			    "");
	assert_string_equal(
		PLAN(3, &both_first, OLD(1, READY), OLD(2, READY), NOW(4, READY), NOW(5, STARTING)),
		"create 3");
	assert_string_equal(PLAN(3, &both_first, OLD(2, READY), OLD(3, READY), NOW(4, READY)),
			    "create 1, create 5");
}

static void an_explicit_restart_is_another_matter(void **unused)
{
	(void)unused;
	assert_string_equal(PLAN(2, &first, NOW(1, READY, .replace = true), NOW(2, READY)),
			    "replace 1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(so_many_are_replaced_at_a_time),
		cmocka_unit_test(a_new_one_that_is_still_watched_is_waited_for),
		cmocka_unit_test(a_failure_pauses_unless_it_may_be),
		cmocka_unit_test(with_start_first_a_new_one_comes_before_the_old_one_goes),
		cmocka_unit_test(with_start_first_those_that_may_fail_are_not_waited_for),
		cmocka_unit_test(with_start_first_no_more_are_there_than_are_replaced_at_a_time),
		cmocka_unit_test(an_explicit_restart_is_another_matter),
	};

	return cmocka_run_group_tests_name("rollout", tests, NULL, NULL);
}
