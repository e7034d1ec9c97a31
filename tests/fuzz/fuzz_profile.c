// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzzing system call profiles: any bytes are read or refused in one line, and what is read and
 * small is compiled or refused as well.
 */
#include "runtime/seccomp/profile_parse.h"
#include "runtime/seccomp/secc.h"
#include "tests/fuzz/budget.h"
#include "tests/fuzz/refusal.h"

/* libseccomp has its own budget for more. */
#define COMPILED_BYTES_MAX 2048

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void check_rules(const struct profile *profile)
{
	for (size_t i = 0; i < profile->rule_count; i++) {
		const struct profile_rule *rule = &profile->rules[i];

		if (!rule->calls[0])
			abort();
		for (size_t k = 0; k < rule->argument_count; k++)
			if (rule->arguments[k].index >= PROFILE_ARGUMENTS)
				abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	const struct profile_text text = {"p.json", (const char *)bytes, len};
	const struct secc_source source = {&text, 1 << 21};
	int64_t start_us = budget_now_us();
	struct profile *profile = NULL;
	const struct secc *filter = NULL;
	struct err err = {0};
	int r = profile_parse(&text, &profile, &err);

	refusal_check(r, &err);
	if ((r < 0) != (profile == NULL))
		abort();
	if (profile)
		check_rules(profile);
	profile_free(profile);
	if (len <= COMPILED_BYTES_MAX) {
		err = (struct err){0};
		r = secc_acquire(&source, &filter, &err);
		refusal_check(r, &err);
		secc_release(filter);
	}
	budget_check(start_us, bytes, len);
	return 0;
}
