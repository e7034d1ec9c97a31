// SPDX-License-Identifier: GPL-2.0-or-later
#include "runtime/base/cleanup.h"
#include "runtime/cgroup/cg_file.h"
#include "tests/unit/cmocka_all.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static char dir_path[] = "/tmp/davit-test-cg-file-XXXXXX";
static int dir = -1;

/* Ordinary files stand in for control files. */
static void put(const char *file, const char *text)
{
	autoclose int fd = openat(dir, file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

static int set_up(void **unused)
{
	if (!mkdtemp(dir_path))
		return -1;
	dir = open(dir_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return dir < 0 ? -1 : mkdirat(dir, "web-1", 0700);
}

static int tear_down(void **unused)
{
	static const char *const names[] = {"web-1/value", "web-1/link"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		(void)unlinkat(dir, names[i], 0);
	(void)unlinkat(dir, "web-1", AT_REMOVEDIR);
	fd_drop(&dir);
	return rmdir(dir_path);
}

static void a_key_is_found_at_the_beginning_of_its_line_only(void **unused)
{
	static const char text[] = "low 0\noom 3\noom_kill 2\noom_group_kill 9\n";

	assert_int_equal(cg_text_key(text, "oom_kill"), 2);
	assert_int_equal(cg_text_key(text, "oom"), 3);
	assert_int_equal(cg_text_key(text, "low"), 0);
	assert_int_equal(cg_text_key(text, "kill"), 0);
	assert_int_equal(cg_text_key("", "oom"), 0);
	assert_int_equal(cg_text_key("oom", "oom"), 0);
}

static void a_number_is_read(void **unused)
{
	uint64_t value = 0;

	put("web-1/value", "18446744073709551615\n");
	assert_int_equal(cg_file_u64(dir, "web-1", "value", &value, NULL), 0);
	assert_true(value == UINT64_MAX);
}

static void what_is_no_number_is_refused_and_named(void **unused)
{
	static const char *const bad[] = {"", "max\n", "99999999999999999999\n"};
	uint64_t value = 7;
	struct err err = {0};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		put("web-1/value", bad[i]);
		assert_int_equal(cg_file_u64(dir, "web-1", "value", &value, &err), -EINVAL);
		assert_string_equal(err.text, "cgroup: 'web-1/value' holds no number");
		assert_int_equal(value, 7);
	}
}

static void a_long_file_is_cut_and_terminated(void **unused)
{
	struct cg_text text;
	char bytes[6000];

	memset(bytes, 'x', sizeof(bytes) - 1);
	bytes[sizeof(bytes) - 1] = '\0';
	put("web-1/value", bytes);
	assert_int_equal(cg_file_read(dir, "web-1", "value", &text, NULL), 0);
	assert_int_equal(strlen(text.bytes), sizeof(text.bytes) - 1);
}

static void a_missing_file_and_a_link_are_refused(void **unused)
{
	struct err err = {0};

	assert_int_equal(cg_file_write(dir, "web-1", "none", "1", &err), -ENOENT);
	assert_string_equal(err.text, "cgroup: open 'web-1/none': No such file or directory");
	assert_int_equal(symlinkat("value", dir, "web-1/link"), 0);
	assert_int_equal(cg_file_write(dir, "web-1", "link", "1", NULL), -ELOOP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_key_is_found_at_the_beginning_of_its_line_only),
		cmocka_unit_test(a_number_is_read),
		cmocka_unit_test(what_is_no_number_is_refused_and_named),
		cmocka_unit_test(a_long_file_is_cut_and_terminated),
		cmocka_unit_test(a_missing_file_and_a_link_are_refused),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
