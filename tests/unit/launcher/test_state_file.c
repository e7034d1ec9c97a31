// SPDX-License-Identifier: GPL-2.0-or-later
/* Files for a successor: whole, or not taken for one. */
#include "launcher/supervisor/state_file.h"
#include "runtime/base/cleanup.h"
#include "tests/unit/cmocka_all.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char path[] = "/tmp/davit-test-XXXXXX";

static int make_path(void **unused)
{
	(void)unused;
	int fd = mkstemp(path);

	if (fd < 0)
		return -1;
	close(fd);
	return 0;
}

static int remove_path(void **unused)
{
	(void)unused;
	return unlink(path);
}

static void put(const char *bytes, size_t len)
{
	autofile FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, len, file), len);
}

static size_t get(char *bytes, size_t room)
{
	autofile FILE *file = fopen(path, "re");

	assert_non_null(file);
	return fread(bytes, 1, room, file);
}

static int read_back(char **bytes, struct err *err)
{
	size_t len = 0;

	*bytes = NULL;
	return state_file_read(path, "thing", bytes, &len, err);
}

static void what_is_written_is_read(void **unused)
{
	(void)unused;
	autofree char *bytes = NULL;
	size_t len = 0;

	assert_int_equal(state_file_write(path, "thing", "a\0b\n", 4, NULL), 0);
	assert_int_equal(state_file_read(path, "thing", &bytes, &len, NULL), 0);
	assert_int_equal(len, 4);
	assert_memory_equal(bytes, "a\0b\n", 5);
}

static void nothing_may_be_in_it(void **unused)
{
	(void)unused;
	autofree char *bytes = NULL;

	assert_int_equal(state_file_write(path, "thing", "", 0, NULL), 0);
	assert_int_equal(read_back(&bytes, NULL), 0);
	assert_string_equal(bytes, "");
}

static void every_cut_and_every_changed_byte_is_noticed(void **unused)
{
	(void)unused;
	char whole[512];
	char changed[512];
	struct err err = {0};

	assert_int_equal(state_file_write(path, "thing", "what it holds", 13, NULL), 0);
	size_t len = get(whole, sizeof(whole));

	for (size_t i = 0; i < len; i++) {
		char *bytes = NULL;

		put(whole, i);
		assert_int_equal(read_back(&bytes, &err), -EBADMSG);
		memcpy(changed, whole, len);
		changed[i] ^= 1;
		put(changed, len);
		int r = read_back(&bytes, &err);

		/* A changed version number may be that of a newer one; white space is all alike. */
		if (r == 0)
			assert_string_equal(bytes, "what it holds");
		else
			assert_true(r == -EBADMSG || r == -EPROTONOSUPPORT);
		free(bytes);
	}
}

static void another_kind_is_refused(void **unused)
{
	(void)unused;
	struct err err = {0};
	char *bytes = NULL;

	assert_int_equal(state_file_write(path, "other", "x", 1, NULL), 0);
	assert_int_equal(read_back(&bytes, &err), -EBADMSG);
}

static void a_newer_one_is_refused_as_such(void **unused)
{
	(void)unused;
	static const char newer[] = "davit thing 99 whatever comes then\n???";
	struct err err = {0};
	char *bytes = NULL;

	put(newer, strlen(newer));
	assert_int_equal(read_back(&bytes, &err), -EPROTONOSUPPORT);
	assert_non_null(strstr(err.text, "newer davit"));
}

static void a_file_that_is_not_there_or_cannot_be_written_is_told(void **unused)
{
	(void)unused;
	struct err err = {0};
	char *bytes = NULL;
	size_t len;

	assert_int_equal(state_file_read("/tmp/davit-test-none/x", "thing", &bytes, &len, &err),
			 -ENOENT);
	assert_int_equal(state_file_write("/tmp/davit-test-none/x", "thing", "x", 1, &err),
			 -ENOENT);
	assert_int_equal(state_file_write("/dev/full/x", "thing", "x", 1, &err), -ENOTDIR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(nothing_may_be_in_it),
		cmocka_unit_test(every_cut_and_every_changed_byte_is_noticed),
		cmocka_unit_test(another_kind_is_refused),
		cmocka_unit_test(a_newer_one_is_refused_as_such),
		cmocka_unit_test(a_file_that_is_not_there_or_cannot_be_written_is_told),
	};

	return cmocka_run_group_tests(tests, make_path, remove_path);
}
