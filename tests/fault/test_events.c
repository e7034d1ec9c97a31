// SPDX-License-Identifier: GPL-2.0-or-later
/* A history of events that is opened while an allocation fails goes on where it was, or not at all:
 * no number comes twice. Tries every allocation. */
#include "launcher/supervisor/event_log.h"
#include "runtime/base/fs.h"
#include "tests/fault/alloc.h"
#include "tests/unit/cmocka_all.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LINE(number)                                                                               \
	"{\"schema\":1,\"seq\":" number ",\"service\":\"a service with a longer name\"}\n"

static void no_number_comes_twice(void **unused)
{
	char dir[] = "/tmp/davit-test-events.XXXXXX";
	struct event_log *log = NULL;
	bool failed = true;

	assert_non_null(mkdtemp(dir));
	assert_int_equal(event_log_open(dir, &log, NULL), 0);
	assert_true(event_log_append(log, LINE("41"), strlen(LINE("41"))));
	assert_true(event_log_append(log, LINE("42"), strlen(LINE("42"))));
	event_log_close(log);
	for (uint64_t nth = 1; failed; nth++) {
		struct err err = {0};

		alloc_arm(nth);
		int r = event_log_open(dir, &log, &err);

		failed = alloc_disarm() > 0;
		if (r == 0) {
			assert_int_equal(event_log_number(log), 43);
			event_log_close(log);
		} else {
			assert_int_equal(r, -ENOMEM);
		}
	}
	assert_int_equal(fs_remove_tree(dir, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_number_comes_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
