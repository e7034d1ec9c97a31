// SPDX-License-Identifier: GPL-2.0-or-later
#include "runtime/base/cleanup.h"
#include "runtime/base/exe.h"
#include "tests/unit/cmocka_all.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char copy[] = "/tmp/davit-test-exe-XXXXXX";

/* What this program does when it is run again: keeps hold of what it runs, becomes another program,
 * as long as which a file is busy, and says whether it can be opened for writing now. */
static int again(void)
{
	int fd = open("/proc/self/exe", O_PATH | O_CLOEXEC);

	if (dup2(fd, 9) < 0)
		return 3;
	execl("/bin/sh", "sh", "-c", "(: >>/proc/self/fd/9) 2>/dev/null && exit 1; exit 0", NULL);
	return 4;
}

static int run_again(const char *path, bool protect)
{
	char *const argv[] = {(char *)(uintptr_t) "test_exe", (char *)(uintptr_t) "again", NULL};
	struct err err = {0};
	int status = -1;
	pid_t pid = fork();

	if (pid == 0 && !protect)
		_exit(execv(path, argv));
	if (pid == 0) {
		int r = exe_run(path, argv, &err);

		_exit(r == -ENOENT && strstr(err.text, "run /nowhere/at/all: No such file") ? 42
											    : 43);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WEXITSTATUS(status);
}

static void what_has_run_cannot_be_opened_for_writing(void **unused)
{
	if (geteuid() != 0)
		skip();
	assert_int_equal(run_again(copy, false), 1);
	assert_int_equal(run_again(copy, true), 0);
}

static void a_program_is_checked_before_it_is_used(void **unused)
{
	struct err err = {0};

	assert_int_equal(exe_check("/bin/true", "shop", &err), 0);
	assert_int_equal(exe_check("/bin/false", "shop", &err), -ENOEXEC);
	assert_string_equal(err.text, "/bin/false --check: exit status 1");
	assert_int_equal(exe_check("/nowhere/at/all", "shop", &err), -ENOEXEC);
	assert_string_equal(err.text, "/nowhere/at/all --check: exit status 127");
}

static void what_is_not_there_is_told(void **unused)
{
	assert_int_equal(run_again("/nowhere/at/all", true), 42);
}

static void a_name_without_a_directory_is_refused(void **unused)
{
	struct err err;

	assert_int_equal(exe_run("name", NULL, &err), -EINVAL);
}

/* Nobody else runs the copy. */
static int copy_self(void **unused)
{
	autoclose int from_fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	autoclose int to_fd = mkostemp(copy, O_CLOEXEC);
	ssize_t n = 1;

	while (n > 0)
		n = copy_file_range(from_fd, NULL, to_fd, NULL, 1 << 20, 0);
	return n < 0 || fchmod(to_fd, 0700) < 0 ? -1 : 0;
}

static int remove_copy(void **unused)
{
	return unlink(copy);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_has_run_cannot_be_opened_for_writing),
		cmocka_unit_test(a_program_is_checked_before_it_is_used),
		cmocka_unit_test(what_is_not_there_is_told),
		cmocka_unit_test(a_name_without_a_directory_is_refused),
	};

	if (argc == 2 && strcmp(argv[1], "again") == 0)
		return again();
	return cmocka_run_group_tests(tests, copy_self, remove_copy);
}
