// SPDX-License-Identifier: GPL-2.0-or-later
#include "runtime/network/twin.h"
#include "tests/unit/cmocka_all.h"

static struct ip six(const char *text)
{
	struct ip ip;

	assert_int_equal(ip_parse(text, &ip, NULL), 0);
	return ip;
}

static void expect(struct ip got, const char *expected)
{
	char text[IP_TEXT_MAX];

	assert_string_equal(ip_format(&got, text), expected);
}

static struct twin twin_of(const char *first)
{
	return (struct twin){.subnet = {six(first), 64}};
}

static void a_network_without_ipv6_has_no_twins(void **unused)
{
	const struct twin none = {0};

	(void)unused;
	assert_int_equal(twin_at(&none, 5).family, 0);
}

static void a_twin_is_as_far_behind_its_first_address(void **unused)
{
	struct twin twin = twin_of("fd01::fffe");
	const struct ip behind = six("fd01::1:0"), before = six("fd01::1"), far = six("fd01:0:1::");

	(void)unused;
	expect(twin_at(&twin, 1), "fd01::ffff");
	expect(twin_at(&twin, 2), "fd01::1:0");
	expect(twin_at(&twin, 0xffffffff), "fd01::1:0:fffd");
	assert_int_equal(twin_distance(&twin, &behind), 2);
	assert_int_equal(twin_distance(&twin, &before), 0);
	assert_int_equal(twin_distance(&twin, &far), 0);
}

static void what_is_written_is_the_twin_until_it_is_somebody_elses(void **unused)
{
	struct twin twin = twin_of("fd01::");
	const struct ip wanted = six("fd01::abc"), none = {0};

	(void)unused;
	assert_int_equal(twin_fix(&twin, 2, &wanted, NULL), 0);
	expect(twin_at(&twin, 2), "fd01::abc");
	assert_true(twin_is_fixed(&twin, &wanted));
	assert_int_equal(twin_fix(&twin, 3, &wanted, NULL), 0);
	expect(twin_at(&twin, 2), "fd01::2");
	expect(twin_at(&twin, 3), "fd01::abc");
	assert_int_equal(twin_fix(&twin, 3, &none, NULL), 0);
	expect(twin_at(&twin, 3), "fd01::3");
	assert_false(twin_is_fixed(&twin, &wanted));
	twin_free(&twin);
}

static void a_subnet_of_its_own_is_unique_local_and_stays(void **unused)
{
	const struct ip_prefix one = twin_subnet("shop", "default");
	const struct ip_prefix again = twin_subnet("shop", "default");
	const struct ip_prefix other = twin_subnet("shop", "back");

	(void)unused;
	assert_int_equal(one.bits, 64);
	assert_int_equal(one.ip.bytes[0], 0xfd);
	for (int i = 8; i < 16; i++)
		assert_int_equal(one.ip.bytes[i], 0);
	assert_int_equal(ip_compare(&one.ip, &again.ip), 0);
	assert_int_not_equal(ip_compare(&one.ip, &other.ip), 0);
}

static void a_link_local_address_is_made_from_the_hardware_address(void **unused)
{
	const unsigned char mac[6] = {0x02, 0x64, 10, 213, 5, 2};

	(void)unused;
	expect(twin_link_local(mac), "fe80::64:aff:fed5:502");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_network_without_ipv6_has_no_twins),
		cmocka_unit_test(a_twin_is_as_far_behind_its_first_address),
		cmocka_unit_test(what_is_written_is_the_twin_until_it_is_somebody_elses),
		cmocka_unit_test(a_subnet_of_its_own_is_unique_local_and_stays),
		cmocka_unit_test(a_link_local_address_is_made_from_the_hardware_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
