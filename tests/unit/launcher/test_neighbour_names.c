// SPDX-License-Identifier: GPL-2.0-or-later
#include "launcher/supervisor/neighbour_names.h"

#include "runtime/base/cleanup.h"
#include "tests/unit/cmocka_all.h"

#include <string.h>

static const char own[] = "name web 10.1.0.2\n"
			  "pointer 10.1.0.2 web\n"
			  "name tasks.web\n"
			  "name db-1 10.1.0.3\n";

/* What becomes of @said. */
static void check(const char *said, const char *wanted)
{
	struct neighbour_subnets subnets = {{{4, {10, 1}}, 24}, {{6, {0xfd}}, 64}};
	struct neighbour_names names = {0};
	autofree char *copy = strdup(said);
	autobuf struct buf text = {0};

	assert_int_equal(neighbour_names_read(own, &names), 0);
	neighbour_names_put(copy, &names, &subnets, &text);
	neighbour_names_free(&names);
	assert_int_equal(buf_check(&text, NULL), 0);
	assert_string_equal(text.data ? text.data : "", wanted);
}

static void what_is_not_known_here_is_taken_over(void **unused)
{
	(void)unused;
	check("name api 10.1.0.9 fd00::9\nname tasks.api\npointer 10.1.0.9 api\n",
	      "name api 10.1.0.9 fd00::9\nname tasks.api\npointer 10.1.0.9 api\n");
	check("", "");
}

static void ones_own_names_come_first(void **unused)
{
	(void)unused;
	check("name web 10.1.0.9\nname tasks.web 10.1.0.9\nname db 10.1.0.8\npointer 10.1.0.9 "
	      "web\n",
	      "name db 10.1.0.8\npointer 10.1.0.9 web\n");
}

static void two_others_of_one_name_both_count(void **unused)
{
	(void)unused;
	check("name api 10.1.0.8\nname api 10.1.0.9\n", "name api 10.1.0.8\nname api 10.1.0.9\n");
}

static void nobody_tells_addresses_outside_of_the_network(void **unused)
{
	(void)unused;
	check("name api 192.0.2.1 10.1.0.9 fe80::1 localhost\npointer 192.0.2.1 api\n",
	      "name api 10.1.0.9\n");
}

static void lines_of_another_kind_are_passed_over(void **unused)
{
	(void)unused;
	check("network front 10.1.0.1/24 open\nview front\nclient 10.1.0.9\nname\nname \nname  x\n"
	      "name Api 10.1.0.9\nname a\tb 10.1.0.9\npointer 10.1.0.9\npointer 10.1.0.9 a b\n"
	      "pointer 10.1.0.9 \n\nname last 10.1.0.7",
	      "name last 10.1.0.7\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_not_known_here_is_taken_over),
		cmocka_unit_test(ones_own_names_come_first),
		cmocka_unit_test(two_others_of_one_name_both_count),
		cmocka_unit_test(nobody_tells_addresses_outside_of_the_network),
		cmocka_unit_test(lines_of_another_kind_are_passed_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
