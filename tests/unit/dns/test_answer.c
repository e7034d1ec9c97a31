// SPDX-License-Identifier: GPL-2.0-or-later
/* What is answered here, and what is for others to answer. */
#include "tests/unit/dns/names.h"

#include "launcher/dns/answer.h"

#include <stdio.h>

static struct table *table;
static struct answer answer;

static int make(void **unused)
{
	(void)unused;
	table = names_table();
	return 0;
}

static int drop(void **unused)
{
	(void)unused;
	table_free(table);
	return 0;
}

static bool ask(const char *client, const char *name, uint16_t type, unsigned turn)
{
	const char *network = strncmp(client, "10.0.1.", 7) == 0   ? "back"
			      : strncmp(client, "10.0.2.", 7) == 0 ? "front"
								   : "inner";
	struct table_asker asker = names_asker(table, network, client);
	struct message_query query = {.type = type};

	snprintf(query.name, sizeof(query.name), "%s", name);
	return answer_find(&asker, &query, turn, &answer);
}

static void check_first(const char *expected, size_t count)
{
	struct ip ip = names_ip(expected);

	assert_int_equal(answer.message.rcode, MESSAGE_OK);
	assert_int_equal(answer.message.address_count, count);
	assert_int_equal(ip_compare(&answer.message.addresses[0], &ip), 0);
}

static void a_name_has_the_addresses_of_the_family_asked_for(void **unused)
{
	(void)unused;
	assert_true(ask("10.0.1.2", "web-1", MESSAGE_A, 0));
	check_first("10.0.1.2", 1);
	assert_true(ask("10.0.1.2", "web-1", MESSAGE_AAAA, 0));
	check_first("fd00::2", 1);
	assert_true(ask("10.0.1.2", "web-1", MESSAGE_ANY, 0));
	check_first("10.0.1.2", 2);
}

static void what_a_known_name_does_not_have_is_no_missing_name(void **unused)
{
	static const uint16_t types[] = {MESSAGE_AAAA, MESSAGE_PTR, 15, 16, 65};

	(void)unused;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		assert_true(ask("10.0.1.2", "web", types[i], 0));
		assert_int_equal(answer.message.rcode, MESSAGE_OK);
		assert_int_equal(answer.message.address_count, 0);
	}
	assert_true(ask("10.0.1.2", "idle", MESSAGE_A, 3));
	assert_int_equal(answer.message.rcode, MESSAGE_OK);
}

static void each_of_several_addresses_comes_first_in_its_turn(void **unused)
{
	static const char *const order[] = {"10.0.1.2", "10.0.1.3", "10.0.1.4"};

	(void)unused;
	for (unsigned turn = 0; turn < 7; turn++) {
		assert_true(ask("10.0.1.2", "tasks.web", MESSAGE_A, turn));
		check_first(order[turn % 3], 3);
		struct ip last = names_ip(order[(turn + 2) % 3]);

		assert_int_equal(ip_compare(&answer.message.addresses[2], &last), 0);
	}
}

static void an_address_has_its_name(void **unused)
{
	(void)unused;
	assert_true(ask("10.0.1.2", "2.1.0.10.in-addr.arpa", MESSAGE_PTR, 0));
	assert_string_equal(answer.message.pointer, "web-1");
	assert_true(ask("10.0.1.2",
			"2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa",
			MESSAGE_PTR, 0));
	assert_string_equal(answer.message.pointer, "web-1");
	assert_true(ask("10.0.1.2", "253.2.0.10.in-addr.arpa", MESSAGE_PTR, 0));
	assert_int_equal(answer.message.rcode, MESSAGE_NO_NAME);
	assert_false(ask("10.0.1.2", "1.2.0.192.in-addr.arpa", MESSAGE_PTR, 0));
}

static void other_names_are_for_others_to_answer(void **unused)
{
	(void)unused;
	assert_false(ask("10.0.1.2", "example.com", MESSAGE_A, 0));
	assert_false(ask("10.0.1.2", "proxy", MESSAGE_A, 0));
}

static void an_internal_network_asks_nobody(void **unused)
{
	(void)unused;
	assert_true(ask("10.0.3.5", "example.com", MESSAGE_A, 0));
	assert_int_equal(answer.message.rcode, MESSAGE_FAILED);
	assert_true(ask("10.0.3.5", "1.2.0.192.in-addr.arpa", MESSAGE_PTR, 0));
	assert_int_equal(answer.message.rcode, MESSAGE_FAILED);
	assert_true(ask("10.0.3.5", "db", MESSAGE_A, 0));
	check_first("10.0.3.254", 1);
}

static void only_whole_addresses_are_reversed(void **unused)
{
	static const char *const names[] = {
		"in-addr.arpa",
		".in-addr.arpa",
		"3.2.1.in-addr.arpa",
		"5.4.3.2.1.in-addr.arpa",
		"256.2.1.1.in-addr.arpa",
		"1.2..3.in-addr.arpa",
		"a.2.1.1.in-addr.arpa",
		"1234.1.1.1.in-addr.arpa",
		"1.ip6.arpa",
		"web",
		"g.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa",
		"0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d-f.ip6.arpa",
	};
	struct ip ip;

	(void)unused;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_false(answer_reverse(names[i], &ip));
	assert_true(answer_reverse("0.0.0.10.in-addr.arpa", &ip));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_has_the_addresses_of_the_family_asked_for),
		cmocka_unit_test(what_a_known_name_does_not_have_is_no_missing_name),
		cmocka_unit_test(each_of_several_addresses_comes_first_in_its_turn),
		cmocka_unit_test(an_address_has_its_name),
		cmocka_unit_test(other_names_are_for_others_to_answer),
		cmocka_unit_test(an_internal_network_asks_nobody),
		cmocka_unit_test(only_whole_addresses_are_reversed),
	};

	return cmocka_run_group_tests(tests, make, drop);
}
