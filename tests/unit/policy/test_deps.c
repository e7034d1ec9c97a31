// SPDX-License-Identifier: GPL-2.0-or-later
/* The three conditions, and what is said while they are not met. */
#include "tests/unit/cmocka_all.h"

#include "launcher/policy/deps.h"
#include "tests/unit/policy/fixture.h"

#include <string.h>

enum { API, CACHE, DB, SEED, SERVICES };

/* One shop; each test changes what there is of it. */
struct shop {
	struct service services[SERVICES];
	struct stack stack;
	struct desired desired[SERVICES];
	struct observed seen[4];
	size_t count;
	struct dependency_verdict verdict;
};

static struct dependency api_needs[] = {
	NEEDS("db", DEPENDS_HEALTHY), NEEDS("seed", DEPENDS_COMPLETED),
	WOULD_LIKE("cache", DEPENDS_STARTED), WOULD_LIKE("nowhere", DEPENDS_HEALTHY)};

static void build(struct shop *shop)
{
	*shop = (struct shop){
		.services = {LONER("api"), LONER("cache"), LONER("db"), LONER("seed")},
		.stack = {.services = shop->services, .service_count = SERVICES},
		.seen = {{.service = "cache", .index = 1, .state = INSTANCE_READY, .started = true},
			 {.service = "db", .index = 1, .state = INSTANCE_READY, .started = true},
			 {.service = "db", .index = 2, .state = INSTANCE_READY, .started = true},
			 {.service = "seed",
			  .index = 1,
			  .state = INSTANCE_COMPLETED,
			  .started = true}},
		.count = 4,
	};
	shop->services[API].depends_on = api_needs;
	shop->services[API].depends_on_count = ARRAY_SIZE(api_needs);
	for (size_t s = 0; s < SERVICES; s++)
		shop->desired[s] = (struct desired){.replicas = s == DB ? 2 : 1, .revision = "r1"};
	for (size_t i = 0; i < shop->count; i++)
		shop->seen[i].revision = "r1";
}

static enum dependency_answer ask(struct shop *shop)
{
	struct dependency_counts counts[SERVICES];

	marked(&shop->stack, shop->desired, shop->seen, shop->count);
	dependency_count(&shop->stack, shop->desired, shop->seen, shop->count, counts);
	dependency_check(&shop->stack, &shop->services[API], counts, &shop->verdict);
	return shop->verdict.answer;
}

static void all_conditions_met_means_go(void **unused)
{
	(void)unused;
	struct shop shop;

	build(&shop);
	assert_int_equal(ask(&shop), DEPENDENCY_MET);
	assert_string_equal(shop.verdict.reason, "");
}

static void all_instances_must_be_healthy(void **unused)
{
	(void)unused;
	struct shop shop;

	build(&shop);
	shop.seen[2].state = INSTANCE_STARTING;
	assert_int_equal(ask(&shop), DEPENDENCY_PENDING);
	assert_string_equal(shop.verdict.reason, "waiting for db to be healthy");
	shop.seen[2].state = INSTANCE_UNREADY;
	shop.seen[2].reason = "probe failed 3 times: exit 1";
	assert_int_equal(ask(&shop), DEPENDENCY_PENDING);
	assert_string_equal(shop.verdict.reason,
			    "waiting for db to be healthy (probe failed 3 times: exit 1)");
}

static void an_instance_not_yet_created_is_waited_for(void **unused)
{
	(void)unused;
	struct shop shop;

	build(&shop);
	shop.count = 3;
	assert_int_equal(ask(&shop), DEPENDENCY_PENDING);
	assert_string_equal(shop.verdict.reason, "waiting for seed to complete");
}

static void a_failed_dependency_breaks_and_may_recover(void **unused)
{
	(void)unused;
	struct shop shop;

	build(&shop);
	shop.seen[3].state = INSTANCE_FAILED;
	shop.seen[3].reason = "exited 1";
	assert_int_equal(ask(&shop), DEPENDENCY_BROKEN);
	assert_string_equal(shop.verdict.reason, "seed exited 1");
	shop.seen[3].reason = "compose.yaml:3:5: no such program";
	assert_int_equal(ask(&shop), DEPENDENCY_BROKEN);
	assert_string_equal(shop.verdict.reason, "seed failed: compose.yaml:3:5: no such program");
	shop.seen[3].state = INSTANCE_COMPLETED;
	assert_int_equal(ask(&shop), DEPENDENCY_MET);
}

static void broken_weighs_more_than_pending(void **unused)
{
	(void)unused;
	struct shop shop;

	build(&shop);
	shop.seen[1].state = INSTANCE_STARTING;
	shop.seen[3].state = INSTANCE_FAILED;
	assert_int_equal(ask(&shop), DEPENDENCY_BROKEN);
	assert_string_equal(shop.verdict.reason, "seed failed");
}

static void what_completed_cannot_become_healthy(void **unused)
{
	(void)unused;
	struct shop shop;

	build(&shop);
	shop.seen[1].state = INSTANCE_COMPLETED;
	assert_int_equal(ask(&shop), DEPENDENCY_BROKEN);
	assert_string_equal(shop.verdict.reason, "db completed, so it cannot become healthy");
}

static void what_is_not_required_is_passed_over_with_a_warning(void **unused)
{
	(void)unused;
	struct shop shop;

	build(&shop);
	shop.seen[0].state = INSTANCE_FAILED;
	shop.seen[0].started = false;
	shop.seen[0].reason = "no such program";
	assert_int_equal(ask(&shop), DEPENDENCY_MET);
	assert_string_equal(shop.verdict.reason,
			    "not waiting for cache, which failed: no such program");
}

static void having_started_once_is_enough_for_started(void **unused)
{
	(void)unused;
	struct shop shop;

	build(&shop);
	shop.seen[0].state = INSTANCE_BACKOFF;
	assert_int_equal(ask(&shop), DEPENDENCY_MET);
	shop.seen[0].started = false;
	assert_int_equal(ask(&shop), DEPENDENCY_PENDING);
	assert_string_equal(shop.verdict.reason, "waiting for cache to start");
}

static void what_failed_after_its_start_breaks_no_start(void **unused)
{
	(void)unused;
	struct dependency_counts counts[SERVICES];
	struct shop shop;

	build(&shop);
	shop.desired[CACHE].replicas = 2;
	shop.seen[0].state = INSTANCE_FAILED;
	marked(&shop.stack, shop.desired, shop.seen, shop.count);
	dependency_count(&shop.stack, shop.desired, shop.seen, shop.count, counts);
	assert_int_equal(counts[CACHE].failed, 1);
	assert_int_equal(counts[CACHE].unstarted, 0);
	assert_int_equal(ask(&shop), DEPENDENCY_PENDING);
	assert_string_equal(shop.verdict.reason, "waiting for cache to start");
}

static void what_is_scaled_to_zero_is_not_waited_for(void **unused)
{
	(void)unused;
	struct shop shop;

	build(&shop);
	shop.count = 0;
	for (size_t s = 0; s < SERVICES; s++)
		shop.desired[s].replicas = 0;
	assert_int_equal(ask(&shop), DEPENDENCY_MET);
}

static void what_is_about_to_be_replaced_does_not_count(void **unused)
{
	(void)unused;
	struct shop shop;

	build(&shop);
	shop.desired[SEED].revision = "r2";
	assert_int_equal(ask(&shop), DEPENDENCY_PENDING);
	assert_string_equal(shop.verdict.reason, "waiting for seed to complete");
	shop.seen[3].revision = "r2";
	assert_int_equal(ask(&shop), DEPENDENCY_MET);
	shop.seen[1].replace = true;
	assert_int_equal(ask(&shop), DEPENDENCY_PENDING);
}

static void instances_beyond_the_wanted_ones_do_not_count(void **unused)
{
	(void)unused;
	struct shop shop;

	build(&shop);
	shop.desired[DB].replicas = 1;
	shop.seen[2].state = INSTANCE_FAILED;
	assert_int_equal(ask(&shop), DEPENDENCY_MET);
}

static void a_reason_too_long_is_cut(void **unused)
{
	(void)unused;
	struct shop shop;
	char endless[2 * DEPENDENCY_REASON_MAX];

	build(&shop);
	memset(endless, 'x', sizeof(endless) - 1);
	endless[sizeof(endless) - 1] = '\0';
	shop.seen[3].state = INSTANCE_FAILED;
	shop.seen[3].reason = endless;
	assert_int_equal(ask(&shop), DEPENDENCY_BROKEN);
	assert_int_equal(strlen(shop.verdict.reason), DEPENDENCY_REASON_MAX - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_conditions_met_means_go),
		cmocka_unit_test(all_instances_must_be_healthy),
		cmocka_unit_test(an_instance_not_yet_created_is_waited_for),
		cmocka_unit_test(a_failed_dependency_breaks_and_may_recover),
		cmocka_unit_test(broken_weighs_more_than_pending),
		cmocka_unit_test(what_completed_cannot_become_healthy),
		cmocka_unit_test(what_is_not_required_is_passed_over_with_a_warning),
		cmocka_unit_test(having_started_once_is_enough_for_started),
		cmocka_unit_test(what_failed_after_its_start_breaks_no_start),
		cmocka_unit_test(what_is_scaled_to_zero_is_not_waited_for),
		cmocka_unit_test(what_is_about_to_be_replaced_does_not_count),
		cmocka_unit_test(instances_beyond_the_wanted_ones_do_not_count),
		cmocka_unit_test(a_reason_too_long_is_cut),
	};

	return cmocka_run_group_tests_name("deps", tests, NULL, NULL);
}
