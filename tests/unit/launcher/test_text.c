// SPDX-License-Identifier: GPL-2.0-or-later
#include "launcher/cli/text.h"
#include "runtime/base/cleanup.h"
#include "tests/unit/cmocka_all.h"

#include <errno.h>
#include <string.h>

static void nothing_that_commands_a_terminal_survives(void **unused)
{
	static const struct {
		const char *bytes;
		size_t len;
		const char *safe;
	} cases[] = {
		{"plain\ttext", 10, "plain\ttext"},
		{"\033[31mred", 8, "\\x1b[31mred"},
		{"a\0b", 3, "a\\x00b"},
		{"a\rb\nc", 5, "a\\x0db\\x0ac"},
		{"\x7f", 1, "\\x7f"},
		{"gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x9a\xa2", 15,
		 "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x9a\xa2"},
		{"\xc2\x9b"
		 "31m",
		 5, "\\xc2\\x9b31m"},			/* CSI as a C1 control in UTF-8 */
		{"\x9b", 1, "\\x9b"},			/* and as a bare byte */
		{"\xc0\x9b", 2, "\\xc0\\x9b"},		/* overlong */
		{"\xe0\x80\x9b", 3, "\\xe0\\x80\\x9b"}, /* overlong */
		{"\xed\xa0\x80", 3, "\\xed\\xa0\\x80"}, /* surrogate */
		{"\xf4\x90\x80\x80", 4, "\\xf4\\x90\\x80\\x80"},
		{"\xe2\x82", 2, "\\xe2\\x82"}, /* truncated */
		{"\xff\xfe", 2, "\\xff\\xfe"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		autobuf struct buf out = {0};

		text_escape(&out, cases[i].bytes, cases[i].len);
		assert_string_equal(out.data, cases[i].safe);
	}
}

/* Random bytes: what comes out is free of controls, and what was printable ASCII is unchanged. */
static void random_bytes_never_leave_a_control(void **unused)
{
	unsigned seed = 20260131;

	print_message("seed %u\n", seed);
	for (int round = 0; round < 2000; round++) {
		unsigned char bytes[64];
		autobuf struct buf out = {0};
		autobuf struct buf again = {0};

		for (size_t i = 0; i < sizeof(bytes); i++)
			bytes[i] = (unsigned char)rand_r(&seed);
		text_escape(&out, (const char *)bytes, sizeof(bytes));
		for (size_t i = 0; i < out.len; i++) {
			unsigned char c = (unsigned char)out.data[i];

			assert_true(c == '\t' || (c >= 0x20 && c != 0x7f));
		}
		text_escape(&again, out.data, out.len);
		assert_string_equal(again.data, out.data);
	}
}

static void the_nearest_word_is_guessed_or_none(void **unused)
{
	static const char *const words[] = {"up", "down", "status", "restart", "start", "ps", NULL};

	assert_string_equal(text_nearest("stauts", words), "status");
	assert_string_equal(text_nearest("dwon", words), "down");
	assert_string_equal(text_nearest("pss", words), "ps");
	assert_string_equal(text_nearest("statr", words), "start");
	assert_null(text_nearest("frobnicate", words));
	assert_null(text_nearest("x", words));
	assert_null(text_nearest("", words));
	assert_null(text_nearest("a-very-long-word-that-exceeds-the-bound", words));
}

static void durations_are_read_or_refused(void **unused)
{
	static const struct {
		const char *text;
		int r;
		int64_t ms;
	} cases[] = {
		{"10", 0, 10000},   {"0", 0, 0},	   {"1.5", 0, 1500},
		{"250ms", 0, 250},  {"1h30m", 0, 5400000}, {"2d", 0, 172800000},
		{"1.5s", 0, 1500},  {"", -EINVAL, 0},	   {"s", -EINVAL, 0},
		{"-1", -EINVAL, 0}, {"1m30", -EINVAL, 0},  {"10 s", -EINVAL, 0},
		{"1x", -EINVAL, 0}, {"nan", -EINVAL, 0},   {"9999999999999d", -ERANGE, 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int64_t ms = 0;

		assert_int_equal(text_duration_ms(cases[i].text, &ms), cases[i].r);
		assert_int_equal(ms, cases[i].ms);
	}
}

static void times_are_read_to_the_nanosecond(void **unused)
{
	static const struct {
		const char *text;
		int r;
		int64_t ns;
	} cases[] = {
		{"1970-01-01T00:00:00Z", 0, 0},
		{"1970-01-01T00:00:00.000000001Z", 0, 1},
		{"2026-01-31T23:59:59.123456789Z", 0, 1769903999123456789},
		{"2026-02-01T00:59:59.5+01:00", 0, 1769903999500000000},
		{"2024-02-29T12:00:00Z", 0, 1709208000000000000},
		{"1969-12-31T23:59:59Z", 0, -1000000000},
		{"2026-01-31", -EINVAL, 0},
		{"2026-01-31T23:59:59", -EINVAL, 0},
		{"2026-13-31T23:59:59Z", -EINVAL, 0},
		{"2026-01-31T24:59:59Z", -EINVAL, 0},
		{"2026-01-31T23:59:59Zx", -EINVAL, 0},
		{"0001-01-31T23:59:59Z", -EINVAL, 0},
		{"9999-01-31T23:59:59Z", -EINVAL, 0},
		{"", -EINVAL, 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int64_t ns = 0;
		size_t len = strlen(cases[i].text);

		assert_int_equal(text_time_ns(cases[i].text, len, &ns), cases[i].r);
		assert_int_equal(ns, cases[i].ns);
	}
}

static void a_moment_is_a_time_or_so_long_ago(void **unused)
{
	const int64_t now_ns = 1769903999000000000;
	static const struct {
		const char *text;
		int r;
		int64_t ns;
	} cases[] = {
		{"2026-01-31T23:59:59Z", 0, 1769903999000000000},
		{"10m", 0, 1769903399000000000},
		{"0", 0, 1769903999000000000},
		{"1.5", 0, 1769903997500000000},
		{"1136073600", 0, 1136073600000000000},
		{"1136073600.5", 0, 1136073600500000000},
		{"1000d", 0, 1683503999000000000},
		{"yesterday", -EINVAL, 0},
		{"99999999999999", -EINVAL, 0},
		{"", -EINVAL, 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int64_t ns = 0;

		assert_int_equal(text_moment_ns(cases[i].text, now_ns, &ns), cases[i].r);
		assert_int_equal(ns, cases[i].ns);
	}
}

static void sizes_and_ages_are_short(void **unused)
{
	static const struct {
		int64_t number;
		const char *size, *age;
	} cases[] = {
		{0, "0B", "0s"},
		{1000, "1000B", "1s"},
		{1023, "1023B", "1s"},
		{1024, "1K", "1s"},
		{3250586, "3.1M", "54m10s"},
		{67108864, "64M", "18h38m"},
		{INT64_C(1) << 31, "2G", "24d20h"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		autobuf struct buf size = {0};
		autobuf struct buf age = {0};

		text_bytes(&size, cases[i].number);
		text_age(&age, cases[i].number);
		assert_string_equal(size.data, cases[i].size);
		assert_string_equal(age.data, cases[i].age);
	}
}

static void long_lines_are_broken_between_words(void **unused)
{
	static const struct {
		const char *text;
		size_t width, indent;
		const char *wrapped;
	} cases[] = {
		{"", 8, 2, ""},
		{"as it is, how long it may be\n", 0, 2, "as it is, how long it may be\n"},
		{"just eight\nwhole", 10, 2, "just eight\nwhole"},
		{"  one two three four\n5\n", 9, 4, "  one two\n    three\n    four\n5\n"},
		{"abcdefghij", 4, 1, "abcd\n efg\n hij"},
		{"ab\xc3\xa4\xc3\xa4", 3, 0, "ab\n\xc3\xa4\n\xc3\xa4"},
		{"no room", 2, 2, "no room"},
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		autobuf struct buf out = {0};

		text_wrap(&out, cases[i].text, cases[i].width, cases[i].indent);
		assert_string_equal(out.data ? out.data : "", cases[i].wrapped);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_that_commands_a_terminal_survives),
		cmocka_unit_test(random_bytes_never_leave_a_control),
		cmocka_unit_test(the_nearest_word_is_guessed_or_none),
		cmocka_unit_test(durations_are_read_or_refused),
		cmocka_unit_test(times_are_read_to_the_nanosecond),
		cmocka_unit_test(a_moment_is_a_time_or_so_long_ago),
		cmocka_unit_test(sizes_and_ages_are_short),
		cmocka_unit_test(long_lines_are_broken_between_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
