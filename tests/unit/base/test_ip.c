// SPDX-License-Identifier: GPL-2.0-or-later
/* Addresses and prefixes of both families. */
#include "tests/unit/cmocka_all.h"

#include "runtime/base/cleanup.h"
#include "runtime/base/ip.h"

#include <errno.h>
#include <string.h>

static struct ip ip(const char *text)
{
	struct ip ip = {0};

	assert_int_equal(ip_parse(text, &ip, NULL), 0);
	return ip;
}

static struct ip_prefix prefix(const char *text)
{
	struct ip_prefix prefix = {0};

	assert_int_equal(ip_prefix_parse(text, &prefix, NULL), 0);
	return prefix;
}

static void addresses_are_read_and_written(void **unused)
{
	static const char *const texts[][2] = {
		{"192.0.2.1", "192.0.2.1"},
		{"0.0.0.0", "0.0.0.0"},
		{"::", "::"},
		{"2001:DB8:0:0::1", "2001:db8::1"},
		{"[2001:db8::1]", "2001:db8::1"},
		{"::ffff:192.0.2.1", "::ffff:192.0.2.1"},
	};
	char text[IP_TEXT_MAX];

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct ip one = ip(texts[i][0]);

		assert_int_equal(one.family, strchr(texts[i][0], ':') ? 6 : 4);
		assert_string_equal(ip_format(&one, text), texts[i][1]);
	}
	assert_string_equal(ip_format(&(struct ip){0}, text), "");
}

static void nothing_else_is_an_address(void **unused)
{
	static const char *const texts[] = {
		"",
		"1.2.3",
		"1.2.3.256",
		"1.2.3.4 ",
		"01.2.3.4",
		"[1.2.3.4]",
		"[]",
		"[::1",
		"::1%eth0",
		":::",
		"host",
		"1.2.3.4/24",
		"[::]]",
		"2001:db8::12345",
		"00000000000000000000000000000000000000000000000000::1",
	};
	struct ip one = {.family = 9};
	struct err err;

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (ip_parse(texts[i], &one, &err) != -EINVAL)
			fail_msg("'%s' was taken for an address", texts[i]);
	assert_int_equal(one.family, 9);
	assert_int_equal(ip_parse("host", &one, &err), -EINVAL);
	assert_string_equal(err.text, "'host' is not an IP address");
}

static void prefixes_are_read_with_what_is_behind_them(void **unused)
{
	char text[IP_PREFIX_TEXT_MAX];
	struct ip_prefix one = prefix("10.1.2.3/16");
	struct ip first = ip_prefix_first(&one);
	struct ip last = ip_prefix_last(&one);

	(void)unused;
	assert_string_equal(ip_prefix_format(&one, text), "10.1.2.3/16");
	assert_string_equal(ip_format(&first, text), "10.1.0.0");
	assert_string_equal(ip_format(&last, text), "10.1.255.255");
	one = prefix("2001:db8::/61");
	last = ip_prefix_last(&one);
	assert_string_equal(ip_format(&last, text), "2001:db8:0:7:ffff:ffff:ffff:ffff");
	one = prefix("0.0.0.0/0");
	last = ip_prefix_last(&one);
	assert_string_equal(ip_format(&last, text), "255.255.255.255");
	assert_int_equal(prefix("::1/128").bits, 128);
}

static void nothing_else_is_a_prefix(void **unused)
{
	static const char *const texts[] = {"",
					    "10.0.0.0",
					    "10.0.0.0/",
					    "10.0.0.0/33",
					    "::/129",
					    "10.0.0.0/-1",
					    "10.0.0.0/8x",
					    "10.0.0/8",
					    "/8",
					    "10.0.0.0/ 8",
					    "::/99999999999999999999999"};
	struct ip_prefix one;

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (ip_prefix_parse(texts[i], &one, NULL) != -EINVAL)
			fail_msg("'%s' was taken for a prefix", texts[i]);
}

static void what_is_inside_is_known(void **unused)
{
	const struct ip_prefix wide = prefix("10.0.0.0/8");
	const struct ip_prefix narrow = prefix("10.1.0.0/16");
	const struct ip_prefix other = prefix("11.0.0.0/8");
	const struct ip_prefix six = prefix("::/0");
	const struct ip in = ip("10.1.255.255");
	const struct ip out = ip("10.2.0.0");

	(void)unused;
	assert_true(ip_prefix_has(&narrow, &in));
	assert_false(ip_prefix_has(&narrow, &out));
	assert_false(ip_prefix_has(&six, &in));
	assert_true(ip_prefix_overlaps(&wide, &narrow));
	assert_true(ip_prefix_overlaps(&narrow, &wide));
	assert_false(ip_prefix_overlaps(&narrow, &other));
	assert_false(ip_prefix_overlaps(&wide, &six));
}

static void addresses_have_an_order(void **unused)
{
	const struct ip low = ip("9.255.0.0");
	const struct ip high = ip("10.0.0.0");
	const struct ip six = ip("::");

	(void)unused;
	assert_true(ip_compare(&low, &high) < 0);
	assert_true(ip_compare(&six, &high) > 0);
	assert_int_equal(ip_compare(&high, &high), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_read_and_written),
		cmocka_unit_test(nothing_else_is_an_address),
		cmocka_unit_test(prefixes_are_read_with_what_is_behind_them),
		cmocka_unit_test(nothing_else_is_a_prefix),
		cmocka_unit_test(what_is_inside_is_known),
		cmocka_unit_test(addresses_have_an_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
