// SPDX-License-Identifier: GPL-2.0-or-later
#include "launcher/cli/watch.h"
#include "runtime/base/cleanup.h"
#include "tests/unit/cmocka_all.h"

#include <errno.h>
#include <string.h>

static void note(void *context, const struct watch_instance *instance, const char *old_state)
{
	buf_printf(context, "%s:%s>%s:%s|", instance->name, old_state ? old_state : "",
		   instance->state, instance->reason ? instance->reason : "");
}

static int apply(struct watch *watch, const char *text)
{
	autojs struct json_t *line = NULL;
	struct err err = {0};

	assert_int_equal(js_parse(text, strlen(text), &line, &err), 0);
	return watch_apply(watch, line, &err);
}

static void changes_are_reported_once(void **unused)
{
	autobuf struct buf seen = {0};
	autowatch struct watch watch = {.stream.fd = -1, .report = note, .context = &seen};

	assert_int_equal(apply(&watch, "{\"type\":\"snapshot\",\"idle\":false,\"services\":[],"
				       "\"instances\":[{\"instance\":\"web-1\",\"service\":\"web\","
				       "\"state\":\"starting\",\"reason\":null}]}"),
			 0);
	assert_true(watch.seen);
	assert_false(watch.idle);
	assert_int_equal(apply(&watch,
			       "{\"type\":\"instance\",\"instance\":{\"instance\":\"web-1\","
			       "\"service\":\"web\",\"state\":\"ready\"}}"),
			 0);
	assert_int_equal(apply(&watch,
			       "{\"type\":\"instance\",\"instance\":{\"instance\":\"web-1\","
			       "\"service\":\"web\",\"state\":\"ready\"}}"),
			 0);
	assert_int_equal(apply(&watch, "{\"type\":\"idle\",\"idle\":true}"), 0);
	assert_true(watch.idle);
	assert_int_equal(watch.count, 1);
	assert_int_equal(apply(&watch,
			       "{\"type\":\"instance\",\"instance\":{\"instance\":\"web-1\","
			       "\"state\":\"removed\",\"reason\":\"scaled down\"}}"),
			 0);
	assert_int_equal(watch.count, 0);
	assert_string_equal(seen.data, "web-1:>starting:|web-1:starting>ready:|"
				       "web-1:ready>removed:scaled down|");
}

static void malformed_news_are_refused_and_unknown_ones_ignored(void **unused)
{
	autowatch struct watch watch = {.stream.fd = -1};

	assert_int_equal(apply(&watch, "{}"), -EBADMSG);
	assert_int_equal(apply(&watch, "[]"), -EBADMSG);
	assert_int_equal(apply(&watch, "{\"type\":7}"), -EBADMSG);
	assert_int_equal(apply(&watch, "{\"type\":\"instance\"}"), -EBADMSG);
	assert_int_equal(apply(&watch, "{\"type\":\"instance\",\"instance\":{\"instance\":\"a\"}}"),
			 -EBADMSG);
	assert_int_equal(apply(&watch, "{\"type\":\"weather\"}"), 0);
	assert_int_equal(watch.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(changes_are_reported_once),
		cmocka_unit_test(malformed_news_are_refused_and_unknown_ones_ignored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
