// SPDX-License-Identifier: GPL-2.0-or-later
#include "launcher/policy/drain.h"
#include "tests/unit/cmocka_all.h"

static int64_t limit(int64_t drain_ms, int64_t grace_ms)
{
	const struct service service = {.stop_grace_ms = 10000, .traffic = {.drain_ms = drain_ms}};

	return drain_limit_ms(&service, grace_ms);
}

static void the_limit_is_x_drain_or_the_grace_period(void **unused)
{
	(void)unused;
	assert_int_equal(limit(-1, -1), 10000);
	assert_int_equal(limit(500, -1), 500);
	assert_int_equal(limit(60000, -1), 60000);
	assert_int_equal(limit(0, -1), 0);
}

static void a_command_in_a_hurry_is_a_limit_too(void **unused)
{
	(void)unused;
	assert_int_equal(limit(-1, 0), 0);
	assert_int_equal(limit(60000, 2000), 2000);
	assert_int_equal(limit(500, 2000), 500);
}

static void without_connections_nothing_is_waited_for(void **unused)
{
	(void)unused;
	assert_int_equal(drain_pause_ms(0, 0, 10000), 0);
	assert_int_equal(drain_pause_ms(3, 10000, 10000), 0);
	assert_int_equal(drain_pause_ms(3, 0, 0), 0);
}

static void looks_are_frequent_at_first_and_never_beyond_the_limit(void **unused)
{
	int64_t waited_ms = 0, pause_ms;
	int looks = 0;

	(void)unused;
	assert_int_equal(drain_pause_ms(1, 0, 10000), 5);
	assert_int_equal(drain_pause_ms(1, 400, 10000), 50);
	assert_int_equal(drain_pause_ms(1, 5000, 10000), 100);
	assert_int_equal(drain_pause_ms(1, 9998, 10000), 2);
	while ((pause_ms = drain_pause_ms(1, waited_ms, 10000)) > 0) {
		waited_ms += pause_ms;
		looks++;
	}
	assert_int_equal(waited_ms, 10000);
	assert_in_range(looks, 50, 150);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_limit_is_x_drain_or_the_grace_period),
		cmocka_unit_test(a_command_in_a_hurry_is_a_limit_too),
		cmocka_unit_test(without_connections_nothing_is_waited_for),
		cmocka_unit_test(looks_are_frequent_at_first_and_never_beyond_the_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
