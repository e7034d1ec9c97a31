// SPDX-License-Identifier: GPL-2.0-or-later
/* What a service's present revision has changed, as people read it. */
#include "launcher/cli/describe.h"
#include "launcher/js.h"
#include "tests/unit/cmocka_all.h"

#include <string.h>

static void expect_change(const char *field, const char *from, const char *to, const char *wanted)
{
	autobuf struct buf out = {0};
	autojs struct json_t *about =
		js_pack("{s:s, s:s, s:{s:s, s:s, s:[{s:s, s:s, s:s}]}}", "service", "web", "state",
			"ready", "changed", "at", "now", "from", "abc", "fields", "field", field,
			"from", from, "to", to);

	assert_non_null(about);
	describe_service(&out, about);
	assert_false(out.failed);
	assert_non_null(strstr(out.data, wanted));
}

static void sizes_are_told_as_such(void **unused)
{
	(void)unused;
	expect_change("deploy.resources.limits.memory", "67108864", "100663296",
		      ": 64M \342\206\222 96M\n");
	expect_change("shm_size", "67108864", "1024", ": 64M \342\206\222 1K\n");
	expect_change("ulimits.memlock.soft", "-1", "1024", ": -1 \342\206\222 1K\n");
}

static void other_numbers_stay_what_they_are(void **unused)
{
	(void)unused;
	expect_change("labels.member_id", "5", "6", "labels.member_id: 5 \342\206\222 6\n");
	expect_change("labels.memory", "5", "6", "labels.memory: 5 \342\206\222 6\n");
	expect_change("annotations.shm_size", "5", "6", "shm_size: 5 \342\206\222 6\n");
	expect_change("mem_swappiness", "5", "6", "mem_swappiness: 5 \342\206\222 6\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes_are_told_as_such),
		cmocka_unit_test(other_numbers_stay_what_they_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
