// SPDX-License-Identifier: GPL-2.0-or-later
#include "runtime/network/nft_allow.h"
#include "tests/unit/cmocka_all.h"

#include <arpa/inet.h>

static const struct ip web = {4, {10, 213, 5, 2}}, db = {4, {10, 213, 5, 3}};
static const struct nft_allow_table shop = {4, "shop"};

static void expect(struct buf *text, const char *expected)
{
	assert_int_equal(buf_check(text, NULL), 0);
	assert_string_equal(text->data, expected);
}

static void numbers_are_exchanged_as_a_whole(void **unused)
{
	autobuf struct buf text = {0};

	(void)unused;
	nft_allow_numbers(&text, &shop, 2, 1);
	expect(&text, "flush map ip davit_shop guarded\n"
		      "flush chain ip davit_shop visited\n"
		      "flush chain ip davit_shop allow_0\n"
		      "delete chain ip davit_shop allow_0\n"
		      "delete set ip davit_shop callers_0\n"
		      "flush chain ip davit_shop allow_1\n"
		      "delete chain ip davit_shop allow_1\n"
		      "delete set ip davit_shop callers_1\n"
		      "table ip davit_shop {\n"
		      "\tset callers_0 {\n"
		      "\t\ttype ipv4_addr\n"
		      "\t}\n"
		      "\tchain allow_0 {\n"
		      "\t\tip saddr != @callers_0 jump unanswered\n"
		      "\t}\n"
		      "}\n");
}

static void a_number_may_stand_for_the_host(void **unused)
{
	autobuf struct buf text = {0};

	(void)unused;
	nft_allow_host(&text, &shop, 2);
	expect(&text, "add rule ip davit_shop visited jump allow_2\n");
}

static void the_first_numbers_find_nothing_to_remove(void **unused)
{
	autobuf struct buf text = {0};

	(void)unused;
	nft_allow_numbers(&text, &shop, 0, 0);
	assert_int_equal(text.len, 0);
}

static void who_calls_and_who_is_called_are_one_element_each(void **unused)
{
	autobuf struct buf text = {0};

	(void)unused;
	nft_allow_caller(&text, "shop", true, 3, &web);
	nft_allow_called(&text, "shop", true, 3, &db);
	nft_allow_bridged(&text, "shop", true, &db);
	nft_allow_port(&text, "shop", true, "dv0badcafe00001");
	nft_allow_caller(&text, "shop", false, 3, &web);
	nft_allow_called(&text, "shop", false, 3, &db);
	nft_allow_bridged(&text, "shop", false, &db);
	nft_allow_port(&text, "shop", false, "dv0badcafe00001");
	expect(&text, "add element ip davit_shop callers_3 { 10.213.5.2 }\n"
		      "add element ip davit_shop guarded { 10.213.5.3 : jump allow_3 }\n"
		      "add element bridge davit_shop called { 10.213.5.3 }\n"
		      "add element bridge davit_shop called_ports { \"dv0badcafe00001\" }\n"
		      "delete element ip davit_shop callers_3 { 10.213.5.2 }\n"
		      "delete element ip davit_shop guarded { 10.213.5.3 }\n"
		      "delete element bridge davit_shop called { 10.213.5.3 }\n"
		      "delete element bridge davit_shop called_ports { \"dv0badcafe00001\" }\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_exchanged_as_a_whole),
		cmocka_unit_test(a_number_may_stand_for_the_host),
		cmocka_unit_test(the_first_numbers_find_nothing_to_remove),
		cmocka_unit_test(who_calls_and_who_is_called_are_one_element_each),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
