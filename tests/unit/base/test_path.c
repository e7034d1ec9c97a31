// SPDX-License-Identifier: GPL-2.0-or-later
#include "runtime/base/cleanup.h"
#include "runtime/base/path.h"
#include "tests/unit/cmocka_all.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char base[] = "/tmp/davit-test-path-XXXXXX";
static int root_fd = -1;

static void make_link(const char *target, const char *name)
{
	assert_int_equal(symlinkat(target, root_fd, name), 0);
}

static int make_tree(void **unused)
{
	strcpy(base, "/tmp/davit-test-path-XXXXXX");
	if (!mkdtemp(base))
		return -1;
	root_fd = open(base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	mkdirat(root_fd, "a", 0755);
	mkdirat(root_fd, "a/b", 0755);
	make_link("/a/b", "absolute");
	make_link("../../../a", "a/up");
	make_link("loop", "loop");
	make_link("/gone/file", "dangling");
	return 0;
}

static int remove_tree(void **unused)
{
	int r = path_empty(root_fd);

	close(root_fd);
	return r < 0 ? r : rmdir(base);
}

static void assert_real(const char *path, const char *expected)
{
	char real[PATH_MAX];

	assert_int_equal(path_real_in(root_fd, path, real, sizeof(real)), 0);
	assert_string_equal(real, expected);
}

static void links_are_followed_inside_the_root(void **unused)
{
	assert_real("/", "/");
	assert_real("a//./b/", "/a/b");
	assert_real("/absolute/c", "/a/b/c");
	assert_real("/a/up/b", "/a/b");
	assert_real("../../etc", "/etc");
	assert_real("/dangling", "/gone/file");
	assert_real("/not/there/../here", "/not/here");
	char real[PATH_MAX];

	assert_int_equal(path_real_in(root_fd, "/loop/x", real, sizeof(real)), -ELOOP);
	assert_int_equal(path_real_in(root_fd, "/a/b", real, 3), -ENAMETOOLONG);
}

static void nothing_opens_outside_the_root(void **unused)
{
	make_link("/etc/passwd", "passwd");
	make_link("../../../../../../etc/passwd", "a/b/passwd");
	make_link("/proc/self/root/etc/passwd", "magic");
	assert_int_equal(path_open_in(root_fd, "passwd", O_RDONLY), -ENOENT);
	assert_int_equal(path_open_in(root_fd, "a/b/passwd", O_RDONLY), -ENOENT);
	assert_int_equal(path_open_in(root_fd, "magic", O_RDONLY), -ENOENT);
	assert_int_equal(path_open_plain(root_fd, "absolute", O_PATH | O_DIRECTORY), -ELOOP);
	autoclose int fd = path_open_in(root_fd, "absolute", O_PATH | O_DIRECTORY);

	assert_true(fd >= 0);
}

static void missing_parents_are_made_where_links_lead(void **unused)
{
	autoclose int dir_fd = path_make_in(root_fd, "/absolute/new/dir", true);
	autoclose int file_fd = path_make_in(root_fd, "/dangling", false);
	struct stat st;

	assert_true(dir_fd >= 0);
	assert_true(file_fd >= 0);
	assert_int_equal(fstatat(root_fd, "a/b/new/dir", &st, AT_SYMLINK_NOFOLLOW), 0);
	assert_int_equal(st.st_mode, S_IFDIR | 0755);
	assert_int_equal(fstatat(root_fd, "gone/file", &st, AT_SYMLINK_NOFOLLOW), 0);
	assert_int_equal(st.st_mode, S_IFREG | 0644);
	assert_int_equal(path_make_in(root_fd, "/gone/file", true), -ENOTDIR);
	assert_int_equal(path_make_in(root_fd, "/gone", false), -EISDIR);
	assert_int_equal(path_make_in(root_fd, "/gone/file/below", true), -ENOTDIR);
}

static void emptying_keeps_what_links_point_to(void **unused)
{
	mkdirat(root_fd, "victim", 0755);
	mkdirat(root_fd, "victim/kept", 0755);
	mkdirat(root_fd, "doomed", 0755);
	mkdirat(root_fd, "doomed/deep", 0755);
	make_link("../victim", "doomed/deep/link");
	autoclose int fd = openat(root_fd, "doomed", O_PATH | O_DIRECTORY | O_CLOEXEC);

	assert_int_equal(path_empty(fd), 0);
	assert_int_equal(faccessat(root_fd, "victim/kept", F_OK, 0), 0);
	assert_int_equal(faccessat(root_fd, "doomed/deep", F_OK, 0), -1);
	assert_int_equal(faccessat(root_fd, "doomed", F_OK, 0), 0);
}

static void below_means_whole_components(void **unused)
{
	assert_true(path_below("/run", "/run"));
	assert_true(path_below("/run/x", "/run"));
	assert_false(path_below("/runner", "/run"));
	assert_false(path_below("/ru", "/run"));
	assert_true(path_below("/anything", "/"));
}

int main(void)
{
#define WITH_TREE(test) cmocka_unit_test_setup_teardown(test, make_tree, remove_tree)
	const struct CMUnitTest tests[] = {
		WITH_TREE(links_are_followed_inside_the_root),
		WITH_TREE(nothing_opens_outside_the_root),
		WITH_TREE(missing_parents_are_made_where_links_lead),
		WITH_TREE(emptying_keeps_what_links_point_to),
		cmocka_unit_test(below_means_whole_components),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
