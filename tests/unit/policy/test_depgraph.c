// SPDX-License-Identifier: GPL-2.0-or-later
/* Orders, closures and cycles. */
#include "tests/unit/cmocka_all.h"

#include "launcher/policy/depgraph.h"
#include "tests/unit/policy/fixture.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { API, DB, GATEWAY, LONER_, SEED, SERVICES };

static struct service shop_services[] = {
	SERVICE("api", NEEDS("db", DEPENDS_HEALTHY), NEEDS("seed", DEPENDS_COMPLETED)),
	LONER("db"),
	SERVICE("gateway", NEEDS("api", DEPENDS_HEALTHY), WOULD_LIKE("absent", DEPENDS_STARTED)),
	LONER("loner"),
	SERVICE("seed", NEEDS("db", DEPENDS_HEALTHY)),
};
static const struct stack shop = STACK(shop_services);

static void dependencies_come_first_by_level(void **unused)
{
	(void)unused;
	const size_t order[] = {DB, LONER_, SEED, API, GATEWAY};
	const unsigned level[] = {[API] = 2, [DB] = 0, [GATEWAY] = 3, [LONER_] = 0, [SEED] = 1};
	autodepgraph struct depgraph graph = {0};

	assert_int_equal(depgraph_build(&shop, &graph, NULL), 0);
	for (size_t i = 0; i < SERVICES; i++) {
		assert_int_equal(graph.order[i], order[i]);
		assert_int_equal(graph.level[i], level[i]);
	}
}

static void neighbours_are_known_in_both_directions(void **unused)
{
	(void)unused;
	autodepgraph struct depgraph graph = {0};
	const size_t *found;

	assert_int_equal(depgraph_build(&shop, &graph, NULL), 0);
	assert_int_equal(depgraph_dependencies(&graph, API, &found), 2);
	assert_int_equal(found[0], DB);
	assert_int_equal(found[1], SEED);
	assert_int_equal(depgraph_dependents(&graph, DB, &found), 2);
	assert_int_equal(found[0], API);
	assert_int_equal(found[1], SEED);
	assert_int_equal(depgraph_dependencies(&graph, GATEWAY, &found), 1);
	assert_int_equal(depgraph_dependents(&graph, LONER_, &found), 0);
}

static void up_of_a_service_takes_its_dependencies_along(void **unused)
{
	(void)unused;
	autodepgraph struct depgraph graph = {0};
	bool marked[SERVICES] = {[API] = true};

	assert_int_equal(depgraph_build(&shop, &graph, NULL), 0);
	depgraph_mark_dependencies(&graph, marked);
	assert_true(marked[API] && marked[SEED] && marked[DB]);
	assert_false(marked[GATEWAY] || marked[LONER_]);
}

static void a_cycle_is_named_without_what_leads_to_it(void **unused)
{
	(void)unused;
	struct service services[] = {
		SERVICE("a", NEEDS("b", DEPENDS_STARTED)),
		SERVICE("b", NEEDS("c", DEPENDS_STARTED)),
		SERVICE("c", NEEDS("d", DEPENDS_STARTED)),
		SERVICE("d", NEEDS("b", DEPENDS_STARTED)),
		LONER("e"),
	};
	const struct stack stack = STACK(services);
	struct depgraph graph = {.count = 77};
	struct err err;

	assert_int_equal(depgraph_build(&stack, &graph, &err), -ELOOP);
	assert_int_equal(graph.count, 77);
	assert_non_null(strstr(err.text, "services depend on each other: "));
	assert_true(strstr(err.text, "b -> c -> d -> b") || strstr(err.text, "c -> d -> b -> c") ||
		    strstr(err.text, "d -> b -> c -> d"));
	assert_null(strstr(err.text, "a ->"));
}

static void a_service_on_itself_is_a_cycle(void **unused)
{
	(void)unused;
	struct service services[] = {SERVICE("a", NEEDS("a", DEPENDS_STARTED))};
	const struct stack stack = STACK(services);
	struct depgraph graph;
	struct err err;

	assert_int_equal(depgraph_build(&stack, &graph, &err), -ELOOP);
	assert_non_null(strstr(err.text, "a -> a"));
}

static void an_empty_stack_is_an_empty_graph(void **unused)
{
	(void)unused;
	const struct stack stack = {0};
	autodepgraph struct depgraph graph = {0};

	assert_int_equal(depgraph_build(&stack, &graph, NULL), 0);
	assert_int_equal(graph.count, 0);
}

#define CHAIN 20000

/* A chain as long as this would overflow the stack of a recursive walk. */
static void a_long_chain_needs_no_deep_stack(void **unused)
{
	(void)unused;
	static struct service services[CHAIN];
	static struct dependency needs[CHAIN];
	static char names[CHAIN][8];
	static bool marked[CHAIN];
	const struct stack stack = {.services = services, .service_count = CHAIN};
	autodepgraph struct depgraph graph = {0};

	for (size_t i = 0; i < CHAIN; i++) {
		snprintf(names[i], sizeof(names[i]), "s%05zu", i);
		services[i].name = names[i];
		needs[i].service = names[i + 1 < CHAIN ? i + 1 : i];
		services[i].depends_on = &needs[i];
		services[i].depends_on_count = i + 1 < CHAIN;
	}
	assert_int_equal(depgraph_build(&stack, &graph, NULL), 0);
	assert_int_equal(graph.level[0], CHAIN - 1);
	assert_int_equal(graph.order[0], CHAIN - 1);
	marked[0] = true;
	depgraph_mark_dependencies(&graph, marked);
	assert_true(marked[CHAIN - 1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dependencies_come_first_by_level),
		cmocka_unit_test(neighbours_are_known_in_both_directions),
		cmocka_unit_test(up_of_a_service_takes_its_dependencies_along),
		cmocka_unit_test(a_cycle_is_named_without_what_leads_to_it),
		cmocka_unit_test(a_service_on_itself_is_a_cycle),
		cmocka_unit_test(an_empty_stack_is_an_empty_graph),
		cmocka_unit_test(a_long_chain_needs_no_deep_stack),
	};

	return cmocka_run_group_tests_name("depgraph", tests, NULL, NULL);
}
