// SPDX-License-Identifier: GPL-2.0-or-later
/* Quoted texts come to a service as YAML means them. */
#include "tests/unit/manifests/one_service.h"

#include "manifests/quoted.h"

struct sample {
	const char *yaml;
	const char *means;
};

static void quoted_texts_are_whole(void **unused)
{
	static const struct sample samples[] = {
		{"''''''", "''"},
		{"'a''''b'", "a''b"},
		{"'''''''a''b'''", "'''a'b'"},
		{"'''''\"\\n\\''''}'", "''\"\\n\\''}"},
		{"'a''''\n      b\n\n      c'", "a'' b\nc"},
		{"'plain ''quotes'' \\'", "plain 'quotes' \\"},
		{"\"a\\\\\\\n      b\"", "a\\b"},
		{"\"a\\\\\\\r\n      b\"", "a\\b"},
		{"\"\\\\\\\\\\\n      \\ \\\"\\x41\\t''b\"", "\\\\ \"A\t''b"},
		{"\"a\\\\\n      b\"", "a\\ b"},
		{"\"a \\\n      b\"", "a b"},
		{"\"'''' \\\\\\\\\"", "'''' \\\\"},
	};
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
		autobuf struct buf text = {0};

		buf_printf(&text, "    entrypoint: [%s]\n    command: x\n    user: y\n",
			   samples[i].yaml);
		const struct service *a = fixture_service(&fixture, text.data);

		if (strcmp(a->entrypoint.items[0].value, samples[i].means) != 0)
			fail_msg("%s is %s", samples[i].yaml, a->entrypoint.items[0].value);
		assert_string_equal(a->user.value, "y");
	}
}

static void keys_are_quoted_too(void **unused)
{
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	const struct service *a = fixture_service(
		&fixture, "    command: x\n    labels: {'a''''b': '''''}', \"c\": \"d\"}\n");

	assert_string_equal(a->labels.items[0].value, "a''b=''}");
	assert_string_equal(a->labels.items[1].value, "c=d");
}

static void only_what_is_misread_is_written_anew(void **unused)
{
	(void)unused;
	assert_true(quoted_is_misread("a''''", 5, true));
	assert_false(quoted_is_misread("a''''", 4, true));
	assert_false(quoted_is_misread("''a''", 5, true));
	assert_false(quoted_is_misread("\\\\\\\n", 4, true));
	assert_true(quoted_is_misread("\\\\\\\n", 4, false));
	assert_false(quoted_is_misread("\\\\\\\n", 3, false));
	assert_false(quoted_is_misread("\\\\\\\\\n", 5, false));
	assert_false(quoted_is_misread("''''", 4, false));
	assert_false(quoted_is_misread("", 0, false));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quoted_texts_are_whole),
		cmocka_unit_test(keys_are_quoted_too),
		cmocka_unit_test(only_what_is_misread_is_written_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
