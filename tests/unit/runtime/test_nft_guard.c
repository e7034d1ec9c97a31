// SPDX-License-Identifier: GPL-2.0-or-later
#include "runtime/network/nft_guard.h"
#include "tests/unit/cmocka_all.h"

#include <arpa/inet.h>

static const struct nft_speaker web = {
	.port = "dv0badcafe00001", .mac = {2, 0x64, 10, 213, 5, 2}, .address = {0x0205d50a}};

static const char table_of_shop[] =
	"add table bridge davit_shop\n"
	"delete table bridge davit_shop\n"
	"table bridge davit_shop {\n"
	"\tset speakers {\n"
	"\t\ttype ifname . ether_addr . ipv4_addr\n"
	"\t}\n"
	"\tset called {\n"
	"\t\ttype ipv4_addr\n"
	"\t}\n"
	"\tset speakers6 {\n"
	"\t\ttype ifname . ether_addr . ipv6_addr\n"
	"\t}\n"
	"\tset neighbours6 {\n"
	"\t\ttypeof iifname . ether saddr . @th,64,128\n"
	"\t}\n"
	"\tset called6 {\n"
	"\t\ttype ipv6_addr\n"
	"\t}\n"
	"\tset called_ports {\n"
	"\t\ttype ifname\n"
	"\t}\n"
	"\tset gateways {\n"
	"\t\ttype ether_addr\n"
	"\t}\n"
	"\tchain instance6 {\n"
	"\t\tudp sport 547 counter drop\n"
	"\t\ticmpv6 type { nd-router-advert, nd-redirect } counter drop\n"
	"\t\tip6 daddr @called6 ether daddr != @gateways counter drop\n"
	"\t\ticmpv6 type nd-neighbor-advert iifname . ether saddr . "
	"@th,64,128 != @neighbours6 counter drop\n"
	"\t\tiifname . ether saddr . ip6 saddr @speakers6 accept\n"
	"\t\tcounter drop\n"
	"\t}\n"
	"\tchain instance {\n"
	"\t\tether type ip6 goto instance6\n"
	"\t\tether type ip udp sport 67 counter drop\n"
	"\t\tether type ip ip daddr @called ether daddr != @gateways "
	"counter drop\n"
	"\t\tether type ip iifname . ether saddr . ip saddr @speakers accept\n"
	"\t\tether type arp arp htype 1 arp ptype ip arp hlen 6 arp plen 4 "
	"iifname . ether saddr . arp saddr ip @speakers "
	"iifname . arp saddr ether . arp saddr ip @speakers accept\n"
	"\t\tcounter drop\n"
	"\t}\n"
	"\tchain called_port {\n"
	"\t\ticmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept\n"
	"\t\tether type ip ip daddr != @called counter drop\n"
	"\t\tether type ip6 ip6 daddr != @called6 counter drop\n"
	"\t}\n"
	"\tchain stranger {\n"
	"\t\ticmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept\n"
	"\t\tether type { ip, ip6 } counter drop\n"
	"\t}\n"
	"\tchain prerouting {\n"
	"\t\ttype filter hook prerouting priority dstnat; policy accept;\n"
	"\t\tiifname \"dv0badcafe*\" jump instance\n"
	"\t}\n"
	"\tchain forward {\n"
	"\t\ttype filter hook forward priority filter; policy accept;\n"
	"\t\toifname @called_ports iifname != \"dv0badcafe*\" jump stranger\n"
	"\t\toifname @called_ports jump called_port\n"
	"\t}\n"
	"}\n";

static void the_table_replaces_what_was_there_and_lets_nobody_speak(void **unused)
{
	autobuf struct buf text = {0};

	(void)unused;
	nft_guard_table(&text, "shop", "dv0badcafe");
	assert_int_equal(buf_check(&text, NULL), 0);
	assert_string_equal(text.data, table_of_shop);
}

static void who_comes_and_who_goes_are_one_element_each(void **unused)
{
	autobuf struct buf text = {0};

	(void)unused;
	nft_guard_admit(&text, "shop", &web);
	nft_guard_dismiss(&text, "shop", &web);
	assert_int_equal(buf_check(&text, NULL), 0);
	assert_string_equal(text.data,
			    "add element bridge davit_shop speakers "
			    "{ \"dv0badcafe00001\" . 02:64:0a:d5:05:02 . 10.213.5.2 }\n"
			    "delete element bridge davit_shop speakers "
			    "{ \"dv0badcafe00001\" . 02:64:0a:d5:05:02 . 10.213.5.2 }\n");
}

static void who_has_ipv6_speaks_by_two_addresses_and_says_where_both_are(void **unused)
{
	struct nft_speaker both = web;
	autobuf struct buf text = {0};

	(void)unused;
	both.address6 = (struct ip){6, {0xfd, 0x01, [15] = 2}};
	nft_guard_admit(&text, "shop", &both);
	assert_int_equal(buf_check(&text, NULL), 0);
	assert_string_equal(text.data,
			    "add element bridge davit_shop speakers "
			    "{ \"dv0badcafe00001\" . 02:64:0a:d5:05:02 . 10.213.5.2 }\n"
			    "add element bridge davit_shop speakers6 "
			    "{ \"dv0badcafe00001\" . 02:64:0a:d5:05:02 . fd01::2 }\n"
			    "add element bridge davit_shop neighbours6 { \"dv0badcafe00001\" . "
			    "02:64:0a:d5:05:02 . 0xfd010000000000000000000000000002 }\n"
			    "add element bridge davit_shop speakers6 "
			    "{ \"dv0badcafe00001\" . 02:64:0a:d5:05:02 . fe80::64:aff:fed5:502 }\n"
			    "add element bridge davit_shop neighbours6 { \"dv0badcafe00001\" . "
			    "02:64:0a:d5:05:02 . 0xfe8000000000000000640afffed50502 }\n");
}

static void a_gateway_is_a_hardware_address(void **unused)
{
	autobuf struct buf text = {0};

	(void)unused;
	nft_guard_gateway(&text, "shop", web.mac);
	assert_int_equal(buf_check(&text, NULL), 0);
	assert_string_equal(text.data, "add element bridge davit_shop gateways "
				       "{ 02:64:0a:d5:05:02 }\n");
}

static void removing_succeeds_whether_it_is_there_or_not(void **unused)
{
	autobuf struct buf text = {0};

	(void)unused;
	nft_guard_remove(&text, "shop");
	assert_int_equal(buf_check(&text, NULL), 0);
	assert_string_equal(text.data, "add table bridge davit_shop\n"
				       "delete table bridge davit_shop\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_replaces_what_was_there_and_lets_nobody_speak),
		cmocka_unit_test(who_comes_and_who_goes_are_one_element_each),
		cmocka_unit_test(who_has_ipv6_speaks_by_two_addresses_and_says_where_both_are),
		cmocka_unit_test(a_gateway_is_a_hardware_address),
		cmocka_unit_test(removing_succeeds_whether_it_is_there_or_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
