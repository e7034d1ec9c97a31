// SPDX-License-Identifier: GPL-2.0-or-later
/* Files of a run's own: what they hold, whose they are, and that nobody can change them. */
#include "runtime/base/cleanup.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/runtime/sandbox.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct sandbox box;
static char *argv[4];
static struct container_config config;

static int make_box(void **unused)
{
	(void)unused;
	sandbox_make(&box);
	return 0;
}

static int remove_box(void **unused)
{
	(void)unused;
	sandbox_remove(&box);
	return 0;
}

static void run_with(const struct container_file *files, size_t count, const char *script,
		     struct outcome *outcome)
{
	config = sandbox_config(&box, argv, script);
	config.files = files;
	config.file_count = count;
	sandbox_run(&box, &config, outcome);
}

static void check(const struct container_file *files, size_t count, const char *script,
		  const char *out)
{
	struct outcome outcome;

	run_with(files, count, script, &outcome);
	if (outcome.prepared < 0 || outcome.started < 0)
		fail_msg("%s", outcome.fault.err.text);
	assert_string_equal(outcome.out, out);
}

#define FILE_AT(where, text)                                                                       \
	{                                                                                          \
		.target = (where), .bytes = (text), .len = sizeof(text) - 1, .uid = -1, .gid = -1, \
		.mode = 0444                                                                       \
	}

static void content_of_every_size_and_kind(void **unused)
{
	static char big[1 << 20];
	const struct container_file files[] = {
		FILE_AT("/a", "text\n"),
		FILE_AT("/deep/er/b", "x\0y"),
		FILE_AT("/run/secrets/empty", ""),
		{.target = "/tmp/big", .bytes = big, .len = sizeof(big), .mode = 0400},
	};

	(void)unused;
	check(files, ARRAY_SIZE(files),
	      "cat /a; od -An -c /deep/er/b; wc -c </run/secrets/empty; wc -c </tmp/big",
	      "text\n   x  \\0   y\n0\n1048576\n");
}

static void owner_and_mode_are_the_containers(void **unused)
{
	const struct container_file files[] = {
		{.target = "/a", .bytes = "", .uid = 5, .gid = 6, .mode = 0640},
		{.target = "/b", .bytes = "", .uid = -1, .gid = 7, .mode = 0777},
	};
	const char *script = "stat -c '%u:%g %a' /a /b";

	(void)unused;
	check(files, 2, script, "5:6 640\n0:7 777\n");
}

static void a_file_cannot_be_changed_nor_taken_away(void **unused)
{
	const struct container_file files[] = {FILE_AT("/a", "kept\n")};

	(void)unused;
	check(files, 1,
	      "(echo x >/a; rm -f /a; mv /a /b; busybox umount /a; chmod 777 /a) 2>/dev/null; cat "
	      "/a; grep -c '^files /a tmpfs ro,nosuid,nodev,noexec' /proc/mounts",
	      "kept\n1\n");
}

static void the_place_of_the_files_is_gone(void **unused)
{
	const struct container_file files[] = {FILE_AT("/a", "x")};

	(void)unused;
	check(files, 1, "ls -d /proc/self/status; grep -c files /proc/mounts",
	      "/proc/self/status\n1\n");
}

static void what_cannot_be_is_told_with_its_number(void **unused)
{
	const struct container_file files[] = {FILE_AT("/a", "x"), FILE_AT("/proc/b", "x")};
	struct outcome outcome;

	(void)unused;
	run_with(files, 2, "true", &outcome);
	assert_int_equal(outcome.prepared, -EINVAL);
	assert_int_equal(outcome.fault.item, CONTAINER_ITEM_FILE);
	assert_int_equal(outcome.fault.index, 1);
	assert_string_equal(outcome.fault.err.text, "nothing may be mounted on /proc/b");
}

static void ids_that_a_container_does_not_have_are_shared_with_the_host(void **unused)
{
	const struct container_file files[] = {
		{.target = "/a", .bytes = "", .uid = 3000000, .gid = 0, .mode = 0444}};

	(void)unused;
	check(files, 1, "stat -c %u /a", "3000000\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(content_of_every_size_and_kind),
		cmocka_unit_test(owner_and_mode_are_the_containers),
		cmocka_unit_test(a_file_cannot_be_changed_nor_taken_away),
		cmocka_unit_test(the_place_of_the_files_is_gone),
		cmocka_unit_test(what_cannot_be_is_told_with_its_number),
		cmocka_unit_test(ids_that_a_container_does_not_have_are_shared_with_the_host),
	};
	const char *missing = sandbox_missing();

	if (missing) {
		printf("skipped: %s\n", missing);
		return 77;
	}
	int failed = cmocka_run_group_tests_name("the host's ids", tests, make_box, remove_box);

	if (sandbox_own_ids())
		failed += cmocka_run_group_tests_name("own ids", tests, make_box, remove_box);
	return failed;
}
