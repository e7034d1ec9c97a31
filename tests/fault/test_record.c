// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is written down of an instance, and read, while an allocation fails is the whole of it or
 * nothing: half of a record would cost a running instance its address, its end or its life. Tries
 * every allocation.
 */
#include "launcher/supervisor/record.h"
#include "runtime/base/cleanup.h"
#include "tests/fault/alloc.h"
#include "tests/unit/cmocka_all.h"

#include <errno.h>
#include <string.h>

static char front[] = "front", back[] = "a network with a longer name";
static struct record_link links[] = {{front, {0x0200000a}, "dv00000001"},
				     {back, {0x0300000a}, "dv00000002"}};
static const struct record whole = {
	.name = "web-2",
	.revision = "0123456789abcdef0123456789abcdef",
	.index = 2,
	.plan = 7,
	.run = 12,
	.pid = 4711,
	.start_ticks = 987654321012345678,
	.netns = 4026533000,
	.links = links,
	.link_count = 2,
	.pipes = {11, 12},
	.notify = "a-socket-with-a-name-of-some-length",
	.state = INSTANCE_UNREADY,
	.reason = "probe failed 3 times: \xff",
	.history = {.restarts = 5, .seed = 0x7edcba9876543210, .granted_ms = {1, 2, 3}},
	.has_end = true,
	.end_kind = RUN_END_SIGNALLED,
	.end_why = "killed by SIGKILL",
	.vitals = {.set = true, .count = 2, .of = {{HEALTH_UNHEALTHY, 3, 4, 5}, {0}}},
};

/* NULL where memory lacks. */
static char *text_of(const struct record *record)
{
	autojs struct json_t *json = record_to_text(record);
	autobuf struct buf text = {0};

	if (!json || js_print(json, 0, &text, NULL) < 0)
		return NULL;
	return buf_take(&text);
}

static int read_back(const char *text, struct record *ret)
{
	autojs struct json_t *json = NULL;
	int r = js_parse(text, strlen(text), &json, NULL);

	return r < 0 ? r : record_from_text(json, ret, NULL);
}

static void a_text_has_all_of_it_or_is_none(void **unused)
{
	autofree char *usual = text_of(&whole);
	bool failed = true;

	assert_non_null(usual);
	for (uint64_t nth = 1; failed; nth++) {
		alloc_arm(nth);
		autofree char *text = text_of(&whole);

		failed = alloc_disarm() > 0;
		if (text && strcmp(text, usual) != 0)
			fail_msg("allocation %d: %s", (int)nth, text);
	}
}

static void a_record_is_read_whole_or_not_at_all(void **unused)
{
	autofree char *usual = text_of(&whole);
	bool failed = true;

	for (uint64_t nth = 1; failed; nth++) {
		autorecord struct record record = {0};

		alloc_arm(nth);
		int r = read_back(usual, &record);

		failed = alloc_disarm() > 0;
		autofree char *again = r == 0 ? text_of(&record) : NULL;

		if (r == 0 ? strcmp(again, usual) != 0 : r != -ENOMEM)
			fail_msg("allocation %d: %d %s", (int)nth, r, again);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_text_has_all_of_it_or_is_none),
		cmocka_unit_test(a_record_is_read_whole_or_not_at_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
