// SPDX-License-Identifier: GPL-2.0-or-later
#include "runtime/base/cleanup.h"
#include "runtime/network/nft_rules.h"
#include "tests/unit/cmocka_all.h"

#include <arpa/inet.h>
#include <string.h>

#define SUBNET                                                                                     \
	{                                                                                          \
		{4, {10, 213, 5, 0}}, 24                                                           \
	}
#define GATEWAY                                                                                    \
	{                                                                                          \
		4,                                                                                 \
		{                                                                                  \
			10, 213, 5, 1                                                              \
		}                                                                                  \
	}

static const struct nft_network front = {"shop", "dv-0badcafe", SUBNET, false, GATEWAY};
static const struct nft_network inner = {"shop", "dv-0badcafe", SUBNET, true, GATEWAY};

static const char whole_table[] =
	"add table ip davit_shop\n"
	"delete table ip davit_shop\n"
	"table ip davit_shop {\n"
	"\tmap slots {\n"
	"\t\ttypeof numgen inc mod 2 : ip daddr\n"
	"\t}\n"
	"\tset own {\n"
	"\t\ttype ipv4_addr . ipv4_addr\n"
	"\t}\n"
	"\tset several {\n"
	"\t\ttype ipv4_addr\n"
	"\t}\n"
	"\tset retried {\n"
	"\t\ttype ipv4_addr . inet_service\n"
	"\t\tsize 65535\n"
	"\t\tflags dynamic,timeout\n"
	"\t\ttimeout 5s\n"
	"\t}\n"
	"\tset virtual {\n"
	"\t\ttype ifname . ipv4_addr\n"
	"\t}\n"
	"\tmap addresses {\n"
	"\t\ttype ifname . ipv4_addr : verdict\n"
	"\t}\n"
	"\tmap guarded {\n"
	"\t\ttype ipv4_addr : verdict\n"
	"\t}\n"
	"\tset shut {\n"
	"\t\ttype inet_proto . inet_service\n"
	"\t}\n"
	"\tset holders {\n"
	"\t\ttype ipv4_addr . inet_proto . inet_service\n"
	"\t}\n"
	"\tmap ports {\n"
	"\t\ttype inet_proto . inet_service : verdict\n"
	"\t}\n"
	"\tmap ports_of {\n"
	"\t\ttype ipv4_addr . inet_proto . inet_service : verdict\n"
	"\t}\n"
	"\tchain raw {\n"
	"\t\ttype filter hook prerouting priority raw; policy accept;\n"
	"\t}\n"
	"\tchain answers {\n"
	"\t\ttype filter hook output priority raw; policy accept;\n"
	"\t}\n"
	"\tchain calls {\n"
	"\t\ttype filter hook prerouting priority -110; policy accept;\n"
	"\t\tct state established,related accept\n"
	"\t}\n"
	"\tchain published {\n"
	"\t\tip daddr . meta l4proto . th dport vmap @ports_of\n"
	"\t\tmeta l4proto . th dport vmap @ports\n"
	"\t}\n"
	"\tchain prerouting {\n"
	"\t\ttype nat hook prerouting priority dstnat; policy accept;\n"
	"\t\tiifname . ip daddr vmap @addresses\n"
	"\t\tfib daddr type local jump published\n"
	"\t}\n"
	"\tchain output {\n"
	"\t\ttype nat hook output priority -100; policy accept;\n"
	"\t\toifname . ip daddr vmap @addresses\n"
	"\t\tfib daddr type local jump published\n"
	"\t}\n"
	"\tchain postrouting {\n"
	"\t\ttype nat hook postrouting priority srcnat; policy accept;\n"
	"\t\toifname \"lo\" accept\n"
	"\t\tct status dnat ip saddr . ip daddr @own masquerade\n"
	"\t}\n"
	"\tchain refusal {\n"
	"\t\tct direction reply ct status dnat tcp flags & (rst|ack) == rst|ack "
	"tcp sequence 0 ip saddr @several ip daddr . tcp dport != @retried "
	"add @retried { ip daddr . tcp dport } drop\n"
	"\t}\n"
	"\tchain unanswered {\n"
	"\t\tmeta l4proto tcp reject with tcp reset\n"
	"\t\treject\n"
	"\t}\n"
	"\tchain sent {\n"
	"\t\ttype filter hook output priority filter; policy accept;\n"
	"\t\toifname . ip daddr @virtual jump unanswered\n"
	"\t}\n"
	"\tchain visited {\n"
	"\t}\n"
	"\tchain confined {\n"
	"\t}\n"
	"\tchain inward {\n"
	"\t}\n"
	"\tchain outward {\n"
	"\t}\n"
	"\tchain forward {\n"
	"\t\ttype filter hook forward priority filter; policy accept;\n"
	"\t\ttcp flags rst jump refusal\n"
	"\t\tct state established,related accept\n"
	"\t\tiifname . ip daddr @virtual jump unanswered\n"
	"\t\tjump confined\n"
	"\t\tjump inward\n"
	"\t\tjump outward\n"
	"\t}\n"
	"\tchain refused {\n"
	"\t}\n"
	"\tchain host {\n"
	"\t\tct state established,related accept\n"
	"\t\tct status dnat meta l4proto . th dport @shut jump unanswered\n"
	"\t\tct status dnat accept\n"
	"\t\tmeta l4proto icmp accept\n"
	"\t\tmeta l4proto { tcp, udp } th dport 53 accept\n"
	"\t\tjump visited\n"
	"\t}\n"
	"\tchain led {\n"
	"\t}\n"
	"\tchain visits {\n"
	"\t}\n"
	"\tchain input {\n"
	"\t\ttype filter hook input priority filter; policy accept;\n"
	"\t\ttcp flags rst jump refusal\n"
	"\t\tjump refused\n"
	"\t\tct state new ct status & dnat == 0 "
	"ip daddr . meta l4proto . th dport @holders jump unanswered\n"
	"\t\tct state new ct status dnat jump led\n"
	"\t\tjump visits\n"
	"\t}\n"
	"}\n";

static void the_table_replaces_what_was_there_and_is_complete(void **unused)
{
	autobuf struct buf text = {0};

	nft_rules_table(&text, 4, "shop");
	assert_int_equal(buf_check(&text, NULL), 0);
	assert_string_equal(text.data, whole_table);
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
	expect_network(&front,
		       "table ip davit_shop {\n"
		       "\tchain raw {\n"
		       "\t\tiifname \"dv-0badcafe\" ip daddr 127.0.0.0/8 drop\n"
		       "\t\tiifname \"dv-0badcafe\" ip saddr 127.0.0.0/8 drop\n"
		       "\t\tiifname \"dv-0badcafe\" ip daddr 10.213.5.1 meta l4proto { tcp, udp } "
		       "th dport 53 notrack\n"
		       "\t}\n"
		       "\tchain answers {\n"
		       "\t\toifname \"dv-0badcafe\" ip saddr 10.213.5.1 meta l4proto { tcp, udp } "
		       "th sport 53 notrack\n"
		       "\t}\n"
		       "\tchain calls {\n"
		       "\t\tiifname \"dv-0badcafe\" ip daddr vmap @guarded\n"
		       "\t}\n"
		       "\tchain sent {\n"
		       "\t\toifname \"dv-0badcafe\" icmp type redirect drop\n"
		       "\t}\n"
		       "\tchain postrouting {\n"
		       "\t\toifname \"dv-0badcafe\" ip saddr 127.0.0.0/8 masquerade\n"
		       "\t\toifname != \"dv-0badcafe\" ip saddr 10.213.5.0/24 masquerade\n"
		       "\t}\n"
		       "\tchain visits {\n"
		       "\t\tiifname \"dv-0badcafe\" jump host\n"
		       "\t}\n"
		       "\tchain confined {\n"
		       "\t\tiifname \"dv-0badcafe\" oifname != \"dv-0badcafe\" ip daddr "
		       "169.254.0.0/16 jump visited\n"
		       "\t\tiifname \"dv-0badcafe\" ip daddr vmap @guarded\n"
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
	expect_network(&inner,
		       "table ip davit_shop {\n"
		       "\tchain raw {\n"
		       "\t\tiifname \"dv-0badcafe\" ip daddr 127.0.0.0/8 drop\n"
		       "\t\tiifname \"dv-0badcafe\" ip saddr 127.0.0.0/8 drop\n"
		       "\t\tiifname \"dv-0badcafe\" ip daddr 10.213.5.1 meta l4proto { tcp, udp } "
		       "th dport 53 notrack\n"
		       "\t}\n"
		       "\tchain answers {\n"
		       "\t\toifname \"dv-0badcafe\" ip saddr 10.213.5.1 meta l4proto { tcp, udp } "
		       "th sport 53 notrack\n"
		       "\t}\n"
		       "\tchain calls {\n"
		       "\t\tiifname \"dv-0badcafe\" ip daddr vmap @guarded\n"
		       "\t}\n"
		       "\tchain sent {\n"
		       "\t\toifname \"dv-0badcafe\" icmp type redirect drop\n"
		       "\t}\n"
		       "\tchain postrouting {\n"
		       "\t\toifname \"dv-0badcafe\" ip saddr 127.0.0.0/8 masquerade\n"
		       "\t}\n"
		       "\tchain led {\n"
		       "\t\tiifname \"dv-0badcafe\" ip daddr != 10.213.5.1 drop\n"
		       "\t\tiifname != { \"lo\", \"dv-0badcafe\" } ip daddr 10.213.5.1 drop\n"
		       "\t}\n"
		       "\tchain visits {\n"
		       "\t\tiifname \"dv-0badcafe\" jump host\n"
		       "\t}\n"
		       "\tchain confined {\n"
		       "\t\tiifname \"dv-0badcafe\" oifname != \"dv-0badcafe\" ip daddr "
		       "169.254.0.0/16 jump visited\n"
		       "\t\tiifname \"dv-0badcafe\" oifname != \"dv-0badcafe\" drop\n"
		       "\t\tiifname \"dv-0badcafe\" ip daddr vmap @guarded\n"
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

static void removal_does_not_depend_on_the_table_being_there(void **unused)
{
	autobuf struct buf text = {0};

	nft_rules_remove(&text, 4, "a-b_c");
	assert_string_equal(text.data, "add table ip davit_a-b_c\ndelete table ip davit_a-b_c\n");
}

static void the_rules_of_ipv6_are_the_same_in_its_words(void **unused)
{
	static const char *const wrong[] = {"$", "ipv4_addr", " ip daddr", " ip saddr", "ip davit"};
	const struct nft_network network = {
		"shop", "dv-0badcafe", {{6, {0xfd, 0x01}}, 64}, false, {6, {0xfd, 0x01, [15] = 1}}};
	autobuf struct buf text = {0};

	(void)unused;
	nft_rules_table(&text, 6, "shop");
	nft_rules_network(&text, &network);
	nft_rules_spare_loopback(&text, "shop");
	assert_int_equal(buf_check(&text, NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		if (strstr(text.data, wrong[i]))
			fail_msg("'%s' in\n%s", wrong[i], text.data);
	assert_non_null(strstr(text.data, "\t\toifname != \"dv-0badcafe\" ip6 saddr fd01::/64 "
					  "masquerade\n"));
	assert_non_null(strstr(text.data, "insert rule ip6 davit_shop output ip6 daddr ::1 "
					  "accept\n"));
	assert_non_null(strstr(text.data, "icmpv6 type nd-redirect drop\n"));
}

/* What is asked of a set by other keys than it has makes nftables refuse the whole table. */
static void whoever_asks_for_shut_ports_names_the_protocol(void **unused)
{
	static const char key[] = "meta l4proto . th dport ";
	autobuf struct buf text = {0};
	size_t found = 0;

	(void)unused;
	nft_rules_table(&text, 4, "shop");
	nft_rules_network(&text, &front);
	nft_rules_network(&text, &inner);
	nft_rules_joined(&text, &front, NULL);
	assert_int_equal(buf_check(&text, NULL), 0);
	assert_non_null(strstr(text.data, "\tset shut {\n\t\ttype inet_proto . inet_service\n"));
	for (const char *at = text.data; (at = strstr(at, "@shut")); at++) {
		assert_memory_equal(at - strlen(key), key, strlen(key));
		found++;
	}
	assert_true(found > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whoever_asks_for_shut_ports_names_the_protocol),
		cmocka_unit_test(the_rules_of_ipv6_are_the_same_in_its_words),
		cmocka_unit_test(the_table_replaces_what_was_there_and_is_complete),
		cmocka_unit_test(a_network_is_entered_through_published_ports_only),
		cmocka_unit_test(an_internal_network_is_neither_left_nor_entered),
		cmocka_unit_test(removal_does_not_depend_on_the_table_being_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
