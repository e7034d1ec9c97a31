// SPDX-License-Identifier: GPL-2.0-or-later
/* What is hidden of every processor, which few machines have: so the list is another one here. */
#include "runtime/defaults.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/runtime/sandbox.h"

#include <stdio.h>

static struct sandbox box;

const char *const *__wrap_defaults_masked_paths(void);

const char *const *__wrap_defaults_masked_paths(void)
{
	static const char *const paths[] = {
		"/proc/keys",
		"/sys/devices/system/cpu/cpu*/topology",
		"/sys/devices/system/cpu/cpu*/davit-test-nothing",
		NULL,
	};

	return paths;
}

static int make_box(void **unused)
{
	(void)unused;
	sandbox_make(&box);
	return 0;
}

static int remove_box(void **unused)
{
	(void)unused;
	sandbox_remove(&box);
	return 0;
}

static void run(bool privileged, struct outcome *outcome)
{
	char *argv[4];
	struct container_config config = sandbox_config(
		&box, argv,
		"cd /sys/devices/system/cpu; cat cpu*/topology/core_id 2>/dev/null | "
		"wc -l; ls -d cpu[0-9]*/topology | wc -l");

	config.privileged = privileged;
	sandbox_run(&box, &config, outcome);
	if (outcome->prepared < 0 || outcome->started < 0)
		print_message("%s\n", outcome->fault.err.text);
	assert_int_equal(outcome->prepared, 0);
	assert_int_equal(outcome->started, 0);
}

static void what_every_processor_has_is_hidden_for_each(void **unused)
{
	struct outcome open, hidden;
	int seen = -1, there = -1, left = -1, hidden_there = -1;

	(void)unused;
	run(true, &open); /* the control: it can be read */
	assert_int_equal(sscanf(open.out, "%d %d", &seen, &there), 2);
	assert_true(seen > 0);
	run(false, &hidden);
	assert_int_equal(sscanf(hidden.out, "%d %d", &left, &hidden_there), 2);
	assert_int_equal(left, 0);
	assert_int_equal(hidden_there, there);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_every_processor_has_is_hidden_for_each),
	};

	if (sandbox_missing()) {
		print_message("SKIP: %s\n", sandbox_missing());
		return 77;
	}
	return cmocka_run_group_tests(tests, make_box, remove_box);
}
