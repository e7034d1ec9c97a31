// SPDX-License-Identifier: GPL-2.0-or-later
/* The .env format, line by line. */
#include "tests/unit/cmocka_all.h"

#include "manifests/env_file.h"
#include "runtime/base/cleanup.h"

#include <string.h>

struct bench {
	struct arena arena;
	struct vars inherited;
	struct vars vars;
	struct diagnostics diags;
	struct report report;
};

static void bench_open(struct bench *bench)
{
	struct err err;

	memset(bench, 0, sizeof(*bench));
	assert_int_equal(arena_open(&bench->arena, &err), 0);
	bench->inherited.arena = bench->vars.arena = &bench->arena;
	bench->report.list = &bench->diags;
	vars_set(&bench->inherited, "HOME", "/home/me", (struct pos){0});
}

static void bench_close(struct bench *bench)
{
	diagnostics_free(&bench->diags);
	report_close(&bench->report);
	arena_close(&bench->arena);
}
#define autobench __attribute__((cleanup(bench_close)))

static void parse(struct bench *bench, const char *text)
{
	struct source source = {.text = (char *)text, .len = strlen(text)};

	env_file_parse(&source, ".env", &bench->inherited, &bench->vars, &bench->report);
}

static void every_way_to_write_a_value_works(void **unused)
{
	static const struct {
		const char *text;
		const char *value; /* of A */
	} samples[] = {
		{"A=b", "b"},
		{"A = b", "b"},
		{"export A=b", "b"},
		{"  A=b  ", "b"},
		{"A=b c", "b c"},
		{"A=b # comment", "b"},
		{"A=b#c", "b#c"},
		{"A=# comment", ""},
		{"A=", ""},
		{"A: b", "b"},
		{"A='b $HOME # c'", "b $HOME # c"},
		{"A=\"b $HOME\"", "b /home/me"},
		{"A=\"b\\n\\\"c\\\"\\tx\\\\\"", "b\n\"c\"\tx\\"},
		{"A=\"\\$HOME\"", "$HOME"},
		{"A=\"b\" # comment", "b"},
		{"A=$HOME/x", "/home/me/x"},
		{"A=${NONE:-d}", "d"},
		{"A='two\nlines'", "two\nlines"},
		{"A=b\r\n", "b"},
		{"\xef\xbb\xbf"
		 "A=b",
		 "b"},
		{"# comment\n\nA=b\n", "b"},
		{"B=x\nA=$B$B", "xx"},
		{"A=1\nA=2", "2"},
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
		autobench struct bench bench;

		bench_open(&bench);
		parse(&bench, samples[i].text);
		if (bench.diags.count)
			fail_msg("'%s': %s", samples[i].text, bench.diags.items[0].message);
		assert_non_null(vars_get(&bench.vars, "A"));
		assert_string_equal(vars_get(&bench.vars, "A"), samples[i].value);
	}
}

static void a_bare_name_is_inherited_or_dropped(void **unused)
{
	autobench struct bench bench;

	(void)unused;
	bench_open(&bench);
	parse(&bench, "HOME\nNONE\n");
	assert_string_equal(vars_get(&bench.vars, "HOME"), "/home/me");
	assert_null(vars_get(&bench.vars, "NONE"));
}

static void faulty_lines_are_told_with_their_number(void **unused)
{
	static const struct {
		const char *text;
		unsigned line;
		const char *says;
	} samples[] = {
		{"A=b\n=c\n", 2, "expected NAME=value"},
		{"1A=b", 1, "expected NAME=value"},
		{"A b", 1, "expected '='"},
		{"A='x\ny'\nB=\"x", 3, "never closed"},
		{"A='x' y", 1, "after the closing quote"},
		{"\n\nA=${X:?why}", 3, "why"},
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
		autobench struct bench bench;

		bench_open(&bench);
		parse(&bench, samples[i].text);
		assert_int_equal(bench.diags.count, 1);
		assert_int_equal(bench.diags.items[0].pos.line, samples[i].line);
		assert_non_null(strstr(bench.diags.items[0].message, samples[i].says));
	}
}

static void a_flood_of_variables_is_refused(void **unused)
{
	autobench struct bench bench;
	struct buf text = {0};

	(void)unused;
	bench_open(&bench);
	for (unsigned i = 0; i < 200000; i++)
		buf_printf(&text, "V%u=x\n", i);
	parse(&bench, text.data);
	assert_int_equal(bench.diags.count, 1);
	assert_non_null(strstr(bench.diags.items[0].message, "MiB of variables"));
	buf_free(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_way_to_write_a_value_works),
		cmocka_unit_test(a_bare_name_is_inherited_or_dropped),
		cmocka_unit_test(faulty_lines_are_told_with_their_number),
		cmocka_unit_test(a_flood_of_variables_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
