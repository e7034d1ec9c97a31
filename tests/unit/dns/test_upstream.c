// SPDX-License-Identifier: GPL-2.0-or-later
/* Whom a resolv.conf says to ask. */
#include "tests/unit/dns/names.h"

#include "launcher/dns/upstream.h"

static void check(const char *text, const char *const *expected, size_t count)
{
	struct upstream found = {0};

	upstream_parse(text, &found);
	assert_int_equal(found.count, count);
	for (size_t i = 0; i < count; i++) {
		struct ip ip = names_ip(expected[i]);

		assert_int_equal(ip_compare(&found.servers[i], &ip), 0);
	}
}

static void servers_are_taken_in_their_order(void **unused)
{
	static const char *const both[] = {"192.0.2.1", "2001:db8::1"};

	(void)unused;
	check("# by hand\nnameserver 192.0.2.1\nsearch a.test\nnameserver\t 2001:db8::1 \noptions "
	      "x",
	      both, 2);
}

static void at_most_three_are_asked(void **unused)
{
	static const char *const three[] = {"192.0.2.1", "192.0.2.2", "192.0.2.3"};

	(void)unused;
	check("nameserver 192.0.2.1\nnameserver 192.0.2.2\nnameserver 192.0.2.3\n"
	      "nameserver 192.0.2.4\n",
	      three, 3);
}

static void without_one_it_is_the_host_itself(void **unused)
{
	static const char *const host[] = {"127.0.0.1"};

	(void)unused;
	check("", host, 1);
	check("nameserver\nnameserver nonsense\nnameserver fe80::1%eth0\nnameservers 192.0.2.1\n"
	      "nameserver 11111111111111111111111111111111111111111111111111111111\n",
	      host, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(servers_are_taken_in_their_order),
		cmocka_unit_test(at_most_three_are_asked),
		cmocka_unit_test(without_one_it_is_the_host_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
