// SPDX-License-Identifier: GPL-2.0-or-later
/* Substitution: every form, nested, and what is refused. */
#include "tests/unit/cmocka_all.h"

#include "manifests/interpolate.h"
#include "runtime/base/cleanup.h"

#include <string.h>

struct bench {
	struct arena arena;
	struct vars vars;
	struct vars warned;
	struct diagnostics diags;
	struct report report;
	struct interpolation in;
};

static void bench_open(struct bench *bench)
{
	struct pos nowhere = {0};
	struct err err;

	memset(bench, 0, sizeof(*bench));
	assert_int_equal(arena_open(&bench->arena, &err), 0);
	bench->vars.arena = bench->warned.arena = &bench->arena;
	bench->report.list = &bench->diags;
	bench->in = (struct interpolation){.vars = &bench->vars,
					   .warned = &bench->warned,
					   .report = &bench->report,
					   .arena = &bench->arena};
	vars_set(&bench->vars, "V", "value", nowhere);
	vars_set(&bench->vars, "E", "", nowhere);
	vars_set(&bench->vars, "W_2", "two", nowhere);
}

static void bench_close(struct bench *bench)
{
	diagnostics_free(&bench->diags);
	report_close(&bench->report);
	arena_close(&bench->arena);
}

static void every_form_is_substituted(void **unused)
{
	static const struct {
		const char *text;
		const char *result;
	} samples[] = {
		{"plain", "plain"},
		{"$V", "value"},
		{"${V}", "value"},
		{"a${V}b$W_2.c", "avalueb"
				 "two.c"},
		{"${V:-d}", "value"},
		{"${E:-d}", "d"},
		{"${U:-d}", "d"},
		{"${V-d}", "value"},
		{"${E-d}", ""},
		{"${U-d}", "d"},
		{"${U-}", ""},
		{"${V:?e}", "value"},
		{"${E?e}", ""},
		{"${V:+a}", "a"},
		{"${E:+a}", ""},
		{"${U:+a}", ""},
		{"${V+a}", "a"},
		{"${E+a}", "a"},
		{"${U+a}", ""},
		{"${U:-${V}}", "value"},
		{"${U:-${X:-${W_2}}}", "two"},
		{"${U:-a${V}b}c", "avaluebc"},
		{"${V:+${W_2}}", "two"},
		{"${U:+${X:?not asked for}}", ""},
		{"$$V", "$V"},
		{"$$$V", "$value"},
		{"$${V}", "${V}"},
		{"${U:-$$x}", "$x"},
		{"${U:-a:b/c?d}", "a:b/c?d"},
		{"{\"a\": {\"b\": 1}}", "{\"a\": {\"b\": 1}}"},
		{"}$V}", "}value}"},
	};
	__attribute__((cleanup(bench_close))) struct bench bench;

	(void)unused;
	bench_open(&bench);
	for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
		const char *result = NULL;
		struct err err = {0};
		int r = interpolate_text(&bench.in, samples[i].text, (struct pos){0}, &result,
					 &err);

		if (r < 0)
			fail_msg("'%s': %s", samples[i].text, err.text);
		assert_string_equal(result, samples[i].result);
	}
	assert_int_equal(bench.diags.count, 0);
}

static void faulty_forms_are_refused(void **unused)
{
	static const struct {
		const char *text;
		const char *says;
	} samples[] = {
		{"${V", "no } found"},
		{"${V:-d", "no } found"},
		{"${", "no variable name"},
		{"${}", "no variable name"},
		{"${1}", "no variable name"},
		{"$", "no variable name"},
		{"a $ b", "no variable name"},
		{"${V!x}", "expected }"},
		{"${V:x}", "expected }"},
		{"${V:}", "expected }"},
		{"${U:?say so}", "variable U is not set: say so"},
		{"${E:?say so}", "variable E is empty: say so"},
		{"${U?}", "variable U is not set"},
		{"${U:-${X:?deep}}", "variable X is not set: deep"},
	};
	__attribute__((cleanup(bench_close))) struct bench bench;

	(void)unused;
	bench_open(&bench);
	for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
		const char *result = NULL;
		struct err err = {0};
		int r = interpolate_text(&bench.in, samples[i].text, (struct pos){0}, &result,
					 &err);

		if (r == 0 || !strstr(err.text, samples[i].says))
			fail_msg("'%s': r=%d '%s'", samples[i].text, r, err.text);
		assert_null(result);
	}
}

static void an_unset_variable_is_warned_about_once(void **unused)
{
	__attribute__((cleanup(bench_close))) struct bench bench;
	const char *result = NULL;
	struct err err;

	(void)unused;
	bench_open(&bench);
	assert_int_equal(interpolate_text(&bench.in, "<$U ${U}>", (struct pos){0}, &result, &err),
			 0);
	assert_string_equal(result, "< >");
	assert_int_equal(bench.diags.count, 1);
	assert_int_equal(bench.diags.items[0].severity, SEVERITY_WARNING);
}

static void nesting_and_length_are_bounded(void **unused)
{
	__attribute__((cleanup(bench_close))) struct bench bench;
	static char text[400000];
	static char big[300001];
	const char *result = NULL;
	struct err err;

	(void)unused;
	bench_open(&bench);
	for (size_t i = 0; i < 1000; i++)
		memcpy(text + 5 * i, "${U:-", 5);
	assert_true(interpolate_text(&bench.in, text, (struct pos){0}, &result, &err) < 0);
	assert_non_null(strstr(err.text, "nested too deeply"));

	memset(big, 'x', sizeof(big) - 1);
	vars_set(&bench.vars, "B", big, (struct pos){0});
	for (size_t i = 0; i < sizeof(text) / 2; i++)
		memcpy(text + 2 * i, "$B", 2);
	text[sizeof(text) - 1] = '\0';
	assert_true(interpolate_text(&bench.in, text, (struct pos){0}, &result, &err) < 0);
	assert_non_null(strstr(err.text, "longer than"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_form_is_substituted),
		cmocka_unit_test(faulty_forms_are_refused),
		cmocka_unit_test(an_unset_variable_is_warned_about_once),
		cmocka_unit_test(nesting_and_length_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
