// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzzing the substitution of variables: any text gives a bounded result or an error that says why,
 * the same one each time; what a variable holds is not substituted again, nor is what is escaped.
 */
#include "manifests/interpolate.h"
#include "tests/fuzz/budget.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* "$" for "$$" and back is the identity. */
static void escape_and_back(const struct interpolation *in, const char *text)
{
	struct pos nowhere = {0};
	autobuf struct buf escaped = {0};
	const char *result = NULL;
	struct err err;

	for (const char *at = text; *at; at++)
		buf_puts(&escaped, *at == '$' ? "$$" : (char[]){*at, '\0'});
	if (strlen(text) > TREE_TEXT_MAX || !escaped.data)
		return;
	if (interpolate_text(in, escaped.data, nowhere, &result, &err) < 0 ||
	    strcmp(result, text) != 0)
		abort();
}

static void substitute(const struct interpolation *in, const char *text)
{
	struct pos nowhere = {0};
	const char *results[2] = {NULL, NULL};
	struct err err = {0};

	for (int i = 0; i < 2; i++)
		if (interpolate_text(in, text, nowhere, &results[i], &err) < 0 && !err.text[0])
			abort();
	if (!results[0] != !results[1])
		abort();
	if (results[0] && (strcmp(results[0], results[1]) != 0 ||
			   (strchr(text, '$') && strlen(results[0]) > TREE_TEXT_MAX)))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	int64_t start_us = budget_now_us();
	autoarena struct arena arena = {0};
	autodiagnostics struct diagnostics diags = {0};
	struct vars vars = {.arena = &arena};
	struct vars warned = {.arena = &arena};
	struct report report = {.list = &diags};
	autobuf struct buf used = {0};
	struct interpolation in = {.vars = &vars,
				   .warned = &warned,
				   .report = &report,
				   .arena = &arena,
				   .used = &used};
	struct err err;

	if (len > BUDGET_BYTES_MAX)
		return 0;
	if (arena_open(&arena, &err) < 0)
		abort();
	vars_set(&vars, "V", "value", (struct pos){0});
	vars_set(&vars, "E", "", (struct pos){0});
	vars_set(&vars, "D", "$V ${U:?no} }", (struct pos){0});

	const char *text = arena_copy(&arena, (const char *)bytes, len);
	const char *dollars = NULL;

	substitute(&in, text);
	escape_and_back(&in, text);
	if (interpolate_text(&in, "$D", (struct pos){0}, &dollars, &err) < 0 ||
	    strcmp(dollars, vars_get(&vars, "D")) != 0)
		abort();
	report_close(&report);
	budget_check(start_us, bytes, len);
	return 0;
}
