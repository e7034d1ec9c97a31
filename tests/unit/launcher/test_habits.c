// SPDX-License-Identifier: GPL-2.0-or-later
#include "launcher/cli/habits.h"
#include "runtime/base/cleanup.h"
#include "tests/unit/cmocka_all.h"

#include <string.h>

static void what_compose_calls_otherwise_is_told(void **unused)
{
	static const struct {
		const char *command, *option, *word;
	} cases[] = {
		{"up", "--remove-orphans", "anyway"},
		{"ps", "-a", "anyway"},
		{"ps", "--format", "--json"},
		{"up", "--dry-run", "davit plan"},
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *instead = habits_option(cases[i].command, cases[i].option);

		assert_non_null(instead);
		assert_non_null(strstr(instead, cases[i].word));
	}
	assert_non_null(strstr(habits_command("convert"), "davit config"));
}

static void of_other_words_nothing_is_told(void **unused)
{
	(void)unused;
	assert_null(habits_option("up", "--remove"));
	assert_null(habits_option("logs", "--remove-orphans"));
	assert_null(habits_option("compose", ""));
	assert_null(habits_command("up"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_compose_calls_otherwise_is_told),
		cmocka_unit_test(of_other_words_nothing_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
