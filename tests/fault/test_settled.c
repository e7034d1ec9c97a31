// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Whether a stack has come to rest is answered rightly, or said not to be known, whichever
 * allocation fails: who took "not known" for "no" would never ask again. Tries every allocation.
 */
#include "launcher/policy/settled.h"
#include "runtime/base/cleanup.h"
#include "tests/fault/alloc.h"
#include "tests/unit/cmocka_all.h"

#include <errno.h>

static struct dependency needs_seed[] = {
	{.service = (char *)"seed", .condition = DEPENDS_COMPLETED, .required = true}};
static struct service services[] = {
	{.name = (char *)"seed"},
	{.name = (char *)"web", .depends_on = needs_seed, .depends_on_count = 1},
};
static const struct stack shop = {
	.name = (char *)"shop", .directory = (char *)"/", .services = services, .service_count = 2};
static const struct desired wanted[] = {{1, "r1"}, {2, "r1"}};

/* The task runs still, and web waits for its end; or all is done. */
static int answer(bool waits, struct err *err)
{
	enum instance_state web = waits ? INSTANCE_WAITING : INSTANCE_READY;
	struct observed seen[] = {
		{.service = "seed",
		 .index = 1,
		 .state = waits ? INSTANCE_READY : INSTANCE_COMPLETED,
		 .revision = "r1"},
		{.service = "web", .index = 1, .state = web, .blocked = waits, .revision = "r1"},
		{.service = "web", .index = 2, .state = web, .blocked = waits, .revision = "r1"},
	};

	return settled_idle(&shop, wanted, seen, ARRAY_SIZE(seen), err);
}

static void answer_or_say_it_is_not_known(bool waits, int right)
{
	struct err none = {0};
	bool failed = true;

	assert_int_equal(answer(waits, &none), right);
	for (uint64_t nth = 1; failed; nth++) {
		struct err err = {0};

		alloc_arm(nth);
		int r = answer(waits, &err);

		failed = alloc_disarm() > 0;
		assert_int_equal(r, failed ? -ENOMEM : right);
		assert_int_equal(err.code, failed ? ENOMEM : 0);
	}
}

static void rest(void **unused)
{
	(void)unused;
	answer_or_say_it_is_not_known(false, 1);
}

static void a_wait_for_a_task(void **unused)
{
	(void)unused;
	answer_or_say_it_is_not_known(true, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rest),
		cmocka_unit_test(a_wait_for_a_task),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
