// SPDX-License-Identifier: GPL-2.0-or-later
#include "runtime/base/buf.h"
#include "tests/unit/cmocka_all.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void appends_keep_order_and_terminator(void **unused)
{
	autobuf struct buf buf = {0};

	buf_puts(&buf, "a");
	buf_printf(&buf, "%03d", 7);
	buf_put(&buf, "xyz", 2);
	assert_string_equal(buf.data, "a007xy");
	assert_int_equal(buf.len, 6);
	assert_int_equal(buf_check(&buf, NULL), 0);
}

static void taking_an_empty_buffer_gives_an_empty_string(void **unused)
{
	struct buf buf = {0};
	char *text = buf_take(&buf);

	assert_string_equal(text, "");
	free(text);
}

static void a_failed_append_is_remembered(void **unused)
{
	autobuf struct buf buf = {0};

	buf_put(&buf, "", SIZE_MAX - 1);
	buf_puts(&buf, "later");
	assert_int_equal(buf_check(&buf, NULL), -ENOMEM);
	assert_null(buf_take(&buf));
}

static void a_list_is_terminated_at_every_length(void **unused)
{
	autostrv struct strv list = {0};

	for (int i = 0; i < 70; i++) {
		strv_addf(&list, "%d", i);
		assert_int_equal(list.count, i + 1);
		assert_null(list.items[list.count]);
		assert_int_equal(atoi(list.items[i]), i);
	}
	assert_true(strv_has(&list, "69"));
	assert_false(strv_has(&list, "70"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(appends_keep_order_and_terminator),
		cmocka_unit_test(taking_an_empty_buffer_gives_an_empty_string),
		cmocka_unit_test(a_failed_append_is_remembered),
		cmocka_unit_test(a_list_is_terminated_at_every_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
