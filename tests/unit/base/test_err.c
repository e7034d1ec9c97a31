// SPDX-License-Identifier: GPL-2.0-or-later
#include "runtime/base/err.h"
#include "tests/unit/cmocka_all.h"

#include <errno.h>
#include <string.h>

static void a_failure_says_what_and_why(void **unused)
{
	struct err err = {0};

	assert_int_equal(err_set(&err, ENOENT, "open '%s'", "x"), -ENOENT);
	assert_int_equal(err.code, ENOENT);
	assert_string_equal(err.text, "open 'x': No such file or directory");
}

static void context_goes_in_front(void **unused)
{
	struct err err = {0};

	(void)err_say(&err, EINVAL, "bad port");
	assert_int_equal(err_prefix(&err, "web"), -EINVAL);
	assert_string_equal(err.text, "web: bad port");
}

static void errno_survives_reporting(void **unused)
{
	errno = EBUSY;
	(void)err_set(NULL, EPERM, "nobody reads this");
	assert_int_equal(errno, EBUSY);
}

static void an_overlong_text_is_cut_not_overrun(void **unused)
{
	struct err err = {0};
	char text[2 * ERR_TEXT_MAX];

	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	(void)err_set(&err, EIO, "%s", text);
	assert_int_equal(strlen(err.text), ERR_TEXT_MAX - 1);
	(void)err_prefix(&err, "%s", text);
	assert_int_equal(strlen(err.text), ERR_TEXT_MAX - 1);
}

static void what_is_quoted_stays_in_its_line(void **unused)
{
	struct err err = {0};

	(void)err_say(&err, EINVAL, "near '%s'", "a\n\r\033[31m\177\tä");
	assert_string_equal(err.text, "near 'a???[31m??ä'");
	(void)err_prefix(&err, "b\n");
	assert_string_equal(err.text, "b?: near 'a???[31m??ä'");
}

static void what_lacks_now_may_be_there_later(void **unused)
{
	(void)unused;
	assert_true(err_is_shortage(-ENOMEM) && err_is_shortage(-EMFILE));
	assert_false(err_is_shortage(0) || err_is_shortage(-ENOENT) || err_is_shortage(ENOMEM));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_failure_says_what_and_why),
		cmocka_unit_test(context_goes_in_front),
		cmocka_unit_test(errno_survives_reporting),
		cmocka_unit_test(an_overlong_text_is_cut_not_overrun),
		cmocka_unit_test(what_is_quoted_stays_in_its_line),
		cmocka_unit_test(what_lacks_now_may_be_there_later),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
