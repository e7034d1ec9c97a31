// SPDX-License-Identifier: GPL-2.0-or-later
/* Copying trees of real files. */
#include "runtime/base/copy.h"
#include "runtime/base/fs.h"
#include "tests/unit/cmocka_all.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[] = "/tmp/davit-test-copy-XXXXXX";
static int from_fd, to_fd;

static int set_up(void **unused)
{
	(void)unused;
	strcpy(strrchr(dir, '-') + 1, "XXXXXX");
	assert_non_null(mkdtemp(dir));
	int dir_fd = open(dir, O_RDONLY | O_DIRECTORY);

	assert_int_equal(mkdirat(dir_fd, "from", 0751), 0);
	assert_int_equal(mkdirat(dir_fd, "to", 0700), 0);
	from_fd = openat(dir_fd, "from", O_RDONLY | O_DIRECTORY);
	to_fd = openat(dir_fd, "to", O_RDONLY | O_DIRECTORY);
	close(dir_fd);
	return 0;
}

static int tear_down(void **unused)
{
	(void)unused;
	close(from_fd);
	close(to_fd);
	return fs_remove_tree(dir, NULL);
}

static void put(const char *name, const char *text)
{
	int fd = openat(from_fd, name, O_WRONLY | O_CREAT | O_EXCL, 0640);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static struct stat stat_of(int fd, const char *name)
{
	struct stat st;

	assert_int_equal(fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW), 0);
	return st;
}

static void copy(void)
{
	struct err err = {0};

	if (copy_tree(from_fd, to_fd, &err) < 0)
		fail_msg("%s", err.text);
}

static void a_tree_is_copied_with_modes_and_times(void **unused)
{
	const struct timespec times[] = {{1000, 0}, {2000, 5}};
	char text[8] = "";

	(void)unused;
	assert_int_equal(mkdirat(from_fd, "sub", 0710), 0);
	put("sub/file", "hello");
	assert_int_equal(fchmodat(from_fd, "sub/file", 04604, 0), 0);
	assert_int_equal(utimensat(from_fd, "sub/file", times, 0), 0);
	assert_int_equal(utimensat(from_fd, "sub", times, 0), 0);
	copy();
	assert_int_equal(stat_of(to_fd, ".").st_mode, S_IFDIR | 0751);
	assert_int_equal(stat_of(to_fd, "sub").st_mode, S_IFDIR | 0710);
	assert_int_equal(stat_of(to_fd, "sub").st_mtim.tv_sec, 2000);
	assert_int_equal(stat_of(to_fd, "sub/file").st_mode, S_IFREG | 04604);
	assert_int_equal(stat_of(to_fd, "sub/file").st_mtim.tv_nsec, 5);
	int fd = openat(to_fd, "sub/file", O_RDONLY);

	assert_int_equal(read(fd, text, sizeof(text)), 5);
	assert_string_equal(text, "hello");
	close(fd);
}

static void names_of_one_file_stay_names_of_one_file(void **unused)
{
	(void)unused;
	put("a", "x");
	put("other", "x");
	assert_int_equal(mkdirat(from_fd, "sub", 0700), 0);
	assert_int_equal(linkat(from_fd, "a", from_fd, "b", 0), 0);
	assert_int_equal(linkat(from_fd, "a", from_fd, "sub/c", 0), 0);
	copy();
	assert_int_equal(stat_of(to_fd, "a").st_nlink, 3);
	assert_int_equal(stat_of(to_fd, "a").st_ino, stat_of(to_fd, "sub/c").st_ino);
	assert_int_equal(stat_of(to_fd, "other").st_nlink, 1);
}

static void a_hole_stays_a_hole(void **unused)
{
	(void)unused;
	put("sparse", "begin");
	int fd = openat(from_fd, "sparse", O_RDWR);

	assert_int_equal(pwrite(fd, "middle", 6, 256L << 20), 6);
	assert_int_equal(ftruncate(fd, 512L << 20), 0);
	close(fd);
	copy();
	struct stat st = stat_of(to_fd, "sparse");

	assert_int_equal(st.st_size, 512L << 20);
	assert_true(st.st_blocks < 1000);
	char text[7] = "";

	fd = openat(to_fd, "sparse", O_RDONLY);
	assert_int_equal(pread(fd, text, 6, 256L << 20), 6);
	assert_string_equal(text, "middle");
	close(fd);
}

static void links_are_copied_and_never_followed(void **unused)
{
	char target[32] = "";

	(void)unused;
	assert_int_equal(symlinkat("/etc/passwd", from_fd, "file"), 0);
	assert_int_equal(symlinkat("..", from_fd, "dir"), 0);
	assert_int_equal(symlinkat("nowhere", from_fd, "dangling"), 0);
	copy();
	assert_int_equal(readlinkat(to_fd, "file", target, sizeof(target)), 11);
	assert_string_equal(target, "/etc/passwd");
	assert_true(S_ISLNK(stat_of(to_fd, "dir").st_mode));
	assert_true(S_ISLNK(stat_of(to_fd, "dangling").st_mode));
}

static void a_fifo_is_made_anew(void **unused)
{
	(void)unused;
	assert_int_equal(mkfifoat(from_fd, "pipe", 0600), 0);
	copy();
	assert_true(S_ISFIFO(stat_of(to_fd, "pipe").st_mode));
}

static void what_is_in_the_way_is_named(void **unused)
{
	struct err err = {0};

	(void)unused;
	assert_int_equal(mkdirat(from_fd, "sub", 0700), 0);
	put("sub/file", "x");
	assert_int_equal(mkdirat(to_fd, "sub", 0700), 0);
	assert_int_equal(copy_tree(from_fd, to_fd, &err), -EEXIST);
	assert_string_equal(err.text, "copy sub: File exists");
}

static void a_tree_that_is_too_deep_is_refused(void **unused)
{
	struct err err = {0};
	int fd = dup(from_fd);

	(void)unused;
	for (int i = 0; i < 110; i++) {
		assert_int_equal(mkdirat(fd, "d", 0700), 0);
		int next = openat(fd, "d", O_RDONLY | O_DIRECTORY);

		close(fd);
		fd = next;
	}
	close(fd);
	assert_int_equal(copy_tree(from_fd, to_fd, &err), -ELOOP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_tree_is_copied_with_modes_and_times, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(names_of_one_file_stay_names_of_one_file, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_hole_stays_a_hole, set_up, tear_down),
		cmocka_unit_test_setup_teardown(links_are_copied_and_never_followed, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_fifo_is_made_anew, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_in_the_way_is_named, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_tree_that_is_too_deep_is_refused, set_up,
						tear_down),
	};

	return cmocka_run_group_tests_name("copy", tests, NULL, NULL);
}
