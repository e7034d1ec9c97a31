// SPDX-License-Identifier: GPL-2.0-or-later
/* What is written down of an instance comes back as it was. */
#include "launcher/supervisor/record.h"
#include "runtime/base/cleanup.h"
#include "tests/unit/cmocka_all.h"

#include <errno.h>
#include <string.h>

static char *text_of(const struct record *record)
{
	autojs struct json_t *json = record_to_text(record);
	struct buf text = {0};

	assert_non_null(json);
	assert_int_equal(js_print(json, 0, &text, NULL), 0);
	return buf_take(&text);
}

static int read_back(const char *text, struct record *ret)
{
	autojs struct json_t *json = NULL;
	struct err err = {0};

	assert_int_equal(js_parse(text, strlen(text), &json, &err), 0);
	return record_from_text(json, ret, &err);
}

static const struct record_vitals vitals = {
	.set = true,
	.started = true,
	.said_ready = true,
	.awaits_listener = true,
	.watchdog_ms = 7,
	.count = 1,
	.of = {{HEALTH_UNHEALTHY, 3, 4, 5}},
};

static void everything_comes_back(void **unused)
{
	(void)unused;
	char network[] = "front";
	struct record_link link = {network, {0x0200000a}, .outer = "dv00000001"};
	struct record record = {
		.name = "web-2",
		.revision = "abc",
		.index = 2,
		.plan = 7,
		.run = 12,
		.attached = true,
		.pid = 4711,
		.start_ticks = 987654321012,
		.netns = 4026533000,
		.links = &link,
		.link_count = 1,
		.pipes = {11, 12},
		.terminal = true,
		.notify = "davit-notify-1",
		.state = INSTANCE_UNREADY,
		.reason = "probe failed 3 times: exit 1",
		.replace = true,
		.started = true,
		.unhealthy = true,
		.draining = true,
		.history = {.restarts = 5,
			    .streak = 2,
			    .doublings = 3,
			    .seed = 0xfedcba9876543210,
			    .granted_ms = {1, 2, 3}},
		.deadline_ms = 123456,
		.grace_ms = 5000,
		.begun_us = 41,
		.started_ms = 42,
		.placed_ms = 43,
		.started_at = {1700000000, 999999999},
		.has_end = true,
		.ended = true,
		.end_kind = RUN_END_SIGNALLED,
		.end_signal = 9,
		.end_oom = true,
		.end_why = "killed by SIGKILL",
		.vitals = vitals,
	};
	autorecord struct record back = {0};
	autofree char *text = text_of(&record);

	assert_int_equal(read_back(text, &back), 0);
	autofree char *again = text_of(&back);

	assert_string_equal(text, again);
	assert_int_equal(back.history.seed, record.history.seed);
	assert_int_equal(back.started_at.tv_nsec, 999999999);
	assert_int_equal(back.vitals.of[0].status, HEALTH_UNHEALTHY);
	assert_int_equal(back.links[0].address.s_addr, link.address.s_addr);
}

static void an_instance_of_which_little_is_known_does_too(void **unused)
{
	(void)unused;
	const struct record record = {.name = "web-1", .index = 1, .grace_ms = -1};
	autorecord struct record back = {0};
	autofree char *text = text_of(&record);

	assert_int_equal(read_back(text, &back), 0);
	assert_false(back.has_end);
	assert_false(back.vitals.set);
	assert_int_equal(back.link_count, 0);
	assert_int_equal(back.grace_ms, -1);
}

static void what_is_missing_or_senseless_is_nothing(void **unused)
{
	(void)unused;
	autorecord struct record back = {0};

	assert_int_equal(read_back("{\"instance\":\"web-1\",\"index\":1,\"process\":{\"pid\":-5,"
				   "\"links\":[5,{\"network\":\"x\"}],\"pipes\":\"x\"},"
				   "\"life\":{\"state\":\"nonsense\"},\"history\":[],"
				   "\"end\":{\"kind\":99},\"vitals\":{\"of\":[{\"status\":77}]}}",
				   &back),
			 0);
	assert_int_equal(back.pid, 0);
	assert_int_equal(back.link_count, 0);
	assert_int_equal(back.state, INSTANCE_WAITING);
	assert_int_equal(back.end_kind, RUN_END_UNKNOWN);
	assert_int_equal(back.vitals.of[0].status, HEALTH_STARTING);
	record_free(&back);
	/* Taken for an int it would be that of a group of processes. */
	assert_int_equal(read_back("{\"instance\":\"web-1\",\"index\":1,"
				   "\"process\":{\"pid\":4294962296}}",
				   &back),
			 0);
	assert_int_equal(back.pid, 0);
}

static void a_record_of_nobody_is_refused(void **unused)
{
	(void)unused;
	autorecord struct record back = {0};

	assert_int_equal(read_back("{}", &back), -EBADMSG);
	assert_int_equal(read_back("{\"instance\":\"web-1\"}", &back), -EBADMSG);
	assert_int_equal(read_back("[]", &back), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_comes_back),
		cmocka_unit_test(an_instance_of_which_little_is_known_does_too),
		cmocka_unit_test(what_is_missing_or_senseless_is_nothing),
		cmocka_unit_test(a_record_of_nobody_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
