// SPDX-License-Identifier: GPL-2.0-or-later
/* The lines of events are an interface: what is here is what others parse. */
#include "launcher/js.h"
#include "launcher/supervisor/event.h"
#include "tests/unit/cmocka_all.h"

#include <string.h>

#define AT                                                                                         \
	{                                                                                          \
		.tv_sec = 1769903999, .tv_nsec = 5000000                                           \
	}

static void expect(struct event *event, const char *wanted)
{
	autobuf struct buf line = {0};

	event_print(event, &line);
	assert_int_equal(line.failed, false);
	assert_string_equal(line.data, wanted);
	js_free(event->attributes);
}

static void an_event_of_an_instance_says_what_why_and_after_what(void **unused)
{
	struct event event = {
		.seq = 12,
		.at = AT,
		.type = "instance",
		.action = "die",
		.service = "web",
		.instance = "web-1",
		.state = "ready",
		.reason = "exited 137 (out of memory, limit 64M)",
		.cause = 11,
		.attributes = js_pack("{s:{s:i}, s:b}", "exit", "code", 137, "oom", 1),
	};

	expect(&event, "{\"schema\":1,\"seq\":12,\"time\":\"2026-01-31T23:59:59.005000000Z\","
		       "\"type\":\"instance\",\"action\":\"die\",\"service\":\"web\","
		       "\"instance\":\"web-1\",\"state\":\"ready\","
		       "\"reason\":\"exited 137 (out of memory, limit 64M)\",\"cause\":11,"
		       "\"attributes\":{\"exit\":{\"code\":137},\"oom\":true}}\n");
}

static void what_does_not_apply_is_not_there(void **unused)
{
	struct event event = {.seq = 1, .at = AT, .type = "command", .action = "up"};

	expect(&event, "{\"schema\":1,\"seq\":1,\"time\":\"2026-01-31T23:59:59.005000000Z\","
		       "\"type\":\"command\",\"action\":\"up\"}\n");
}

static void a_reason_is_one_line_of_utf8_whatever_it_was(void **unused)
{
	struct event event = {.seq = 2,
			      .at = AT,
			      .type = "instance",
			      .action = "health",
			      .reason = "a\nb\xff\x1b"};

	expect(&event, "{\"schema\":1,\"seq\":2,\"time\":\"2026-01-31T23:59:59.005000000Z\","
		       "\"type\":\"instance\",\"action\":\"health\","
		       "\"reason\":\"a\\nb?\\u001B\"}\n");
}

static void a_line_has_bounds(void **unused)
{
	char reason[6000];
	struct event event = {.seq = 3, .at = AT, .type = "service", .action = "change"};
	autobuf struct buf line = {0};

	(void)unused;
	memset(reason, 1, sizeof(reason));
	reason[sizeof(reason) - 1] = 0;
	event.reason = "short";
	event.attributes = js_pack("{s:s}", "long", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
	event_print_within(&event, 4096, &line);
	assert_non_null(strstr(line.data, "\"attributes\""));
	line.len = 0;
	event_print_within(&event, 150, &line);
	assert_null(strstr(line.data, "\"attributes\""));
	assert_non_null(strstr(line.data, "\"reason\":\"short\"}\n"));
	line.len = 0;
	event.reason = reason;
	event_print_within(&event, 4096, &line);
	assert_false(line.failed);
	assert_in_range(line.len, 3000, 4096);
	assert_string_equal(line.data + line.len - 9, "\\u0001\"}\n");
	js_free(event.attributes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_event_of_an_instance_says_what_why_and_after_what),
		cmocka_unit_test(what_does_not_apply_is_not_there),
		cmocka_unit_test(a_reason_is_one_line_of_utf8_whatever_it_was),
		cmocka_unit_test(a_line_has_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
