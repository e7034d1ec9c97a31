// SPDX-License-Identifier: GPL-2.0-or-later
#include "runtime/base/cleanup.h"
#include "runtime/network/nft_rules.h"
#include "tests/unit/cmocka_all.h"

#include <arpa/inet.h>
#include <string.h>

static const struct nft_network front = {"shop", "dv-0badcafe", {0x0ad50500, 24}, false};
static const struct nft_network inner = {"shop", "dv-0badcafe", {0x0ad50500, 24}, true};

static void expect_publish(const struct net_port *ports, size_t count, const char *expected)
{
	autobuf struct buf text = {0};

	nft_rules_publish(&text, "shop", ports, count);
	assert_int_equal(buf_check(&text, NULL), 0);
	assert_string_equal(text.data, expected);
}

static void the_table_replaces_what_was_there_and_is_complete(void **unused)
{
	autobuf struct buf text = {0};

	nft_rules_table(&text, "shop");
	assert_int_equal(buf_check(&text, NULL), 0);
	assert_string_equal(text.data,
			    "add table ip davit_shop\n"
			    "delete table ip davit_shop\n"
			    "table ip davit_shop {\n"
			    "\tchain raw {\n"
			    "\t\ttype filter hook prerouting priority raw; policy accept;\n"
			    "\t}\n"
			    "\tchain published {\n"
			    "\t}\n"
			    "\tchain prerouting {\n"
			    "\t\ttype nat hook prerouting priority dstnat; policy accept;\n"
			    "\t\tfib daddr type local jump published\n"
			    "\t}\n"
			    "\tchain output {\n"
			    "\t\ttype nat hook output priority -100; policy accept;\n"
			    "\t\tfib daddr type local jump published\n"
			    "\t}\n"
			    "\tchain postrouting {\n"
			    "\t\ttype nat hook postrouting priority srcnat; policy accept;\n"
			    "\t}\n"
			    "\tchain confined {\n"
			    "\t}\n"
			    "\tchain inward {\n"
			    "\t}\n"
			    "\tchain outward {\n"
			    "\t}\n"
			    "\tchain forward {\n"
			    "\t\ttype filter hook forward priority filter; policy accept;\n"
			    "\t\tct state established,related accept\n"
			    "\t\tjump confined\n"
			    "\t\tjump inward\n"
			    "\t\tjump outward\n"
			    "\t}\n"
			    "\tchain refused {\n"
			    "\t}\n"
			    "\tchain input {\n"
			    "\t\ttype filter hook input priority filter; policy accept;\n"
			    "\t\tjump refused\n"
			    "\t}\n"
			    "}\n");
}

static void expect_network(const struct nft_network *network, const char *expected)
{
	autobuf struct buf text = {0};

	nft_rules_network(&text, network);
	assert_int_equal(buf_check(&text, NULL), 0);
	assert_string_equal(text.data, expected);
}

static void a_network_is_entered_through_published_ports_only(void **unused)
{
	(void)unused;
	expect_network(
		&front,
		"table ip davit_shop {\n"
		"\tchain raw {\n"
		"\t\tiifname \"dv-0badcafe\" ip daddr 127.0.0.0/8 drop\n"
		"\t\tiifname \"dv-0badcafe\" ip saddr 127.0.0.0/8 drop\n"
		"\t}\n"
		"\tchain postrouting {\n"
		"\t\toifname \"dv-0badcafe\" ip saddr 127.0.0.0/8 masquerade\n"
		"\t\toifname \"dv-0badcafe\" ip saddr 10.213.5.0/24 ct status dnat masquerade\n"
		"\t\toifname != \"dv-0badcafe\" ip saddr 10.213.5.0/24 masquerade\n"
		"\t}\n"
		"\tchain confined {\n"
		"\t}\n"
		"\tchain inward {\n"
		"\t\tiifname \"dv-0badcafe\" oifname \"dv-0badcafe\" accept\n"
		"\t\toifname \"dv-0badcafe\" ct status dnat accept\n"
		"\t\toifname \"dv-0badcafe\" drop\n"
		"\t}\n"
		"\tchain outward {\n"
		"\t\tiifname \"dv-0badcafe\" accept\n"
		"\t}\n"
		"}\n");
}

static void an_internal_network_is_neither_left_nor_entered(void **unused)
{
	(void)unused;
	expect_network(
		&inner,
		"table ip davit_shop {\n"
		"\tchain raw {\n"
		"\t\tiifname \"dv-0badcafe\" ip daddr 127.0.0.0/8 drop\n"
		"\t\tiifname \"dv-0badcafe\" ip saddr 127.0.0.0/8 drop\n"
		"\t}\n"
		"\tchain postrouting {\n"
		"\t\toifname \"dv-0badcafe\" ip saddr 127.0.0.0/8 masquerade\n"
		"\t\toifname \"dv-0badcafe\" ip saddr 10.213.5.0/24 ct status dnat masquerade\n"
		"\t}\n"
		"\tchain confined {\n"
		"\t\tiifname \"dv-0badcafe\" oifname != \"dv-0badcafe\" drop\n"
		"\t}\n"
		"\tchain inward {\n"
		"\t\tiifname \"dv-0badcafe\" oifname \"dv-0badcafe\" accept\n"
		"\t\toifname \"dv-0badcafe\" drop\n"
		"\t}\n"
		"\tchain outward {\n"
		"\t\tiifname \"dv-0badcafe\" accept\n"
		"\t}\n"
		"}\n");
}

static void nothing_published_empties_the_chains(void **unused)
{
	expect_publish(NULL, 0,
		       "flush chain ip davit_shop published\n"
		       "flush chain ip davit_shop refused\n");
}

static void one_target_needs_no_map(void **unused)
{
	const struct in_addr target = {inet_addr("10.213.5.2")};
	const struct net_port port = {IPPROTO_TCP, {INADDR_ANY}, 8080, 80, &target, 1};

	expect_publish(&port, 1,
		       "flush chain ip davit_shop published\n"
		       "flush chain ip davit_shop refused\n"
		       "add rule ip davit_shop published tcp dport 8080 dnat to 10.213.5.2:80\n");
}

static void several_targets_take_turns(void **unused)
{
	const struct in_addr targets[] = {
		{inet_addr("10.213.5.2")}, {inet_addr("10.213.5.9")}, {inet_addr("10.213.5.4")}};
	const struct net_port port = {IPPROTO_UDP, {inet_addr("192.0.2.2")}, 53, 5353, targets, 3};

	expect_publish(&port, 1,
		       "flush chain ip davit_shop published\n"
		       "flush chain ip davit_shop refused\n"
		       "add rule ip davit_shop published ip daddr 192.0.2.2 udp dport 53 dnat to "
		       "numgen inc mod 3 map { 0 : 10.213.5.2, 1 : 10.213.5.9, 2 : 10.213.5.4 }"
		       ":5353\n");
}

static void without_targets_udp_is_rejected_and_tcp_left_to_the_reservation(void **unused)
{
	const struct net_port ports[] = {
		{IPPROTO_TCP, {INADDR_ANY}, 8080, 80, NULL, 0},
		{IPPROTO_UDP, {INADDR_ANY}, 53, 53, NULL, 0},
	};

	expect_publish(ports, 2,
		       "flush chain ip davit_shop published\n"
		       "flush chain ip davit_shop refused\n"
		       "add rule ip davit_shop refused udp dport 53 reject\n");
}

static void removal_does_not_depend_on_the_table_being_there(void **unused)
{
	autobuf struct buf text = {0};

	nft_rules_remove(&text, "a-b_c");
	assert_string_equal(text.data, "add table ip davit_a-b_c\ndelete table ip davit_a-b_c\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_replaces_what_was_there_and_is_complete),
		cmocka_unit_test(a_network_is_entered_through_published_ports_only),
		cmocka_unit_test(an_internal_network_is_neither_left_nor_entered),
		cmocka_unit_test(nothing_published_empties_the_chains),
		cmocka_unit_test(one_target_needs_no_map),
		cmocka_unit_test(several_targets_take_turns),
		cmocka_unit_test(without_targets_udp_is_rejected_and_tcp_left_to_the_reservation),
		cmocka_unit_test(removal_does_not_depend_on_the_table_being_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
