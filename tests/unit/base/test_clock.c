// SPDX-License-Identifier: GPL-2.0-or-later
#include "runtime/base/clock.h"
#include "tests/unit/cmocka_all.h"

#include <time.h>

static void it_is_the_monotonic_clock_in_both_units(void **state)
{
	struct timespec now;
	int64_t before_us = clock_now_us();
	int64_t between_ms = clock_now_ms();

	(void)state;
	clock_gettime(CLOCK_MONOTONIC, &now);
	int64_t after_us = (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;

	assert_true(before_us > 0);
	assert_true(before_us / 1000 <= between_ms && between_ms <= after_us / 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_the_monotonic_clock_in_both_units),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
