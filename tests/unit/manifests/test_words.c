// SPDX-License-Identifier: GPL-2.0-or-later
/* Splitting like a shell. */
#include "tests/unit/cmocka_all.h"

#include "manifests/words.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"

#include <string.h>

static char *joined(struct arena *arena, const char *text, struct err *err)
{
	struct text_list words = {0};
	struct buf out = {0};

	if (words_split(arena, text, (struct pos){0}, &words, err) < 0)
		return NULL;
	for (size_t i = 0; i < words.count; i++)
		buf_printf(&out, "<%s>", words.items[i].value);
	buf_puts(&out, "");
	return buf_take(&out);
}

static void words_are_split_as_a_shell_does(void **unused)
{
	static const struct {
		const char *text;
		const char *words;
	} samples[] = {
		{"", ""},
		{"  ", ""},
		{"a", "<a>"},
		{" a  b\tc\nd ", "<a><b><c><d>"},
		{"'a b' c", "<a b><c>"},
		{"\"a b\" c", "<a b><c>"},
		{"a'b c'd", "<ab cd>"},
		{"''", "<>"},
		{"a \"\" b", "<a><><b>"},
		{"a\\ b", "<a b>"},
		{"\"a\\\"b\"", "<a\"b>"},
		{"\"a\\nb\"", "<a\\nb>"},
		{"'a\\b'", "<a\\b>"},
		{"sh -c 'echo \"$HOME\" | cat'", "<sh><-c><echo \"$HOME\" | cat>"},
		{"a#b #c", "<a#b><#c>"},
	};
	autoarena struct arena arena = {0};
	struct err err;

	(void)unused;
	assert_int_equal(arena_open(&arena, &err), 0);
	for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
		autofree char *words = joined(&arena, samples[i].text, &err);

		assert_non_null(words);
		assert_string_equal(words, samples[i].words);
	}
}

static void open_quotes_are_refused(void **unused)
{
	static const char *const samples[] = {"'a", "\"a", "a 'b c", "a\\", "\"a\\\""};
	autoarena struct arena arena = {0};
	struct err err;

	(void)unused;
	assert_int_equal(arena_open(&arena, &err), 0);
	for (size_t i = 0; i < ARRAY_SIZE(samples); i++)
		assert_null(joined(&arena, samples[i], &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_split_as_a_shell_does),
		cmocka_unit_test(open_quotes_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
