// SPDX-License-Identifier: GPL-2.0-or-later
/* One rule of reconcile() at a time; test_reconcile_model.c has them all together. */
#include "tests/unit/cmocka_all.h"

#include "launcher/policy/reconcile.h"
#include "tests/unit/policy/fixture.h"

#include <stdio.h>
#include <string.h>

enum { API, DB, GATEWAY, LONER_, SERVICES };

static struct service shop_services[] = {
	SERVICE("api", NEEDS("db", DEPENDS_HEALTHY)),
	LONER("db"),
	SERVICE("gateway", NEEDS("api", DEPENDS_HEALTHY)),
	LONER("loner"),
};
static const struct stack shop = STACK(shop_services);

/* Of manifests before this one. */
static struct service old_y = SERVICE("y", NEEDS("x", DEPENDS_STARTED));
static struct service old_x = SERVICE("x", NEEDS("y", DEPENDS_STARTED));
static struct service old_store = LONER("store");
static struct service old_web = SERVICE("web", NEEDS("store", DEPENDS_STARTED));

static const char *const kinds[] = {
	[RECONCILE_CREATE] = "create", [RECONCILE_STOP] = "stop", [RECONCILE_REPLACE] = "replace"};

/* Plans and writes the plan down: "stop web-2, create db-1". */
static const char *plan_in(enum reconcile_mode mode, const struct desired *desired,
			   struct observed *observed, size_t count)
{
	static char text[1024];
	autoreconcile struct reconcile_plan plan = {0};
	size_t used = 0;

	text[0] = '\0';
	marked(&shop, desired, observed, count);
	assert_int_equal(reconcile(&shop, desired, observed, count, mode, &plan, NULL), 0);
	for (size_t i = 0; i < plan.count; i++) {
		const struct reconcile_action *action = &plan.items[i];
		const char *name = action->service < SERVICES ? shop_services[action->service].name
							      : observed[action->observed].service;

		if (action->kind != RECONCILE_CREATE)
			assert_int_equal(observed[action->observed].index, action->index);
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s %s-%u",
					 i ? ", " : "", kinds[action->kind], name, action->index);
	}
	return text;
}

#define PLAN(desired, ...)                                                                         \
	plan_in(RECONCILE_NOW, desired, (struct observed[]){__VA_ARGS__},                          \
		sizeof((struct observed[]){__VA_ARGS__}) / sizeof(struct observed))
#define CHANGES(desired, ...)                                                                      \
	plan_in(RECONCILE_ALL, desired, (struct observed[]){__VA_ARGS__},                          \
		sizeof((struct observed[]){__VA_ARGS__}) / sizeof(struct observed))

/* An instance of the current revision, of the previous one, and one somebody wants restarted. */
#define NOW(name, number, in)                                                                      \
	{                                                                                          \
		.service = (name), .index = (number), .state = INSTANCE_##in, .revision = "r2"     \
	}
#define OLD(name, number, in)                                                                      \
	{                                                                                          \
		.service = (name), .index = (number), .state = INSTANCE_##in, .revision = "r1"     \
	}
#define AGAIN(name, number, in)                                                                    \
	{                                                                                          \
		.service = (name), .index = (number), .state = INSTANCE_##in, .revision = "r2",    \
		.replace = true                                                                    \
	}

/* How many of api, db, gateway and loner are wanted. */
#define WANT(api, db, gateway, loner)                                                              \
	((struct desired[]){{(api), "r2"}, {(db), "r2"}, {(gateway), "r2"}, {(loner), "r2"}})

static void what_is_missing_is_created(void **unused)
{
	(void)unused;
	assert_string_equal(plan_in(RECONCILE_NOW, WANT(2, 1, 1, 0), NULL, 0),
			    "create api-1, create api-2, create db-1, create gateway-1");
	assert_string_equal(PLAN(WANT(3, 0, 0, 0), NOW("api", 2, READY)),
			    "create api-1, create api-3");
}

static void what_is_as_wanted_is_left_alone(void **unused)
{
	(void)unused;
	assert_string_equal(PLAN(WANT(3, 1, 1, 0), NOW("api", 3, BACKOFF), NOW("db", 1, UNREADY),
				 NOW("api", 1, COMPLETED), NOW("gateway", 1, WAITING),
				 NOW("api", 2, FAILED)),
			    "");
}

static void scaling_down_stops_the_last_of_equals(void **unused)
{
	(void)unused;
	assert_string_equal(PLAN(WANT(1, 0, 0, 0), NOW("api", 1, READY), NOW("api", 2, READY),
				 NOW("api", 3, STOPPING), NOW("api", 4, BACKOFF)),
			    "stop api-4, stop api-2");
}

static void scaling_down_keeps_the_well_ones(void **unused)
{
	(void)unused;
	assert_string_equal(PLAN(WANT(2, 0, 0, 0), NOW("api", 1, FAILED), NOW("api", 2, READY),
				 NOW("api", 3, READY)),
			    "stop api-1");
	/* (it is on its way, and is decided about once) */
	assert_string_equal(PLAN(WANT(2, 0, 0, 0), NOW("api", 1, STOPPING), NOW("api", 2, READY),
				 NOW("api", 3, UNREADY)),
			    "");
	assert_string_equal(CHANGES(WANT(1, 0, 0, 0), NOW("api", 1, STOPPING),
				    NOW("api", 2, STARTING), NOW("api", 3, READY)),
			    "stop api-2");
}

static void holes_are_filled_only_when_more_are_wanted(void **unused)
{
	(void)unused;
	assert_string_equal(PLAN(WANT(2, 0, 0, 0), NOW("api", 2, READY), NOW("api", 4, READY)), "");
	assert_string_equal(CHANGES(WANT(2, 0, 0, 0), NOW("api", 2, READY), NOW("api", 4, READY)),
			    "");
	assert_string_equal(PLAN(WANT(4, 0, 0, 0), NOW("api", 2, READY), NOW("api", 4, READY)),
			    "create api-1, create api-3");
	assert_string_equal(PLAN(WANT(0, 0, 0, 0), NOW("api", 2, READY), NOW("api", 4, READY)),
			    "stop api-4, stop api-2");
	assert_string_equal(
		CHANGES(WANT(2, 0, 0, 0), NOW("api", 1, STOPPING), NOW("api", 3, READY)),
		"create api-1");
}

static void a_replacement_goes_on_with_holes(void **unused)
{
	(void)unused;
	assert_string_equal(PLAN(WANT(2, 0, 0, 0), OLD("api", 2, READY), OLD("api", 3, READY)),
			    "replace api-2");
	assert_string_equal(PLAN(WANT(2, 0, 0, 0), OLD("api", 2, STOPPING), OLD("api", 3, READY)),
			    "");
	assert_string_equal(PLAN(WANT(2, 0, 0, 0), OLD("api", 3, READY)), "create api-1");
	assert_string_equal(PLAN(WANT(2, 0, 0, 0), NOW("api", 1, READY), OLD("api", 3, READY)),
			    "replace api-3");
	/* Fewer and newer at once: nobody is lost who need not be. */
	assert_string_equal(PLAN(WANT(2, 0, 0, 0), OLD("api", 1, READY), OLD("api", 2, READY),
				 NOW("api", 3, READY)),
			    "stop api-2, replace api-1");
}

static void services_unknown_to_the_manifest_go(void **unused)
{
	(void)unused;
	assert_string_equal(PLAN(WANT(0, 0, 0, 1), OLD("zombie", 1, READY), OLD("ape", 2, FAILED),
				 OLD("ape", 1, READY), NOW("loner", 1, READY)),
			    "stop ape-2, stop ape-1, stop zombie-1");
}

static void dependents_stop_before_what_they_depend_on(void **unused)
{
	(void)unused;
	assert_string_equal(PLAN(WANT(0, 0, 0, 0), NOW("api", 1, READY), NOW("db", 1, READY),
				 NOW("gateway", 1, READY), NOW("loner", 1, READY)),
			    "stop gateway-1, stop loner-1");
	assert_string_equal(PLAN(WANT(0, 0, 0, 0), NOW("api", 1, READY), NOW("db", 1, READY),
				 NOW("gateway", 1, STOPPING)),
			    "");
	assert_string_equal(PLAN(WANT(0, 0, 0, 0), NOW("api", 1, STARTING), NOW("db", 1, READY)),
			    "stop api-1");
	assert_string_equal(PLAN(WANT(0, 0, 0, 0), NOW("db", 1, READY)), "stop db-1");
}

static void the_order_holds_across_a_service_without_instances(void **unused)
{
	(void)unused;
	assert_string_equal(PLAN(WANT(0, 0, 0, 0), NOW("db", 1, READY), NOW("gateway", 1, READY)),
			    "stop gateway-1");
}

static void what_does_not_run_goes_at_once_and_holds_nobody(void **unused)
{
	(void)unused;
	assert_string_equal(PLAN(WANT(0, 0, 0, 0), NOW("api", 1, BACKOFF), NOW("db", 1, READY),
				 NOW("gateway", 1, WAITING)),
			    "stop api-1, stop db-1, stop gateway-1");
	assert_string_equal(PLAN(WANT(0, 0, 0, 0), NOW("api", 1, READY), NOW("db", 1, READY),
				 NOW("db", 2, FAILED)),
			    "stop api-1, stop db-2");
}

static void dependents_that_stay_hold_nobody(void **unused)
{
	(void)unused;
	assert_string_equal(PLAN(WANT(1, 0, 0, 0), NOW("api", 1, READY), NOW("db", 1, READY)),
			    "stop db-1");
}

static void services_of_an_earlier_manifest_stop_in_its_order(void **unused)
{
	(void)unused;
	struct observed seen[] = {OLD("store", 1, READY), OLD("web", 1, READY)};

	seen[0].spec = &old_store;
	seen[1].spec = &old_web;
	assert_string_equal(plan_in(RECONCILE_NOW, WANT(0, 0, 0, 0), seen, 2), "stop web-1");
}

static void a_circle_across_manifests_stops_all_the_same(void **unused)
{
	(void)unused;
	struct observed seen[] = {OLD("x", 1, READY), OLD("y", 1, READY)};

	seen[0].spec = &old_x;
	seen[1].spec = &old_y;
	assert_string_equal(plan_in(RECONCILE_NOW, WANT(0, 0, 0, 0), seen, 2),
			    "stop x-1, stop y-1");
}

static void outdated_instances_are_replaced_one_at_a_time(void **unused)
{
	(void)unused;
	assert_string_equal(PLAN(WANT(3, 0, 0, 0), OLD("api", 1, READY), OLD("api", 2, READY),
				 OLD("api", 3, READY)),
			    "replace api-1");
	assert_string_equal(PLAN(WANT(3, 0, 0, 0), OLD("api", 1, STOPPING), OLD("api", 2, READY),
				 OLD("api", 3, READY)),
			    "");
	assert_string_equal(PLAN(WANT(3, 0, 0, 0), OLD("api", 2, READY), OLD("api", 3, READY)),
			    "create api-1");
	assert_string_equal(PLAN(WANT(3, 0, 0, 0), NOW("api", 1, STARTING), OLD("api", 2, READY),
				 OLD("api", 3, READY)),
			    "");
	assert_string_equal(PLAN(WANT(3, 0, 0, 0), NOW("api", 1, READY), OLD("api", 2, READY),
				 OLD("api", 3, READY)),
			    "replace api-2");
}

static void services_are_replaced_independently(void **unused)
{
	(void)unused;
	assert_string_equal(PLAN(WANT(2, 1, 0, 0), OLD("api", 1, READY), OLD("api", 2, READY),
				 OLD("db", 1, READY)),
			    "replace api-1, replace db-1");
}

static void what_serves_nobody_is_replaced_first(void **unused)
{
	(void)unused;
	assert_string_equal(PLAN(WANT(3, 0, 0, 0), OLD("api", 1, READY), OLD("api", 2, READY),
				 OLD("api", 3, UNREADY)),
			    "replace api-3");
	assert_string_equal(PLAN(WANT(4, 0, 0, 0), OLD("api", 1, READY), OLD("api", 2, BACKOFF),
				 OLD("api", 3, COMPLETED), OLD("api", 4, FAILED)),
			    "replace api-2, replace api-3, replace api-4");
}

static void a_failure_of_the_new_revision_pauses_the_rest(void **unused)
{
	(void)unused;
	assert_string_equal(PLAN(WANT(2, 0, 0, 0), NOW("api", 1, FAILED), OLD("api", 2, READY)),
			    "");
	assert_string_equal(PLAN(WANT(2, 0, 0, 0), NOW("api", 1, UNREADY), OLD("api", 2, READY)),
			    "");
	assert_string_equal(PLAN(WANT(2, 0, 0, 0), NOW("api", 1, BACKOFF), OLD("api", 2, READY)),
			    "");
	assert_string_equal(PLAN(WANT(2, 0, 0, 0), NOW("api", 1, COMPLETED), OLD("api", 2, READY)),
			    "replace api-2");
}

static void a_run_at_its_time_is_replaced_by_the_next_one_only(void **unused)
{
	struct desired scheduled[] = {{2, "r2", .scheduled = true}, {0}, {0}, {0}};

	(void)unused;
	assert_string_equal(PLAN(scheduled, OLD("api", 1, COMPLETED), OLD("api", 2, READY)), "");
	assert_string_equal(PLAN(scheduled, AGAIN("api", 1, COMPLETED), OLD("api", 2, READY)),
			    "replace api-1");
}

static void an_explicit_restart_is_not_paced(void **unused)
{
	(void)unused;
	assert_string_equal(PLAN(WANT(3, 0, 0, 0), AGAIN("api", 1, READY), AGAIN("api", 2, FAILED),
				 AGAIN("api", 3, STOPPING)),
			    "replace api-1, replace api-2");
}

static void no_more_are_created_than_there_is_room_for(void **unused)
{
	(void)unused;
	assert_string_equal(
		PLAN(WANT(2, 0, 0, 0), NOW("api", 3, STOPPING), NOW("api", 4, STOPPING)), "");
	assert_string_equal(PLAN(WANT(2, 0, 0, 0), NOW("api", 4, STOPPING)), "create api-1");
}

static void the_whole_difference_knows_neither_order_nor_pace(void **unused)
{
	(void)unused;
	assert_string_equal(CHANGES(WANT(3, 0, 1, 0), OLD("api", 1, READY), OLD("api", 2, READY),
				    NOW("db", 1, READY), NOW("gateway", 1, READY),
				    OLD("zombie", 1, READY)),
			    "replace api-1, replace api-2, stop db-1, stop zombie-1, create api-3");
	assert_string_equal(
		CHANGES(WANT(2, 0, 0, 0), NOW("api", 1, STOPPING), NOW("api", 2, READY)),
		"create api-1");
}

#define MANY 20000

/* Reversed on input; a quadratic pass would take minutes here. */
static void thousands_of_instances_are_no_trouble(void **unused)
{
	(void)unused;
	static struct observed seen[MANY];
	autoreconcile struct reconcile_plan plan = {0};

	for (unsigned i = 0; i < MANY; i++)
		seen[i] = (struct observed)NOW("api", MANY - i, READY);
	marked(&shop, WANT(MANY, 1, 0, 0), seen, MANY);
	assert_int_equal(
		reconcile(&shop, WANT(MANY, 1, 0, 0), seen, MANY, RECONCILE_NOW, &plan, NULL), 0);
	assert_int_equal(plan.count, 1);
	reconcile_plan_free(&plan);
	marked(&shop, WANT(1, 1, 0, 0), seen, MANY);
	assert_int_equal(reconcile(&shop, WANT(1, 1, 0, 0), seen, MANY, RECONCILE_NOW, &plan, NULL),
			 0);
	assert_int_equal(plan.count, MANY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_missing_is_created),
		cmocka_unit_test(what_is_as_wanted_is_left_alone),
		cmocka_unit_test(scaling_down_stops_the_last_of_equals),
		cmocka_unit_test(scaling_down_keeps_the_well_ones),
		cmocka_unit_test(holes_are_filled_only_when_more_are_wanted),
		cmocka_unit_test(a_replacement_goes_on_with_holes),
		cmocka_unit_test(services_unknown_to_the_manifest_go),
		cmocka_unit_test(dependents_stop_before_what_they_depend_on),
		cmocka_unit_test(the_order_holds_across_a_service_without_instances),
		cmocka_unit_test(what_does_not_run_goes_at_once_and_holds_nobody),
		cmocka_unit_test(dependents_that_stay_hold_nobody),
		cmocka_unit_test(services_of_an_earlier_manifest_stop_in_its_order),
		cmocka_unit_test(a_circle_across_manifests_stops_all_the_same),
		cmocka_unit_test(outdated_instances_are_replaced_one_at_a_time),
		cmocka_unit_test(services_are_replaced_independently),
		cmocka_unit_test(what_serves_nobody_is_replaced_first),
		cmocka_unit_test(a_failure_of_the_new_revision_pauses_the_rest),
		cmocka_unit_test(a_run_at_its_time_is_replaced_by_the_next_one_only),
		cmocka_unit_test(an_explicit_restart_is_not_paced),
		cmocka_unit_test(no_more_are_created_than_there_is_room_for),
		cmocka_unit_test(the_whole_difference_knows_neither_order_nor_pace),
		cmocka_unit_test(thousands_of_instances_are_no_trouble),
	};

	return cmocka_run_group_tests_name("reconcile", tests, NULL, NULL);
}
