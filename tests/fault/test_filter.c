// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A system call filter made while an allocation fails is the usual one or none: one that lacks a
 * part would let through what it is there to stop.
 */
#include "runtime/seccomp/secc_compile.h"
#include "tests/fault/alloc.h"
#include "tests/fault/every.h"
#include "tests/unit/cmocka_all.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const struct secc_host host = {0, PROFILE_KERNEL(6, 1)};

static bool same(const struct secc_code *one, const struct secc_code *other)
{
	return one->count == other->count &&
	       memcmp(one->code, other->code, one->count * sizeof(*one->code)) == 0;
}

static void no_filter_is_made_that_lacks_a_part(void **unused)
{
	uint64_t step = every_step(61);
	struct secc_code usual = {0};
	struct err err = {0};
	bool failed = true;
	int wrong = 0, tried = 0;

	assert_int_equal(secc_compile(&profile_default, &host, &usual, &err), 0);
	for (uint64_t nth = every_first(step); failed; nth += step, tried++) {
		struct secc_code code = {0};

		err.text[0] = '\0';
		alloc_arm(nth);
		int r = secc_compile(&profile_default, &host, &code, &err);

		failed = alloc_disarm() > 0;
		bool sound = r < 0 ? r == -ENOMEM : same(&usual, &code);

		if (!sound)
			print_message("allocation %llu: %d, %u instructions, %s\n",
				      (unsigned long long)nth, r, code.count, err.text);
		wrong += !sound;
		free(code.code);
	}
	free(usual.code);
	print_message("%d tried\n", tried);
	assert_int_equal(wrong, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_filter_is_made_that_lacks_a_part),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
