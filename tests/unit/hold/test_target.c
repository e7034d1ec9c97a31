// SPDX-License-Identifier: GPL-2.0-or-later
/* By which address an instance is called, and how often. */
#include "tests/unit/cmocka_all.h"

#include "launcher/hold/target.h"

#include <arpa/inet.h>

static const struct target four = {.four = {4, {10, 0, 0, 2}}};
static const struct target both = {.four = {4, {10, 0, 0, 2}}, .six = {6, {0xfd, [15] = 2}}};

static void it_is_called_by_an_address_that_it_has(void **unused)
{
	union address address;

	(void)unused;
	assert_int_equal(target_address(&four, true, 80, &address), sizeof(address.four));
	assert_int_equal(address.any.sa_family, AF_INET);
	assert_int_equal(ntohl(address.four.sin_addr.s_addr), 0x0a000002);
	assert_int_equal(ntohs(address.four.sin_port), 80);
	assert_int_equal(target_address(&both, true, 80, &address), sizeof(address.six));
	assert_int_equal(address.any.sa_family, AF_INET6);
	assert_int_equal(address.six.sin6_addr.s6_addr[15], 2);
	assert_int_equal(ntohs(address.six.sin6_port), 80);
	assert_int_equal(target_address(&both, false, 80, &address), sizeof(address.four));
}

static void families_take_turns_where_there_are_two(void **unused)
{
	(void)unused;
	assert_true(target_other(&both, false));
	assert_false(target_other(&both, true));
	assert_false(target_other(&four, false));
	assert_true(target_other(&four, true));
}

static void pauses_grow_with_the_time_that_it_takes(void **unused)
{
	(void)unused;
	assert_int_equal(target_pause_ms(0), 1);
	assert_int_equal(target_pause_ms(160), 10);
	assert_int_equal(target_pause_ms(1000000), 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_called_by_an_address_that_it_has),
		cmocka_unit_test(families_take_turns_where_there_are_two),
		cmocka_unit_test(pauses_grow_with_the_time_that_it_takes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
