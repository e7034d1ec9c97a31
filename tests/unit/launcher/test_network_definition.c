// SPDX-License-Identifier: GPL-2.0-or-later
#include "launcher/supervisor/network_definition.h"

#include "runtime/base/cleanup.h"
#include "tests/unit/cmocka_all.h"

static char *define(char *name, bool external)
{
	char stack_name[] = "shop", key[] = "front";
	const struct stack stack = {.name = stack_name};
	const struct network network = {.key = key, .name = name, .external = external};
	char *text = network_definition(&stack, &network);

	assert_non_null(text);
	return text;
}

static void a_name_of_its_own_is_part_of_it(void **unused)
{
	autofree char *usual = define((char[]){"shop_front"}, false);
	autofree char *other = define((char[]){"shop_back"}, false);
	autofree char *third = define((char[]){"shopfront"}, false);
	autofree char *longer = define((char[]){"shop_front2"}, false);

	(void)unused;
	assert_string_equal(usual, "0   ");
	assert_string_equal(other, "0    name shop_back");
	assert_string_equal(third, "0    name shopfront");
	assert_string_equal(longer, "0    name shop_front2");
}

static void of_what_another_stack_makes_only_the_name_is_known(void **unused)
{
	autofree char *text = define((char[]){"shop_front"}, true);

	(void)unused;
	assert_string_equal(text, NETWORK_JOINED "shop_front");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_of_its_own_is_part_of_it),
		cmocka_unit_test(of_what_another_stack_makes_only_the_name_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
