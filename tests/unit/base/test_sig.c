// SPDX-License-Identifier: GPL-2.0-or-later
/* Signals as text: every name reads back, whatever is none is refused. */
#include "runtime/base/sig.h"
#include "tests/unit/cmocka_all.h"

#include <signal.h>

static void every_signal_reads_back_from_its_name(void **unused)
{
	(void)unused;
	for (int number = 1; number <= SIGRTMAX; number++) {
		char name[SIG_NAME_MAX];

		sig_name(number, name);
		assert_int_equal(sig_number(name), number);
	}
}

static void names_are_those_of_the_shell(void **unused)
{
	char name[SIG_NAME_MAX];

	(void)unused;
	sig_name(SIGTERM, name);
	assert_string_equal(name, "SIGTERM");
	sig_name(SIGRTMIN + 3, name);
	assert_string_equal(name, "SIGRTMIN+3");
	sig_name(99, name);
	assert_string_equal(name, "99");
}

static void what_is_no_signal_is_zero(void **unused)
{
	static const char *const texts[] = {
		"",	    "SIG",     "SIGFOO",  "0",	    "99",	 "RTMIN+",
		"RTMIN+99", "RTMIN-1", "RTMAX+1", "RTMINx", "RTMAX-x",	 "RTMIN+-1",
		"-9",	    "9x",      " 9",	  "+9",	    "SIGSIGHUP", "99999999999999999999"};

	(void)unused;
	assert_int_equal(sig_number(NULL), 0);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (sig_number(texts[i]) != 0)
			fail_msg("'%s' is read as signal %d", texts[i], sig_number(texts[i]));
}

static void case_and_old_names_are_understood(void **unused)
{
	(void)unused;
	assert_int_equal(sig_number("term"), SIGTERM);
	assert_int_equal(sig_number("sigRTmin+1"), SIGRTMIN + 1);
	assert_int_equal(sig_number("SIGRTMAX-1"), SIGRTMAX - 1);
	assert_int_equal(sig_number("IOT"), SIGABRT);
	assert_int_equal(sig_number("SIGCLD"), SIGCHLD);
	assert_int_equal(sig_number("09"), SIGKILL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_signal_reads_back_from_its_name),
		cmocka_unit_test(names_are_those_of_the_shell),
		cmocka_unit_test(what_is_no_signal_is_zero),
		cmocka_unit_test(case_and_old_names_are_understood),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
