// SPDX-License-Identifier: GPL-2.0-or-later
/* What an instance may say of itself, and what it may not. */
#include "tests/unit/cmocka_all.h"

#include "launcher/policy/notify_message.h"

#include <stdlib.h>
#include <string.h>

static struct notify_message read_text(const char *text)
{
	struct notify_message message;

	notify_message_read(text, strlen(text), &message);
	return message;
}

static void the_known_lines_are_read(void **unused)
{
	struct notify_message message =
		read_text("READY=1\nSTATUS=serving 3 clients\nWATCHDOG_USEC=1500001\nWATCHDOG=1\n");

	(void)unused;
	assert_true(message.ready && !message.stopping);
	assert_int_equal(message.watchdog, NOTIFY_WATCHDOG_ALIVE);
	assert_int_equal(message.watchdog_ms, 1501);
	assert_true(message.has_status);
	assert_string_equal(message.status, "serving 3 clients");
	assert_true(read_text("STOPPING=1").stopping);
	assert_int_equal(read_text("WATCHDOG=trigger").watchdog, NOTIFY_WATCHDOG_TRIGGER);
	assert_string_equal(read_text("STATUS=").status, "");
	assert_true(read_text("STATUS=").has_status);
}

static void everything_else_is_passed_over(void **unused)
{
	static const char *const nonsense[] = {
		"",	     "\n\n",	  "READY",    "READY=",	    "READY=10",	     "READY=0",
		" READY=1",  "ready=1",	  "XREADY=1", "READY=1 ",   "MAINPID=1",     "WATCHDOG=2",
		"FDSTORE=1", "BARRIER=1", "=READY=1", "STOPPING=x", "READY\n=1\n=\n"};

	(void)unused;
	for (size_t i = 0; i < sizeof(nonsense) / sizeof(nonsense[0]); i++) {
		struct notify_message message = read_text(nonsense[i]);

		if (message.ready || message.stopping || message.watchdog || message.has_status)
			fail_msg("'%s' says something", nonsense[i]);
	}
}

static void numbers_are_bounded(void **unused)
{
	(void)unused;
	assert_int_equal(read_text("WATCHDOG_USEC=99999999999999999999999999").watchdog_ms, 0);
	assert_int_equal(read_text("WATCHDOG_USEC=-1").watchdog_ms, 0);
	assert_int_equal(read_text("WATCHDOG_USEC=").watchdog_ms, 0);
	assert_int_equal(read_text("WATCHDOG_USEC=1").watchdog_ms, 1);
}

static void a_status_is_harmless_text(void **unused)
{
	char text[1024] = "STATUS=";
	struct notify_message message = read_text("STATUS=a\033[2J\tb\177");

	(void)unused;
	assert_string_equal(message.status, "a?[2J?b?");
	for (size_t shift = 0; shift < 3; shift++) {
		memset(text + 7, 'x', shift);
		for (size_t at = 7 + shift; at + 3 < sizeof(text); at += 3)
			memcpy(text + at, "\xe2\x82\xac", 4);
		message = read_text(text);
		assert_true(strlen(message.status) < NOTIFY_STATUS_MAX);
		assert_int_equal((strlen(message.status) - shift) % 3, 0);
	}
}

static void no_bytes_at_all_are_read_wrongly(void **unused)
{
	static const char *const words[] = {"READY=1", "STATUS=", "\n",	     "WATCHDOG", "=",
					    "trigger", "\xff",	  "_USEC=9", "1"};
	struct notify_message message;

	(void)unused;
	srandom(1);
	for (unsigned round = 0; round < 20000; round++) {
		size_t len = 0;
		/* On the heap and exactly as long: what is read beyond it is noticed. */
		char *bytes = malloc(64);

		for (unsigned i = 0; i < 6; i++) {
			const char *word = words[(size_t)random() % 9];

			memcpy(bytes + len, word, strlen(word));
			len += strlen(word);
		}
		bytes = realloc(bytes, len);
		notify_message_read(bytes, len, &message);
		assert_true(memchr(message.status, '\0', sizeof(message.status)) != NULL);
		free(bytes);
	}
	char zeros[32] = {0};

	notify_message_read(zeros, sizeof(zeros), &message);
	assert_false(message.ready);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_known_lines_are_read),
		cmocka_unit_test(everything_else_is_passed_over),
		cmocka_unit_test(numbers_are_bounded),
		cmocka_unit_test(a_status_is_harmless_text),
		cmocka_unit_test(no_bytes_at_all_are_read_wrongly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
