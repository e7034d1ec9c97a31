// SPDX-License-Identifier: GPL-2.0-or-later
#include "runtime/base/cleanup.h"
#include "runtime/base/path.h"
#include "runtime/user.h"
#include "tests/unit/cmocka_all.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char base[] = "/tmp/davit-test-user-XXXXXX";
static int root_fd = -1;

static void write_file(const char *name, const char *text)
{
	autoclose int fd = openat(root_fd, name, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0644);

	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

static int make_root(void **unused)
{
	if (!mkdtemp(base))
		return -1;
	root_fd = open(base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	mkdirat(root_fd, "etc", 0755);
	write_file("etc/passwd", "root:x:0:0::/root:/bin/sh\n"
				 "broken line\n"
				 "web:x:1000:1001::/srv/web:/bin/sh\n"
				 "1234:x:77:78::/:/bin/sh\n"
				 "odd:x:1002:1002::relative:/bin/sh\n");
	write_file("etc/group", "root:x:0:\nweb:x:1001:\nlogs:x:1002:root,web\nmore:x:1003:web\n");
	return 0;
}

static int remove_root(void **unused)
{
	int r = path_empty(root_fd);

	close(root_fd);
	return r < 0 ? r : rmdir(base);
}

struct expected {
	const char *spec;
	int result;
	uid_t uid;
	gid_t gid;
	size_t group_count;
	const char *home;
};

static void every_form_gives_this_user_or_an_error(void **unused)
{
	static const struct expected table[] = {
		{NULL, 0, 0, 0, 0, "/root"},
		{"", 0, 0, 0, 0, "/root"},
		{"root", 0, 0, 0, 1, "/root"},
		{"0", 0, 0, 0, 1, "/root"},
		{"0:0", 0, 0, 0, 0, "/root"},
		{"web", 0, 1000, 1001, 2, "/srv/web"},
		{"1000", 0, 1000, 1001, 2, "/srv/web"},
		{"web:logs", 0, 1000, 1002, 0, "/srv/web"},
		{"web:7", 0, 1000, 7, 0, "/srv/web"},
		{"1000:1001", 0, 1000, 1001, 0, "/srv/web"},
		{"odd", 0, 1002, 1002, 0, "/"},
		{"5000", 0, 5000, 0, 0, "/"},
		{"5000:logs", 0, 5000, 1002, 0, "/"},
		{"4294967294", 0, 4294967294, 0, 0, "/"},
		{"00", 0, 0, 0, 1, "/root"},
		/* a number never is a name, as CVE-2026-30892 would have it the other way round */
		{"1234", 0, 1234, 0, 0, "/"},
		{"4294967295", -EINVAL},
		{"4294967296", -EINVAL},
		{"18446744073709551616", -EINVAL},
		{"0:4294967295", -EINVAL},
		{"-1", -ENOENT},
		{"+1", -ENOENT},
		{" 1", -ENOENT},
		{"1 ", -ENOENT},
		{"0x0", -ENOENT},
		{"1e3", -ENOENT},
		{"nobody-here", -ENOENT},
		{"broken line", -ENOENT},
		{"web:nothing", -ENOENT},
		{"web:", -EINVAL},
		{":web", -EINVAL},
		{":", -EINVAL},
		{"web:logs:more", -ENOENT},
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct user user = {.uid = 99, .gid = 99};
		struct err err = {0};
		int r = user_resolve(root_fd, table[i].spec, &user, &err);

		if (r != table[i].result)
			print_message("'%s': %s\n", table[i].spec ? table[i].spec : "NULL",
				      err.text);
		assert_int_equal(r, table[i].result);
		if (r < 0) {
			assert_int_equal(user.uid, 99);
			continue;
		}
		assert_int_equal(user.uid, table[i].uid);
		assert_int_equal(user.gid, table[i].gid);
		assert_int_equal(user.group_count, table[i].group_count);
		assert_string_equal(user.home, table[i].home);
	}
}

static void a_root_without_files_knows_numbers(void **unused)
{
	struct user user;
	struct err err;
	autoclose int empty_fd = openat(root_fd, "etc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_int_equal(user_resolve(empty_fd, "12:13", &user, &err), 0);
	assert_int_equal(user.uid, 12);
	assert_int_equal(user_resolve(empty_fd, "web", &user, &err), -ENOENT);
	assert_string_equal(err.text, "no user 'web' in the root's /etc/passwd");
}

static void a_group_is_added_once(void **unused)
{
	struct user user;
	struct err err;
	size_t before;

	assert_int_equal(user_resolve(root_fd, "7:8", &user, &err), 0);
	before = user.group_count;
	assert_int_equal(user_add_group(root_fd, "4321", &user, &err), 0);
	assert_int_equal(user_add_group(root_fd, "4321", &user, &err), 0);
	assert_int_equal(user.group_count, before + 1);
	assert_int_equal(user.groups[before], 4321);
	assert_int_equal(user_add_group(root_fd, "no-such", &user, &err), -ENOENT);
	assert_string_equal(err.text, "no group 'no-such' in the root's /etc/group");
	for (unsigned gid = 10000; user.group_count < USER_GROUPS_MAX; gid++) {
		char text[16];

		snprintf(text, sizeof(text), "%u", gid);
		assert_int_equal(user_add_group(root_fd, text, &user, &err), 0);
	}
	assert_int_equal(user_add_group(root_fd, "9", &user, &err), -E2BIG);
}

/* Of as many bytes, all of them one line that is none. */
static void make_passwd(size_t bytes)
{
	autoclose int fd =
		openat(root_fd, "big/etc/passwd", O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0644);
	static const char last[] = "\nweb:x:1000:1001::/srv/web:/bin/sh\n";
	char piece[4096];

	memset(piece, 'x', sizeof(piece));
	for (size_t left = bytes - strlen(last), n; left > 0; left -= n) {
		n = left < sizeof(piece) ? left : sizeof(piece);
		assert_int_equal(write(fd, piece, n), n);
	}
	assert_int_equal(write(fd, last, strlen(last)), strlen(last));
}

static void no_more_than_a_mebibyte_is_read(void **unused)
{
	struct user user;
	struct err err;

	assert_int_equal(mkdirat(root_fd, "big", 0755), 0);
	assert_int_equal(mkdirat(root_fd, "big/etc", 0755), 0);
	autoclose int big_fd = openat(root_fd, "big", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	make_passwd(1 << 20);
	assert_int_equal(user_resolve(big_fd, "web", &user, &err), 0);
	assert_int_equal(user.uid, 1000);
	make_passwd((1 << 20) + 1);
	assert_int_equal(user_resolve(big_fd, "web", &user, &err), -EFBIG);
	assert_string_equal(err.text, "etc/passwd in the root is larger than 1 MiB");
}

/* As one that somebody goes on writing to: its size says nothing of what comes. */
static void what_does_not_end_is_read_no_further(void **unused)
{
	struct user user;
	struct err err;
	int status = 0;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		/* By its name: the descriptor leads to where nothing is mounted. */
		if (unshare(CLONE_NEWNS) < 0 ||
		    mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 || chdir(base) < 0 ||
		    mount("/proc/kallsyms", "big/etc/passwd", NULL, MS_BIND, NULL) < 0)
			_exit(77);
		int big_fd = open("big", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		_exit(user_resolve(big_fd, "web", &user, &err) == -EFBIG ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77) {
		print_message("SKIP: no mounting here\n");
		skip();
	}
	assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_form_gives_this_user_or_an_error),
		cmocka_unit_test(a_root_without_files_knows_numbers),
		cmocka_unit_test(a_group_is_added_once),
		cmocka_unit_test(no_more_than_a_mebibyte_is_read),
		cmocka_unit_test(what_does_not_end_is_read_no_further),
	};

	return cmocka_run_group_tests(tests, make_root, remove_root);
}
