// SPDX-License-Identifier: GPL-2.0-or-later
/* The lines people read. */
#include "tests/unit/cmocka_all.h"

#include "launcher/policy/reason.h"
#include "runtime/base/cleanup.h"

#include <signal.h>

#define MIB ((int64_t)1024 * 1024)

static void ends_are_told_in_words(void **unused)
{
	(void)unused;
	const struct {
		struct run_end end;
		int64_t limit_bytes;
		const char *text;
	} cases[] = {
		{{.kind = RUN_END_EXITED, .code = 1}, 0, "exited 1"},
		{{.kind = RUN_END_EXITED, .code = 127}, 64 * MIB, "exited 127"},
		{{.kind = RUN_END_SIGNALLED, .signal = SIGSEGV}, 0, "killed by SIGSEGV"},
		{{.kind = RUN_END_SIGNALLED, .signal = SIGKILL}, 64 * MIB, "killed by SIGKILL"},
		{{.kind = RUN_END_SIGNALLED, .signal = SIGKILL, .oom = true},
		 64 * MIB,
		 "exited 137 (out of memory, limit 64M)"},
		{{.kind = RUN_END_EXITED, .code = 137, .oom = true},
		 1536 * MIB,
		 "exited 137 (out of memory, limit 1.5G)"},
		{{.kind = RUN_END_SIGNALLED, .signal = SIGKILL, .oom = true},
		 0,
		 "exited 137 (out of memory)"},
		{{.kind = RUN_END_START_FAILED, .fault = "exec '/bin/x': no"},
		 0,
		 "exec '/bin/x': no"},
		{{.kind = RUN_END_START_FAILED}, 0, "could not be started"},
		{{.kind = RUN_END_UNKNOWN}, 0, "exit status unknown"},
	};
	char text[REASON_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		reason_run_end(&cases[i].end, cases[i].limit_bytes, text, sizeof(text));
		assert_string_equal(text, cases[i].text);
	}
}

static void verdicts_say_what_comes_next(void **unused)
{
	(void)unused;
	const struct restart_verdict again = {.decision = RESTART_AGAIN, .delay_ms = 1600};
	const struct restart_verdict spent = {.decision = RESTART_FAIL, .exhausted = true};
	const struct restart_verdict final = {.decision = RESTART_FAIL};
	struct restart_history history = {.restarts = 3};
	char text[REASON_MAX];

	reason_verdict("exited 1", &again, &history, text, sizeof(text));
	assert_string_equal(text, "exited 1, restart in 1.6s");
	reason_verdict("exited 1", &spent, &history, text, sizeof(text));
	assert_string_equal(text, "exited 1, gave up after 3 restarts");
	history.restarts = 1;
	reason_verdict("exited 1", &spent, &history, text, sizeof(text));
	assert_string_equal(text, "exited 1, gave up after 1 restart");
	reason_verdict("exited 1", &final, &history, text, sizeof(text));
	assert_string_equal(text, "exited 1");
}

static void a_crash_loop_is_told_with_its_length(void **unused)
{
	(void)unused;
	const struct restart_verdict again = {.decision = RESTART_AGAIN, .delay_ms = 12000};
	struct restart_history history = {
		.restarts = 6, .streak = 5, .granted_ms = {900, 1000, 2000, 4000, 20000, 41000}};
	char text[REASON_MAX];

	reason_verdict("exited 1", &again, &history, text, sizeof(text));
	assert_string_equal(text, "exited 1 (5 times in 40s), restart in 12s");
	history.streak = 4;
	reason_verdict("exited 1", &again, &history, text, sizeof(text));
	assert_string_equal(text, "exited 1, restart in 12s");
	history.restarts = 50;
	history.streak = RESTART_RING + 1;
	reason_verdict("exited 1", &again, &history, text, sizeof(text));
	assert_string_equal(text, "exited 1 (33 times), restart in 12s");
}

static void probes_are_counted_and_explained(void **unused)
{
	(void)unused;
	const struct run_end code = {.kind = RUN_END_EXITED, .code = 1};
	const struct run_end killed = {.kind = RUN_END_SIGNALLED, .signal = SIGKILL};
	char what[REASON_MAX];
	char text[REASON_MAX];

	reason_probe_end(&code, 0, what, sizeof(what));
	reason_probe(3, what, text, sizeof(text));
	assert_string_equal(text, "probe failed 3 times: exit 1");
	reason_probe_end(&killed, 5000, what, sizeof(what));
	reason_probe(1, what, text, sizeof(text));
	assert_string_equal(text, "probe failed 1 time: timed out after 5s");
	reason_probe_end(&killed, 0, what, sizeof(what));
	assert_string_equal(what, "killed by SIGKILL");
}

static void sizes_are_short(void **unused)
{
	(void)unused;
	const struct {
		int64_t bytes;
		const char *text;
	} cases[] = {
		{0, "0"},
		{512, "512"},
		{1023, "1023"},
		{1024, "1K"},
		{1536, "1.5K"},
		{64 * MIB, "64M"},
		{64 * MIB + 1, "64M"},
		{1536 * MIB, "1.5G"},
		{MIB - 1, "1M"},
		{1000000000, "953.7M"},
		{1024 * 1024 * MIB, "1T"},
		{INT64_MAX, "8E"},
	};
	char text[REASON_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		reason_bytes(cases[i].bytes, text, sizeof(text));
		assert_string_equal(text, cases[i].text);
	}
}

static void durations_are_those_of_manifests(void **unused)
{
	(void)unused;
	const struct {
		int64_t duration_ms;
		const char *text;
	} cases[] = {
		{0, "0ms"},	    {100, "100ms"},    {999, "999ms"},	  {1000, "1s"},
		{1600, "1.6s"},	    {9940, "9.9s"},    {9960, "10s"},	  {51200, "51s"},
		{59600, "1m"},	    {60000, "1m"},     {150000, "2m30s"}, {3600000, "1h"},
		{5400000, "1h30m"}, {86400000, "24h"},
	};
	char text[REASON_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		reason_duration(cases[i].duration_ms, text, sizeof(text));
		assert_string_equal(text, cases[i].text);
	}
}

static void a_small_buffer_is_filled_and_terminated(void **unused)
{
	(void)unused;
	const struct run_end end = {.kind = RUN_END_SIGNALLED, .signal = SIGKILL, .oom = true};
	char text[10];

	reason_run_end(&end, 64 * MIB, text, sizeof(text));
	assert_string_equal(text, "exited 13");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ends_are_told_in_words),
		cmocka_unit_test(verdicts_say_what_comes_next),
		cmocka_unit_test(a_crash_loop_is_told_with_its_length),
		cmocka_unit_test(probes_are_counted_and_explained),
		cmocka_unit_test(sizes_are_short),
		cmocka_unit_test(durations_are_those_of_manifests),
		cmocka_unit_test(a_small_buffer_is_filled_and_terminated),
	};

	return cmocka_run_group_tests_name("reason", tests, NULL, NULL);
}
