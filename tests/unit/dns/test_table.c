// SPDX-License-Identifier: GPL-2.0-or-later
/* Who sees which name, and what is no table. */
#include "tests/unit/dns/names.h"

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"

#include <errno.h>

static struct table *table;

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

/* The addresses, in a row; "none" for a name that is not seen. */
static void check(const struct table_asker *asker, const char *name, const char *expected)
{
	autobuf struct buf text = {0};
	struct ip found[8];
	size_t count = 0;

	buf_puts(&text, table_find(asker, name, found, 8, &count) ? "" : "none");
	for (size_t i = 0; i < count; i++) {
		char one[IP_TEXT_MAX];

		buf_printf(&text, "%s%s", i ? " " : "", ip_format(&found[i], one));
	}
	assert_string_equal(text.data ? text.data : "", expected);
}

static void a_name_is_seen_in_the_networks_of_who_asks(void **unused)
{
	struct table_asker asker = names_asker(table, "back", "10.0.1.2");

	(void)unused;
	check(&asker, "web", "10.0.1.254");
	check(&asker, "www", "10.0.1.254");
	check(&asker, "web-1", "10.0.1.2 fd00::2");
	check(&asker, "proxy", "none");
	check(&asker, "db", "none");
	check(&asker, "", "none");
}

static void lines_of_one_name_add_up(void **unused)
{
	struct table_asker asker = names_asker(table, "back", "10.0.1.2");
	struct ip found[2];
	size_t count = 0;

	(void)unused;
	check(&asker, "tasks.web", "10.0.1.2 10.0.1.3 10.0.1.4");
	assert_true(table_find(&asker, "tasks.web", found, 2, &count));
	assert_int_equal(count, 2);
}

static void a_name_without_addresses_is_there(void **unused)
{
	struct table_asker asker = names_asker(table, "back", "10.0.1.2");

	(void)unused;
	check(&asker, "idle", "");
}

static void who_is_in_several_networks_sees_each_of_them_the_preferred_one_first(void **unused)
{
	struct table_asker asker = names_asker(table, "back", "10.0.1.9");

	(void)unused;
	check(&asker, "web", "10.0.2.254");
	check(&asker, "proxy", "10.0.2.253");
	check(&asker, "www", "10.0.1.254");
}

static void a_link_is_known_to_its_own_service_only(void **unused)
{
	struct table_asker own = names_asker(table, "front", "10.0.2.9");
	struct table_asker other = names_asker(table, "back", "10.0.1.2");

	(void)unused;
	check(&own, "shop", "10.0.2.254");
	check(&other, "shop", "none");
}

static void who_is_not_known_yet_sees_the_network_it_asks_in(void **unused)
{
	struct table_asker asker = names_asker(table, "front", "10.0.2.77");
	const struct ip *upstreams;

	(void)unused;
	check(&asker, "proxy", "10.0.2.253");
	check(&asker, "www", "none");
	assert_true(table_forwards(&asker));
	assert_int_equal(table_upstreams(&asker, &upstreams), 0);
}

static void nobody_from_elsewhere_is_answered(void **unused)
{
	struct ip near = names_ip("10.0.1.2"), far = names_ip("192.0.2.1"), six = names_ip("::1");
	struct table_asker asker;

	(void)unused;
	assert_false(table_ask(table, "front", &near, &asker));
	assert_false(table_ask(table, "back", &far, &asker));
	assert_false(table_ask(table, "back", &six, &asker));
	assert_false(table_ask(table, "elsewhere", &near, &asker));
}

static void an_address_has_a_name_where_it_is_seen(void **unused)
{
	struct table_asker asker = names_asker(table, "back", "10.0.1.2");
	struct ip one = names_ip("10.0.1.2"), six = names_ip("fd00::2");
	struct ip proxy = names_ip("10.0.2.253"), other = names_ip("192.0.2.1");

	(void)unused;
	assert_string_equal(table_pointer(&asker, &one), "web-1");
	assert_string_equal(table_pointer(&asker, &six), "web-1");
	assert_null(table_pointer(&asker, &proxy));
	assert_true(table_is_ours(table, &proxy));
	assert_false(table_is_ours(table, &other));
}

static void only_internal_networks_lead_nowhere(void **unused)
{
	struct table_asker inner = names_asker(table, "inner", "10.0.3.5");
	struct table_asker outer = names_asker(table, "front", "10.0.2.9");
	const struct ip *upstreams;

	(void)unused;
	assert_false(table_forwards(&inner));
	assert_true(table_forwards(&outer));
	assert_int_equal(table_upstreams(&outer, &upstreams), 2);
	assert_int_equal(upstreams[1].family, 6);
}

static void gateways_are_known(void **unused)
{
	struct ip gateway = names_ip("10.0.3.1"), other = names_ip("10.0.3.2");

	(void)unused;
	assert_true(table_is_gateway(table, &gateway));
	assert_false(table_is_gateway(table, &other));
}

static void nonsense_is_told_with_its_line(void **unused)
{
	static const char *const texts[] = {
		"\n",
		"word\n",
		"network\n",
		"network a\n",
		"network a 10.0.0.1/24\n",
		"network a 10.0.0.1/24 ajar\n",
		"network a 10.0.0.1/99 open\n",
		"name a 10.0.0.1\n",
		"network a 10.0.0.1/24 open\nname b c\n",
		"pointer 10.0.0.1 a\n",
		"view b\n",
		"upstream ::1\n",
		"link a b\n",
		"client ::1\n",
		"network a 10.0.0.1/24 open\nview a\nclient x\n",
		"network a 10.0.0.1/24 open\nview a\nupstream x\n",
		"network a 10.0.0.1/24 open\nview a\nlink a\n",
		"network a 10.0.0.1/24 open\npointer x a\n",
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct table *none = NULL;
		struct err err = {0};

		assert_int_equal(table_parse(texts[i], strlen(texts[i]), &none, &err), -EINVAL);
		assert_non_null(strstr(err.text, "makes no sense"));
		assert_null(none);
	}
	struct table *none = NULL;

	assert_int_equal(table_parse("a\0b", 3, &none, NULL), -EINVAL);
}

static void a_stack_without_networks_is_one(void **unused)
{
	struct ip ip = names_ip("10.0.0.1");
	struct table *empty = NULL;
	struct table_asker asker;

	(void)unused;
	assert_int_equal(table_parse("", 0, &empty, NULL), 0);
	assert_false(table_ask(empty, "default", &ip, &asker));
	table_free(empty);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_is_seen_in_the_networks_of_who_asks),
		cmocka_unit_test(lines_of_one_name_add_up),
		cmocka_unit_test(a_name_without_addresses_is_there),
		cmocka_unit_test(
			who_is_in_several_networks_sees_each_of_them_the_preferred_one_first),
		cmocka_unit_test(a_link_is_known_to_its_own_service_only),
		cmocka_unit_test(who_is_not_known_yet_sees_the_network_it_asks_in),
		cmocka_unit_test(nobody_from_elsewhere_is_answered),
		cmocka_unit_test(an_address_has_a_name_where_it_is_seen),
		cmocka_unit_test(only_internal_networks_lead_nowhere),
		cmocka_unit_test(gateways_are_known),
		cmocka_unit_test(nonsense_is_told_with_its_line),
		cmocka_unit_test(a_stack_without_networks_is_one),
	};

	return cmocka_run_group_tests(tests, make, drop);
}
