// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzzing the .env format, and with it the substitution of variables.
 */
#include "manifests/env_file.h"
#include "tests/fuzz/budget.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	int64_t start_us = budget_now_us();
	autoarena struct arena arena = {0};
	autodiagnostics struct diagnostics diags = {0};
	struct vars inherited = {.arena = &arena};
	struct vars vars = {.arena = &arena};
	struct report report = {.list = &diags};
	struct err err;

	if (len > BUDGET_BYTES_MAX)
		return 0;
	if (arena_open(&arena, &err) < 0)
		abort();
	vars_set(&inherited, "V", "value", (struct pos){0});
	vars_set(&inherited, "E", "", (struct pos){0});

	struct source source = {.text = arena_copy(&arena, (const char *)bytes, len)};

	source.len = strlen(source.text);
	env_file_parse(&source, ".env", &inherited, &vars, &report);
	for (const struct var *var = vars.first; var; var = var->next)
		if (!vars_get(&vars, var->name))
			abort();
	report_sort(&report);
	report_close(&report);
	budget_check(start_us, bytes, len);
	return 0;
}
