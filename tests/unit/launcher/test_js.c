// SPDX-License-Identifier: GPL-2.0-or-later
/* JSON values: kinds, and texts that are not what they should be. */
#include "launcher/js.h"
#include "tests/unit/cmocka_all.h"

#include <stdio.h>
#include <string.h>

static void check_lossy(const char *text, const char *wanted)
{
	autojs struct json_t *value = js_lossy(text);

	assert_non_null(value);
	assert_string_equal(js_string(value), wanted);
}

static void utf8_is_kept_as_it_is(void **state)
{
	check_lossy("", "");
	check_lossy("plain", "plain");
	check_lossy("ä € 𝄞", "ä € 𝄞");
}

static void every_byte_that_is_no_utf8_becomes_a_question_mark(void **state)
{
	check_lossy("\xff\xc0 x", "?? x");
	check_lossy("cut \xe2\x82", "cut ??");
	check_lossy("ä\xc3", "ä?");
	check_lossy("\xed\xa0\x80", "???"); /* half of a surrogate pair */
	check_lossy("\xc0\x80", "??");	    /* an overlong NUL */
	check_lossy("\xf4\x90\x80\x80", "????");
}

static void every_kind_is_told_from_the_others(void **state)
{
	static const char *const texts[] = {"null", "true", "5", "5.5", "\"x\"", "[]", "{}"};

	assert_int_equal(js_kind(NULL), JS_NULL);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		char text[16];
		autojs struct json_t *list = NULL;

		snprintf(text, sizeof(text), "[%s]", texts[i]);
		assert_int_equal(js_parse(text, strlen(text), &list, NULL), 0);
		assert_int_equal(js_kind(js_at(list, 0)), i);
	}
}

static void fractions_are_printed_as_they_were_read(void **state)
{
	static const char text[] = "[0.003791,0.1,123456.789012]";
	autojs struct json_t *list = NULL;
	autobuf struct buf out = {0};

	assert_int_equal(js_parse(text, strlen(text), &list, NULL), 0);
	assert_int_equal(js_print(list, 0, &out, NULL), 0);
	assert_string_equal(out.data, text);
}

static void values_are_equal_that_say_the_same(void **state)
{
	static const char text[] = "[\"\",\"\",\"x\",1,1.0,[1,\"a\"],[1,\"a\"],null]";
	autojs struct json_t *list = NULL;

	assert_int_equal(js_parse(text, strlen(text), &list, NULL), 0);
	assert_true(js_equal(js_at(list, 0), js_at(list, 1)));
	assert_false(js_equal(js_at(list, 0), js_at(list, 2)));
	assert_false(js_equal(js_at(list, 3), js_at(list, 4)));
	assert_true(js_equal(js_at(list, 5), js_at(list, 6)));
	assert_true(js_equal(NULL, NULL));
	assert_false(js_equal(NULL, js_at(list, 7)));
	assert_false(js_equal(js_at(list, 0), NULL));
}

static void the_first_of_a_name_is_found(void **unused)
{
	static const char text[] = "[5, {\"service\": 7}, {\"service\": \"web\", \"n\": 1}, "
				   "{\"service\": \"web\", \"n\": 2}]";
	autojs struct json_t *list = NULL;

	assert_int_equal(js_parse(text, strlen(text), &list, NULL), 0);
	assert_int_equal(js_int(js_find(list, "service", "web"), "n", -1), 1);
	assert_null(js_find(list, "service", "db"));
	assert_null(js_find(NULL, "service", "web"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_of_a_name_is_found),
		cmocka_unit_test(utf8_is_kept_as_it_is),
		cmocka_unit_test(every_byte_that_is_no_utf8_becomes_a_question_mark),
		cmocka_unit_test(every_kind_is_told_from_the_others),
		cmocka_unit_test(fractions_are_printed_as_they_were_read),
		cmocka_unit_test(values_are_equal_that_say_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
