// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/cmocka_all.h"

#include "launcher/hold/pace.h"
#include "runtime/base/cleanup.h"

#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

/* What a kernel has: six at most, one more each second. */
struct bucket {
	int64_t milli;
	int64_t seen_ms;
};

/* False: it says nothing. */
static bool refuses(struct bucket *bucket, int64_t now_ms)
{
	bucket->milli += now_ms - bucket->seen_ms;
	bucket->milli = bucket->milli > 6000 ? 6000 : bucket->milli;
	bucket->seen_ms = now_ms;
	if (bucket->milli < 1000)
		return false;
	bucket->milli -= 1000;
	return true;
}

static void the_first_tries_are_quick_and_then_there_is_one_a_second(void **unused)
{
	static const int64_t expected_ms[] = {20, 220, 1000, 2000, 3000};
	struct pace pace = {0};
	int64_t now_ms = 50000;

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(expected_ms); i++) {
		pace_refused(&pace, now_ms);
		now_ms = pace.next_ms;
		assert_int_equal(now_ms - 50000, expected_ms[i]);
	}
}

static void after_a_while_they_are_quick_again(void **unused)
{
	struct pace pace = {0};

	(void)unused;
	for (int i = 0; i < 5; i++)
		pace_refused(&pace, i);
	pace_refused(&pace, 60000);
	assert_int_equal(pace.next_ms, 60020);
}

static void more_than_a_kernel_has_is_never_spent(void **unused)
{
	struct pace pace = {0};

	(void)unused;
	for (int i = 0; i < 1000; i++)
		pace_refused(&pace, 5000);
	assert_int_equal(pace.next_ms, 6000);
	pace_refused(&pace, 5000 + 6000);
	assert_int_equal(pace.next_ms, 11020);
}

static void one_at_a_time_is_on_its_way(void **unused)
{
	struct pace pace = {0};

	(void)unused;
	pace_begin(&pace, 1000, 50);
	assert_int_equal(pace.next_ms, 1050);
	pace_refused(&pace, 1001);
	assert_int_equal(pace.next_ms, 1021);
}

/* Even if who asks is replaced by a process that knows nothing. */
static void no_refusal_is_kept_back_by_a_kernel(void **unused)
{
	unsigned seed = (unsigned)getpid();
	struct bucket bucket = {0};
	struct pace pace = {0};
	int64_t now_ms = 1000;

	(void)unused;
	print_message("seed %u\n", seed);
	srandom(seed);
	for (int i = 0; i < 10000; i++) {
		if (i % 50 == 0)
			bucket = (struct bucket){6000, now_ms};
		if (i % 25 == 0)
			pace = (struct pace){0};
		now_ms = pace.next_ms > now_ms ? pace.next_ms : now_ms;
		now_ms += random() % 3 ? 0 : random() % 2000;
		assert_true(refuses(&bucket, now_ms));
		pace_refused(&pace, now_ms);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_tries_are_quick_and_then_there_is_one_a_second),
		cmocka_unit_test(after_a_while_they_are_quick_again),
		cmocka_unit_test(more_than_a_kernel_has_is_never_spent),
		cmocka_unit_test(one_at_a_time_is_on_its_way),
		cmocka_unit_test(no_refusal_is_kept_back_by_a_kernel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
