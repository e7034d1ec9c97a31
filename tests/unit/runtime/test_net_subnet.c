// SPDX-License-Identifier: GPL-2.0-or-later
#include "runtime/base/cleanup.h"
#include "runtime/network/subnet.h"
#include "tests/unit/cmocka_all.h"

#include <errno.h>
#include <stdio.h>

#define LIST(array) ((struct subnet_list){array, ARRAY_SIZE(array)})

#define WISH(pool, start) ((struct subnet_wish){net(pool), 24, start})

static struct subnet net(const char *cidr)
{
	struct subnet subnet = {0};
	struct err err = {0};

	if (subnet_parse(cidr, &subnet, &err) < 0)
		fail_msg("%s", err.text);
	return subnet;
}

static void prefixes_are_parsed(void **unused)
{
	assert_int_equal(net("10.213.0.0/16").address, 0x0ad50000);
	assert_int_equal(net("10.213.0.0/16").prefix, 16);
	assert_int_equal(net("0.0.0.0/0").prefix, 0);
	assert_int_equal(net("1.2.3.4/32").address, 0x01020304);
}

static void malformed_prefixes_are_refused(void **unused)
{
	static const char *const bad[] = {"",
					  "10.0.0.0",
					  "10.0.0.0/",
					  "10.0.0.0/33",
					  "10.0.0/8",
					  "10.0.0.0/8x",
					  "10.0.0.0/-1",
					  "10.0.0.0/ 8",
					  "10.0.0.1/24",
					  "::/0",
					  "/24",
					  "a.b.c.d/8",
					  "10.0.0.0/8/8",
					  "10.0.0.0/99999999999999999999"};
	struct subnet subnet;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (subnet_parse(bad[i], &subnet, NULL) != -EINVAL)
			fail_msg("accepted: '%s'", bad[i]);
}

static void overlap_is_containment_either_way(void **unused)
{
	assert_true(subnet_overlaps(net("10.0.0.0/8"), net("10.213.5.0/24")));
	assert_true(subnet_overlaps(net("10.213.5.0/24"), net("10.0.0.0/8")));
	assert_true(subnet_overlaps(net("10.213.5.0/24"), net("10.213.5.7/32")));
	assert_true(subnet_overlaps(net("0.0.0.0/0"), net("10.213.5.7/32")));
	assert_false(subnet_overlaps(net("10.213.5.0/24"), net("10.213.6.0/24")));
	assert_false(subnet_overlaps(net("10.213.4.0/24"), net("10.213.5.0/25")));
}

static void the_first_free_one_from_the_start_is_picked(void **unused)
{
	struct subnet_used used[] = {{net("10.213.7.128/25"), "eth1"}, {net("10.213.8.0/23"), ""}};
	struct subnet got;

	assert_int_equal(subnet_pick(&WISH("10.213.0.0/16", 6), &LIST(used), &got, NULL), 0);
	assert_int_equal(got.address, net("10.213.6.0/24").address);
	assert_int_equal(got.prefix, 24);
	assert_int_equal(subnet_pick(&WISH("10.213.0.0/16", 7), &LIST(used), &got, NULL), 0);
	assert_int_equal(got.address, net("10.213.10.0/24").address);
}

static void the_search_wraps_around(void **unused)
{
	struct subnet_used used[] = {{net("10.213.255.0/24"), "eth1"}};
	struct subnet got;

	assert_int_equal(subnet_pick(&WISH("10.213.0.0/16", 0xffffffff), &LIST(used), &got, NULL),
			 0);
	assert_int_equal(got.address, net("10.213.0.0/24").address);
}

static void an_address_with_host_bits_blocks_its_subnet(void **unused)
{
	struct subnet_used used = {{0x0ad50001, 24}, "br0"}; /* 10.213.0.1/24 of a link */
	struct subnet got;

	assert_int_equal(
		subnet_pick(&WISH("10.213.0.0/23", 0), &(struct subnet_list){&used, 1}, &got, NULL),
		0);
	assert_int_equal(got.address, net("10.213.1.0/24").address);
}

static void an_exhausted_pool_names_a_conflict(void **unused)
{
	struct subnet_used used[] = {{net("10.0.0.0/8"), "vpn0"}};
	struct subnet got = {1, 2};
	struct err err = {0};

	assert_int_equal(subnet_pick(&WISH("10.213.0.0/16", 3), &LIST(used), &got, &err),
			 -EADDRNOTAVAIL);
	assert_string_equal(err.text, "network: no free /24 left in 10.213.0.0/16: the host uses "
				      "10.0.0.0/8 on vpn0 among others");
	assert_int_equal(got.address, 1);
}

static void a_larger_subnet_is_found_too(void **unused)
{
	struct subnet_used used[] = {{net("10.213.4.0/24"), "eth1"}};
	const struct subnet_wish wish = {net("10.213.0.0/16"), 22, 1};
	struct subnet got;

	(void)unused;
	assert_int_equal(subnet_pick(&wish, &LIST(used), &got, NULL), 0);
	assert_int_equal(got.address, net("10.213.8.0/22").address);
	assert_int_equal(got.prefix, 22);
}

static void a_subnet_that_is_not_free_names_the_conflict(void **unused)
{
	struct subnet_used used[] = {{net("10.1.0.0/16"), "eth1"}};
	struct err err = {0};

	(void)unused;
	assert_int_equal(subnet_check(net("10.2.0.0/16"), &LIST(used), &err), 0);
	assert_int_equal(subnet_check(net("10.0.0.0/8"), &LIST(used), &err), -EADDRINUSE);
	assert_string_equal(err.text, "network: the subnet 10.0.0.0/8 is not free: the host uses "
				      "10.1.0.0/16 on eth1");
}

static void a_pool_smaller_than_a_subnet_is_refused(void **unused)
{
	struct subnet got;

	assert_int_equal(
		subnet_pick(&WISH("10.213.0.0/25", 0), &(struct subnet_list){0}, &got, NULL),
		-EINVAL);
	assert_int_equal(
		subnet_pick(&WISH("10.213.0.0/24", 9), &(struct subnet_list){0}, &got, NULL), 0);
	assert_int_equal(got.address, net("10.213.0.0/24").address);
}

static void the_whole_address_space_is_a_pool_too(void **unused)
{
	struct subnet got;

	assert_int_equal(subnet_pick(&WISH("0.0.0.0/0", 5), &(struct subnet_list){0}, &got, NULL),
			 0);
	assert_int_equal(got.address, net("0.0.5.0/24").address);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prefixes_are_parsed),
		cmocka_unit_test(malformed_prefixes_are_refused),
		cmocka_unit_test(overlap_is_containment_either_way),
		cmocka_unit_test(the_first_free_one_from_the_start_is_picked),
		cmocka_unit_test(the_search_wraps_around),
		cmocka_unit_test(an_address_with_host_bits_blocks_its_subnet),
		cmocka_unit_test(an_exhausted_pool_names_a_conflict),
		cmocka_unit_test(a_larger_subnet_is_found_too),
		cmocka_unit_test(a_subnet_that_is_not_free_names_the_conflict),
		cmocka_unit_test(a_pool_smaller_than_a_subnet_is_refused),
		cmocka_unit_test(the_whole_address_space_is_a_pool_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
