// SPDX-License-Identifier: GPL-2.0-or-later
#include "launcher/cli/progress.h"
#include "launcher/cli/repaint.h"
#include "runtime/base/cleanup.h"
#include "tests/unit/cmocka_all.h"

#include <string.h>

static void apply(struct watch *watch, const char *text)
{
	autojs struct json_t *line = NULL;
	struct err err = {0};

	assert_int_equal(js_parse(text, strlen(text), &line, &err), 0);
	assert_int_equal(watch_apply(watch, line, &err), 0);
}

#define INSTANCE(service, number, state, reason)                                                   \
	"{\"instance\":\"" service "-" number "\",\"service\":\"" service "\",\"state\":\"" state  \
	"\",\"reason\":" reason "}"

static void watch_shop(struct watch *watch)
{
	apply(watch, "{\"type\":\"snapshot\",\"idle\":false,\"instances\":[" INSTANCE(
			     "db", "1", "ready",
			     "null") "," INSTANCE("web", "1", "ready",
						  "\"said so\"") "," INSTANCE("web", "2", "backoff",
									      "\"exited 1\"") "]}");
}

static void each_service_has_a_line(void **unused)
{
	autowatch struct watch watch = {.stream = CLIENT_NO_STREAM};
	autobuf struct buf out = {0};

	(void)unused;
	watch_shop(&watch);
	progress_lines(&watch, NULL, &out);
	assert_string_equal(out.data, "db   1 ready\nweb  1 ready, 1 backoff: exited 1\n");
}

static void services_are_told_by_name_however_they_came(void **unused)
{
	autowatch struct watch watch = {.stream = CLIENT_NO_STREAM};
	autobuf struct buf out = {0};

	(void)unused;
	apply(&watch, "{\"type\":\"snapshot\",\"idle\":false,\"instances\":[" INSTANCE(
			      "web", "1", "failed", "\"first\"") "," INSTANCE("db", "1", "ready",
									      "null") "]}");
	apply(&watch, "{\"type\":\"instance\",\"instance\":" INSTANCE("web", "2", "failed",
								      "\"second\"") "}");
	progress_lines(&watch, NULL, &out);
	assert_string_equal(out.data, "db   1 ready\nweb  2 failed: first\n");
}

static void services_that_are_not_meant_are_left_out(void **unused)
{
	static const char *const services[] = {"db", NULL};
	autowatch struct watch watch = {.stream = CLIENT_NO_STREAM};
	autobuf struct buf out = {0};
	autobuf struct buf summary = {0};

	(void)unused;
	watch_shop(&watch);
	progress_lines(&watch, services, &out);
	assert_string_equal(out.data, "db  1 ready\n");
	progress_summary(&watch, services, 2100, &summary);
	assert_string_equal(summary.data, "1 ready after 2.10s");
}

static void a_summary_counts_all(void **unused)
{
	autowatch struct watch watch = {.stream = CLIENT_NO_STREAM};
	autobuf struct buf out = {0};
	autobuf struct buf none = {0};

	(void)unused;
	progress_summary(&watch, NULL, 10, &none);
	assert_string_equal(none.data, "no instances after 0.01s");
	watch_shop(&watch);
	progress_summary(&watch, NULL, 61000, &out);
	assert_string_equal(out.data, "2 ready, 1 backoff after 1m1s");
}

static void a_reason_cannot_command_a_terminal(void **unused)
{
	autowatch struct watch watch = {.stream = CLIENT_NO_STREAM};
	autobuf struct buf out = {0};

	(void)unused;
	apply(&watch, "{\"type\":\"snapshot\",\"idle\":false,\"instances\":[" INSTANCE(
			      "db", "1", "failed", "\"\\u001b[2J\"") "]}");
	progress_lines(&watch, NULL, &out);
	assert_string_equal(out.data, "db  1 failed: \\x1b[2J\n");
}

static void a_block_takes_the_place_of_the_last(void **unused)
{
	const struct repaint_size size = {.rows = 10, .cols = 6};
	autobuf struct buf first = {0};
	autobuf struct buf second = {0};
	size_t lines = 0;

	(void)unused;
	repaint_block(&first, "one\ntwo\n", size, &lines);
	assert_string_equal(first.data, "\rone\033[K\ntwo\033[K\n\033[J");
	assert_int_equal(lines, 2);
	repaint_block(&second, "déjà vu\n", size, &lines);
	assert_string_equal(second.data, "\033[2A\rdéjà v\033[K\n\033[J");
	assert_int_equal(lines, 1);
}

static void a_block_is_not_higher_than_the_terminal(void **unused)
{
	autobuf struct buf out = {0};
	size_t lines = 0;

	(void)unused;
	repaint_block(&out, "a\nb\nc\nd\n", (struct repaint_size){.rows = 4}, &lines);
	assert_string_equal(out.data, "\ra\033[K\nb\033[K\n… 2 more\033[K\n\033[J");
	assert_int_equal(lines, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_service_has_a_line),
		cmocka_unit_test(services_are_told_by_name_however_they_came),
		cmocka_unit_test(services_that_are_not_meant_are_left_out),
		cmocka_unit_test(a_summary_counts_all),
		cmocka_unit_test(a_reason_cannot_command_a_terminal),
		cmocka_unit_test(a_block_takes_the_place_of_the_last),
		cmocka_unit_test(a_block_is_not_higher_than_the_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
