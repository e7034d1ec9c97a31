// SPDX-License-Identifier: GPL-2.0-or-later
#include "runtime/base/fs.h"
#include "tests/unit/cmocka_all.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char top[64];
static char path[160];

static const char *below(const char *name)
{
	snprintf(path, sizeof(path), "%s/%s", top, name);
	return path;
}

static int make_top(void **unused)
{
	strcpy(top, "/tmp/davit-test-fs.XXXXXX");
	return mkdtemp(top) ? 0 : -1;
}

static int remove_top(void **unused)
{
	return fs_remove_tree(top, NULL);
}

static void what_is_written_is_read(void **unused)
{
	char *text = NULL;
	size_t len = 0;

	assert_int_equal(fs_write_atomic(below("a"), "one\0two", 7, 0600, NULL), 0);
	assert_int_equal(fs_read(path, 7, &text, &len, NULL), 0);
	assert_int_equal(len, 7);
	assert_memory_equal(text, "one\0two", 8);
	free(text);
	assert_int_equal(access(below("a.new"), F_OK), -1);
}

static void a_longer_file_than_allowed_is_refused(void **unused)
{
	struct err err = {0};
	char *text = NULL;

	assert_int_equal(fs_write_atomic(below("a"), "12345678", 8, 0600, NULL), 0);
	assert_int_equal(fs_read(path, 7, &text, NULL, &err), -EFBIG);
	assert_null(text);
}

static void a_fifo_is_refused_without_waiting(void **unused)
{
	char *text = NULL;

	assert_int_equal(mkfifo(below("fifo"), 0600), 0);
	assert_int_equal(fs_read(path, 10, &text, NULL, NULL), -EINVAL);
}

static void a_file_of_proc_is_read_whole(void **unused)
{
	char *text = NULL;
	size_t len = 0;

	assert_int_equal(fs_read("/proc/self/status", 1 << 20, &text, &len, NULL), 0);
	assert_non_null(strstr(text, "Threads:"));
	free(text);
}

static void rewriting_keeps_the_inode_and_cuts_the_rest(void **unused)
{
	struct stat before;
	struct stat after;

	assert_int_equal(fs_rewrite(below("a"), "long text", 9, 0644, NULL), 0);
	assert_int_equal(stat(path, &before), 0);
	assert_int_equal(fs_rewrite(path, "short", 5, 0644, NULL), 0);
	assert_int_equal(stat(path, &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	assert_int_equal(after.st_size, 5);
}

static void removing_never_follows_a_link(void **unused)
{
	char tree[200];

	assert_int_equal(fs_write_atomic(below("kept"), "x", 1, 0600, NULL), 0);
	assert_int_equal(fs_make_dirs(below("tree/a/b"), 0755, NULL), 0);
	snprintf(tree, sizeof(tree), "%s/tree/a/link", top);
	assert_int_equal(symlink(top, tree), 0);
	assert_int_equal(fs_remove_tree(below("tree"), NULL), 0);
	assert_int_equal(access(below("tree"), F_OK), -1);
	assert_int_equal(access(below("kept"), F_OK), 0);
}

static void removing_what_is_missing_is_success(void **unused)
{
	assert_int_equal(fs_remove_tree(below("nothing/here"), NULL), 0);
	assert_int_equal(fs_remove_tree("/", NULL), -EINVAL);
}

static void a_file_in_the_way_of_a_directory_is_an_error(void **unused)
{
	struct err err = {0};

	assert_int_equal(fs_write_atomic(below("a"), "x", 1, 0600, NULL), 0);
	assert_int_equal(fs_make_dirs(below("a/b"), 0755, &err), -ENOTDIR);
	assert_int_equal(fs_make_dirs(below("a"), 0755, &err), -ENOTDIR);
}

static void a_directory_of_our_own_is_made_and_made_private(void **unused)
{
	struct stat st;

	assert_int_equal(fs_make_own_dir(below("a/b"), 0700, NULL), 0);
	assert_int_equal(chmod(path, 0777), 0);
	assert_int_equal(fs_make_own_dir(path, 0750, NULL), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0750);
	/* It may be looser than it has to be, and is left so. */
	assert_int_equal(fs_make_own_dir(path, 0755, NULL), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0750);
}

static void a_directory_that_others_have_made_or_can_exchange_is_refused(void **unused)
{
	struct err err = {0};

	if (geteuid() != 0)
		skip(); /* files of another user are needed */
	assert_int_equal(mkdir(below("theirs"), 0700), 0);
	assert_int_equal(chown(path, 65534, 0), 0);
	assert_int_equal(fs_make_own_dir(path, 0700, &err), -EPERM);
	assert_non_null(strstr(err.text, "theirs' belongs to user 65534"));
	assert_int_equal(fs_make_own_dir(below("theirs/below"), 0700, &err), -EPERM);
	assert_int_equal(symlink(".", below("link")), 0);
	assert_int_equal(fs_make_own_dir(path, 0755, &err), 0);
	assert_int_equal(lchown(path, 65534, 0), 0);
	assert_int_equal(fs_make_own_dir(path, 0755, &err), -EPERM);
	assert_int_equal(mkdir(below("open"), 0700), 0);
	assert_int_equal(chmod(path, 0777), 0);
	assert_int_equal(fs_make_own_dir(below("open/ours"), 0700, &err), -EPERM);
	assert_non_null(strstr(err.text, "open' can be changed by other users"));
	assert_int_equal(chmod(below("open"), 01777), 0);
	assert_int_equal(fs_make_own_dir(below("open/ours"), 0700, &err), 0);
}

#define with_top(test) cmocka_unit_test_setup_teardown(test, make_top, remove_top)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_top(what_is_written_is_read),
		with_top(a_longer_file_than_allowed_is_refused),
		with_top(a_fifo_is_refused_without_waiting),
		with_top(a_file_of_proc_is_read_whole),
		with_top(rewriting_keeps_the_inode_and_cuts_the_rest),
		with_top(removing_never_follows_a_link),
		with_top(removing_what_is_missing_is_success),
		with_top(a_directory_of_our_own_is_made_and_made_private),
		with_top(a_directory_that_others_have_made_or_can_exchange_is_refused),
		with_top(a_file_in_the_way_of_a_directory_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
