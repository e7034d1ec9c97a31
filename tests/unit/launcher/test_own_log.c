// SPDX-License-Identifier: GPL-2.0-or-later
/* The supervisor's own log is two files of a bounded length. */
#include "launcher/supervisor/own_log.h"
#include "runtime/base/cleanup.h"
#include "tests/unit/cmocka_all.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[] = "/tmp/davit-test-own-log-XXXXXX";
static char path[sizeof(dir) + 16];
static char older[sizeof(path) + 2];
static int stderr_fd = -1;

static int begin(void **unused)
{
	(void)unused;
	strcpy(dir + sizeof(dir) - 7, "XXXXXX");
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/log", dir);
	snprintf(older, sizeof(older), "%s.1", path);
	stderr_fd = dup(STDERR_FILENO);
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(dup2(fd, STDERR_FILENO), STDERR_FILENO);
	close(fd);
	return 0;
}

static int end(void **unused)
{
	(void)unused;
	dup2(stderr_fd, STDERR_FILENO);
	close(stderr_fd);
	unlink(path);
	unlink(older);
	rmdir(dir);
	return 0;
}

static void check_file(const char *name, const char *wanted)
{
	char text[64] = "";
	autoclose int fd = open(name, O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_true(read(fd, text, sizeof(text) - 1) >= 0);
	assert_string_equal(text, wanted);
}

static void a_long_log_goes_on_in_a_new_file(void **unused)
{
	(void)unused;
	dprintf(STDERR_FILENO, "first\n");
	own_log_rotate(path, 10);
	dprintf(STDERR_FILENO, "second\n");
	own_log_rotate(path, 10);
	dprintf(STDERR_FILENO, "third\n");
	check_file(older, "first\nsecond\n");
	check_file(path, "third\n");
}

static void only_one_older_file_is_kept(void **unused)
{
	(void)unused;
	for (int i = 0; i < 5; i++) {
		dprintf(STDERR_FILENO, "line %d\n", i);
		own_log_rotate(path, 3);
	}
	check_file(older, "line 4\n");
	check_file(path, "");
}

static void what_is_not_the_log_is_left_alone(void **unused)
{
	int null_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);

	(void)unused;
	dprintf(STDERR_FILENO, "a line of its own\n");
	/* The name means another file. */
	assert_int_equal(unlink(path), 0);
	close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	own_log_rotate(path, 1);
	assert_int_equal(access(older, F_OK), -1);
	dup2(null_fd, STDERR_FILENO);
	own_log_rotate(path, -1);
	assert_int_equal(access(older, F_OK), -1);
	close(null_fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_long_log_goes_on_in_a_new_file, begin, end),
		cmocka_unit_test_setup_teardown(only_one_older_file_is_kept, begin, end),
		cmocka_unit_test_setup_teardown(what_is_not_the_log_is_left_alone, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
