// SPDX-License-Identifier: GPL-2.0-or-later
/* Who goes first when there are too many: one reason at a time; test_reconcile_model.c has all. */
#include "tests/unit/cmocka_all.h"

#include "tests/unit/policy/fixture.h"

#include <stdio.h>

static struct service shop_services[] = {LONER("api"), LONER("web")};
static const struct stack shop = STACK(shop_services);

#define SEEN(number, in, ...)                                                                      \
	{                                                                                          \
		.service = "web", .index = (number), .state = INSTANCE_##in, .revision = "r2",     \
		__VA_ARGS__                                                                        \
	}
#define LIST(...)                                                                                  \
	(struct observed[]){__VA_ARGS__},                                                          \
		sizeof((struct observed[]){__VA_ARGS__}) / sizeof(struct observed)

/* The indices of those that go, in the order given: "3 1". */
static const char *surplus(unsigned wanted, struct observed *seen, size_t count)
{
	static char text[256];
	size_t used = 0;

	text[0] = '\0';
	marked(&shop, (struct desired[]){{1, "r2"}, {wanted, "r2"}}, seen, count);
	for (size_t i = 0; i < count; i++)
		if (seen[i].surplus)
			used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%u",
						 used ? " " : "", seen[i].index);
	return text;
}

static void nobody_goes_where_there_are_not_too_many(void **unused)
{
	(void)unused;
	assert_string_equal(surplus(0, NULL, 0), "");
	assert_string_equal(surplus(2, LIST(SEEN(3, FAILED), SEEN(9, STOPPING))), "");
	assert_string_equal(surplus(0, LIST(SEEN(1, READY), SEEN(2, STOPPING))), "1 2");
}

static void each_state_goes_before_the_better_ones(void **unused)
{
	static const enum instance_state worsening[] = {
		INSTANCE_READY,	  INSTANCE_COMPLETED, INSTANCE_UNREADY, INSTANCE_STARTING,
		INSTANCE_WAITING, INSTANCE_BACKOFF,   INSTANCE_FAILED,	INSTANCE_STOPPING};

	(void)unused;
	_Static_assert(ARRAY_SIZE(worsening) == INSTANCE_STATES, "every state has its place");
	for (size_t i = 1; i < ARRAY_SIZE(worsening); i++) {
		/* (the worse one has everything else in its favour) */
		struct observed seen[] = {SEEN(1, READY, .connections = 9), SEEN(2, READY)};

		seen[0].state = worsening[i];
		seen[1].state = worsening[i - 1];
		seen[1].revision = "r1";
		seen[1].begun_us = 7;
		assert_string_equal(surplus(1, seen, 2), "1");
	}
}

static void of_ready_ones_the_outdated_go_first(void **unused)
{
	(void)unused;
	assert_string_equal(surplus(1, LIST(SEEN(1, READY, .replace = true, .connections = 2),
					    SEEN(2, READY, .begun_us = 5))),
			    "1");
}

static void then_those_with_the_fewest_connections(void **unused)
{
	(void)unused;
	assert_string_equal(surplus(2, LIST(SEEN(1, READY, .connections = 3, .begun_us = 1),
					    SEEN(2, READY, .connections = 2, .begun_us = 2),
					    SEEN(3, READY, .connections = 9, .begun_us = 3))),
			    "2");
}

static void then_the_youngest_and_of_these_the_last(void **unused)
{
	(void)unused;
	assert_string_equal(
		surplus(2, LIST(SEEN(1, READY, .begun_us = 9), SEEN(2, READY, .begun_us = 1),
				SEEN(3, READY, .begun_us = 5))),
		"1");
	assert_string_equal(surplus(1, LIST(SEEN(2, READY), SEEN(3, READY), SEEN(1, READY))),
			    "2 3");
}

/* So a second look, or a successor's first one, says the same. */
static void who_is_being_stopped_stays_the_one_to_go(void **unused)
{
	(void)unused;
	assert_string_equal(surplus(2, LIST(SEEN(1, READY), SEEN(2, STOPPING, .connections = 5),
					    SEEN(3, FAILED))),
			    "2");
}

static void services_are_told_apart_in_any_order(void **unused)
{
	struct observed seen[] = {SEEN(1, READY),
				  {.service = "gone", .index = 1, .revision = "r2"},
				  SEEN(2, READY),
				  {.service = "api", .index = 1, .revision = "r2"},
				  SEEN(3, READY)};
	static const bool surpluses[] = {false, true, true, false, true};

	(void)unused;
	(void)surplus(1, seen, ARRAY_SIZE(seen));
	for (size_t i = 0; i < ARRAY_SIZE(seen); i++)
		assert_int_equal(seen[i].surplus, surpluses[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_goes_where_there_are_not_too_many),
		cmocka_unit_test(each_state_goes_before_the_better_ones),
		cmocka_unit_test(of_ready_ones_the_outdated_go_first),
		cmocka_unit_test(then_those_with_the_fewest_connections),
		cmocka_unit_test(then_the_youngest_and_of_these_the_last),
		cmocka_unit_test(who_is_being_stopped_stays_the_one_to_go),
		cmocka_unit_test(services_are_told_apart_in_any_order),
	};

	return cmocka_run_group_tests_name("surplus", tests, NULL, NULL);
}
