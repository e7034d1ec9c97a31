// SPDX-License-Identifier: GPL-2.0-or-later
#include "launcher/keeper/exits.h"
#include "tests/unit/cmocka_all.h"

static int forget_all(void **unused)
{
	while (exits_count() > 0)
		exits_drop(exits_at(0)->pid);
	return 0;
}

static void an_end_is_told_once_to_every_supervisor(void **unused)
{
	struct exited *exited = exits_put(7, 256);

	assert_ptr_equal(exits_untold(), exited);
	exited->told = true;
	assert_null(exits_untold());
	exits_tell_again();
	assert_ptr_equal(exits_untold(), exited);
	assert_int_equal(exited->status, 256);
	exits_drop(8);
	assert_int_equal(exits_count(), 1);
	exits_drop(7);
	assert_int_equal(exits_count(), 0);
	assert_null(exits_untold());
}

static void a_number_that_is_used_again_is_another_process(void **unused)
{
	exits_put(7, 256)->told = true;
	assert_non_null(exits_put(7, 9));
	assert_int_equal(exits_count(), 1);
	assert_int_equal(exits_at(0)->status, 9);
	assert_false(exits_at(0)->told);
}

static void a_full_table_takes_no_more_and_loses_none(void **unused)
{
	for (pid_t pid = 1; pid <= EXITS_MAX; pid++)
		assert_non_null(exits_put(pid, pid));
	assert_null(exits_put(EXITS_MAX + 1, 0));
	assert_non_null(exits_put(5, 0)); /* which is there */
	exits_drop(3);
	assert_non_null(exits_put(EXITS_MAX + 1, 0));
	assert_int_equal(exits_count(), EXITS_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(an_end_is_told_once_to_every_supervisor, forget_all),
		cmocka_unit_test_teardown(a_number_that_is_used_again_is_another_process,
					  forget_all),
		cmocka_unit_test_teardown(a_full_table_takes_no_more_and_loses_none, forget_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
