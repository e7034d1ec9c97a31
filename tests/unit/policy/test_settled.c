// SPDX-License-Identifier: GPL-2.0-or-later
/* What `status` says of a service, and when `up --wait` may return. */
#include "tests/unit/cmocka_all.h"

#include "launcher/policy/settled.h"
#include "tests/unit/policy/fixture.h"

#include <string.h>

enum { SEED, WEB, SERVICES };

static struct service shop_services[] = {LONER("seed"),
					 SERVICE("web", NEEDS("seed", DEPENDS_COMPLETED))};
static const struct stack shop = STACK(shop_services);

#define WANT(seed, web) ((struct desired[]){{(seed), "r2"}, {(web), "r2"}})
#define SEEN(name, number, in, ...)                                                                \
	{                                                                                          \
		.service = (name), .index = (number), .state = INSTANCE_##in, .revision = "r2",    \
		__VA_ARGS__                                                                        \
	}
#define LIST(...)                                                                                  \
	(struct observed[]){__VA_ARGS__},                                                          \
		sizeof((struct observed[]){__VA_ARGS__}) / sizeof(struct observed)

static struct service_status web_status(unsigned wanted, struct observed *seen, size_t count)
{
	struct service_status status[SERVICES];

	marked(&shop, WANT(0, wanted), seen, count);
	settled_services(&shop, WANT(0, wanted), seen, count, status);
	return status[WEB];
}

static void a_service_has_the_word_of_its_worst_instance(void **unused)
{
	(void)unused;
	assert_string_equal(web_status(2, LIST(SEEN("web", 1, READY), SEEN("web", 2, READY))).state,
			    "ready");
	assert_string_equal(
		web_status(2, LIST(SEEN("web", 1, READY), SEEN("web", 2, STARTING))).state,
		"starting");
	assert_string_equal(
		web_status(2, LIST(SEEN("web", 1, STARTING), SEEN("web", 2, WAITING))).state,
		"waiting");
	assert_string_equal(
		web_status(2, LIST(SEEN("web", 1, UNREADY), SEEN("web", 2, WAITING))).state,
		"unready");
	assert_string_equal(
		web_status(2, LIST(SEEN("web", 1, BACKOFF), SEEN("web", 2, UNREADY))).state,
		"backoff");
	assert_string_equal(
		web_status(2, LIST(SEEN("web", 1, BACKOFF), SEEN("web", 2, FAILED))).state,
		"failed");
	assert_string_equal(web_status(2, LIST(SEEN("web", 1, READY))).state, "starting");
	assert_string_equal(web_status(2, NULL, 0).state, "starting");
}

static struct service_status held_status(struct desired wanted, struct observed *seen, size_t count)
{
	struct service_status status[SERVICES];
	const struct desired all[] = {{0, "r2"}, wanted};

	marked(&shop, all, seen, count);
	settled_services(&shop, all, seen, count, status);
	return status[WEB];
}

static void who_is_not_needed_sleeps_and_wakes(void **unused)
{
	const struct desired asleep = {0, "r2", .asleep = true};
	const struct desired waking = {1, "r2", .waking = true};

	(void)unused;
	assert_string_equal(held_status(asleep, LIST(SEEN("web", 1, STOPPING))).state, "stopping");
	assert_string_equal(held_status(asleep, NULL, 0).state, "asleep");
	assert_string_equal(held_status(waking, NULL, 0).state, "waking");
	assert_string_equal(held_status(waking, LIST(SEEN("web", 1, STARTING))).state, "waking");
	assert_string_equal(held_status(waking, LIST(SEEN("web", 1, BACKOFF))).state, "backoff");
	assert_string_equal(held_status(waking, LIST(SEEN("web", 1, READY))).state, "ready");
}

static void who_runs_at_times_is_scheduled_until_then(void **unused)
{
	const struct desired waits = {0, "r2", .scheduled = true};
	const struct desired ran = {1, "r2", .scheduled = true};
	struct observed seen[] = {SEEN("web", 1, FAILED)};

	(void)unused;
	assert_string_equal(held_status(waits, NULL, 0).state, "scheduled");
	assert_string_equal(held_status(waits, LIST(SEEN("web", 1, READY))).state, "stopping");
	assert_string_equal(held_status(ran, seen, 1).state, "failed");
}

static void tasks_that_ended_well_are_completed(void **unused)
{
	(void)unused;
	assert_string_equal(web_status(1, LIST(SEEN("web", 1, COMPLETED))).state, "completed");
	assert_string_equal(
		web_status(2, LIST(SEEN("web", 1, COMPLETED), SEEN("web", 2, READY))).state,
		"ready");
}

static void what_is_not_wanted_is_stopped_or_about_to_be(void **unused)
{
	(void)unused;
	assert_string_equal(web_status(0, NULL, 0).state, "stopped");
	assert_string_equal(web_status(0, LIST(SEEN("web", 1, STOPPING))).state, "stopping");
}

static void numbers_and_reason_are_of_the_wanted_instances(void **unused)
{
	(void)unused;
	const struct service_status status = web_status(
		2, LIST(SEEN("web", 1, READY), SEEN("web", 2, FAILED, .reason = "exited 1"),
			SEEN("web", 3, STOPPING, .reason = "x"), SEEN("gone", 1, READY)));

	assert_int_equal(status.desired, 2);
	assert_int_equal(status.present, 2);
	assert_int_equal(status.ready, 1);
	assert_int_equal(status.leftover, 1);
	assert_string_equal(status.reason, "exited 1");
}

static bool idle(unsigned seed, unsigned web, struct observed *seen, size_t count)
{
	struct err err = {0};
	int r = settled_idle(&shop, WANT(seed, web), marked(&shop, WANT(seed, web), seen, count),
			     count, &err);

	assert_in_range(r, 0, 1);
	return r;
}

static void what_is_on_its_way_is_not_idle(void **unused)
{
	(void)unused;
	assert_false(idle(0, 1, NULL, 0));
	assert_false(idle(0, 1, LIST(SEEN("web", 1, STARTING))));
	assert_false(idle(0, 1, LIST(SEEN("web", 1, BACKOFF))));
	assert_false(idle(0, 1, LIST(SEEN("web", 1, WAITING))));
	assert_false(idle(0, 0, LIST(SEEN("web", 1, STOPPING))));
	assert_false(idle(0, 0, LIST(SEEN("web", 1, READY))));
	assert_false(idle(0, 1, LIST(SEEN("web", 1, READY, .replace = true))));
	assert_false(idle(
		1, 1, LIST(SEEN("seed", 1, STARTING), SEEN("web", 1, WAITING, .blocked = true))));
	/* (a running task that is waited for has still to end) */
	assert_false(
		idle(1, 1, LIST(SEEN("seed", 1, READY), SEEN("web", 1, WAITING, .blocked = true))));
}

static void what_has_come_to_rest_is_idle_well_or_not(void **unused)
{
	(void)unused;
	assert_true(idle(0, 0, NULL, 0));
	assert_true(idle(1, 1, LIST(SEEN("seed", 1, COMPLETED), SEEN("web", 1, READY))));
	assert_true(idle(0, 1, LIST(SEEN("web", 1, FAILED))));
	assert_true(idle(0, 1, LIST(SEEN("web", 1, UNREADY))));
	assert_true(idle(0, 1, LIST(SEEN("web", 1, BACKOFF, .crash_looping = true))));
	assert_true(idle(1, 1,
			 LIST(SEEN("seed", 1, FAILED), SEEN("web", 1, WAITING, .blocked = true))));
}

static void a_replacement_is_idle_only_when_done_or_paused(void **unused)
{
	(void)unused;
	struct observed seen[] = {SEEN("web", 1, READY), SEEN("web", 2, READY)};

	seen[1].revision = "r1";
	assert_false(idle(0, 2, seen, 2));
	seen[0].state = INSTANCE_FAILED;
	assert_true(idle(0, 2, seen, 2));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_service_has_the_word_of_its_worst_instance),
		cmocka_unit_test(who_runs_at_times_is_scheduled_until_then),
		cmocka_unit_test(tasks_that_ended_well_are_completed),
		cmocka_unit_test(what_is_not_wanted_is_stopped_or_about_to_be),
		cmocka_unit_test(who_is_not_needed_sleeps_and_wakes),
		cmocka_unit_test(numbers_and_reason_are_of_the_wanted_instances),
		cmocka_unit_test(what_is_on_its_way_is_not_idle),
		cmocka_unit_test(what_has_come_to_rest_is_idle_well_or_not),
		cmocka_unit_test(a_replacement_is_idle_only_when_done_or_paused),
	};

	return cmocka_run_group_tests_name("settled", tests, NULL, NULL);
}
