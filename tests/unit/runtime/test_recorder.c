// SPDX-License-Identifier: GPL-2.0-or-later
/* Recording what programs call, and what is made of it. */
#include "runtime/base/cleanup.h"
#include "runtime/seccomp/profile.h"
#include "runtime/seccomp/record.h"
#include "runtime/seccomp/recorder.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/runtime/secc_probe.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Runs a shell script under the recorder. */
static void run(const struct recorder *recorder, const char *script)
{
	int status = 0;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		struct err err;

		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
		    recorder_enter(recorder, &err) < 0)
			_exit(99);
		(void)getppid(); /* before the exec: not recorded */
		execl("/bin/sh", "sh", "-c", script, NULL);
		_exit(98);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 7);
}

static void expect_end(const struct recorder *recorder)
{
	struct pollfd wait = {.fd = recorder_pidfd(recorder), .events = POLLIN};
	siginfo_t info = {0};

	assert_int_equal(poll(&wait, 1, 60000), 1);
	assert_int_equal(waitid((idtype_t)P_PIDFD, (id_t)wait.fd, &info, WEXITED), 0);
	assert_int_equal(info.si_code, CLD_EXITED);
	assert_int_equal(info.si_status, 0);
}

static char *recorded(const char *const *scripts)
{
	struct recorder *recorder = NULL;
	struct buf json = {0};
	struct err err;

	assert_int_equal(recorder_start(&recorder, &err), 0);
	for (; *scripts; scripts++)
		run(recorder, *scripts);
	recorder_stop(recorder);
	expect_end(recorder);
	assert_int_equal(recorder_profile(recorder, &json, &err), 0);
	recorder_free(recorder);
	return buf_take(&json);
}

#define assert_names(json, name)     assert_non_null(strstr(json, "\"" name "\""))
#define assert_names_not(json, name) assert_null(strstr(json, "\"" name "\""))

static void what_was_called_is_in_the_profile_and_nothing_else(void **unused)
{
	static const char *const scripts[] = {"mkdir /proc/x; exit 7", NULL};
	autofree char *json = recorded(scripts);

	assert_names(json, "execve");
	assert_names(json, "mkdir");
	assert_names(json, "exit_group");
	assert_names(json, "rt_sigreturn");
	assert_names_not(json, "symlink");
	assert_names_not(json, "seccomp");
	assert_names_not(json, "sendmsg");
	assert_names_not(json, "socket");
}

static void several_programs_are_recorded_into_one_profile(void **unused)
{
	static const char *const scripts[] = {"mkdir /proc/x; exit 7", "ln -s a /proc/x; exit 7",
					      NULL};
	autofree char *json = recorded(scripts);

	assert_names(json, "mkdir");
	assert_true(strstr(json, "\"symlink\"") || strstr(json, "\"symlinkat\""));
}

static int status_under(const char *json, const char *script)
{
	const struct profile_text text = {"learned", json, strlen(json)};
	const struct secc_source source = {&text, 0};
	const struct secc *filter = NULL;
	struct err err = {0};
	int status = 0;
	int r = secc_acquire(&source, &filter, &err);

	if (r < 0)
		print_message("%s\n%s\n", err.text, json);
	assert_int_equal(r, 0);
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || secc_load(filter, &err) < 0)
			_exit(99);
		execl("/bin/sh", "sh", "-c", script, NULL);
		_exit(98);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	secc_release(filter);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void the_profile_lets_do_again_what_was_done_and_no_more(void **unused)
{
	static const char *const scripts[] = {"cat /dev/null; exit 7", NULL};
	autofree char *json = recorded(scripts);

	assert_int_equal(status_under(json, "cat /dev/null && exit 7"), 7);
	assert_int_equal(status_under(json, "mkdir /tmp/davit-test-learned 2>&- && exit 8; exit 7"),
			 7);
}

static void record(struct record *into, long number, uint64_t first, uint64_t second)
{
	const struct seccomp_data data = {
		.nr = (int)number, .arch = AUDIT_ARCH_X86_64, .args = {first, second}};

	record_call(into, &data);
}

static int answer(const char *json, struct probe_call call)
{
	const struct profile_text text = {"learned", json, strlen(json)};
	const struct secc_source source = {&text, 0};
	const struct secc *filter = NULL;
	struct err err = {0};

	assert_int_equal(secc_acquire(&source, &filter, &err), 0);
	probe_calls(filter, &call, 1);
	secc_release(filter);
	return call.errnum;
}

static void arguments_that_matter_are_kept_to(void **unused)
{
	static struct record seen;
	struct buf json = {0};
	struct err err;

	record(&seen, SYS_socket, AF_INET, SOCK_STREAM);
	record(&seen, SYS_ioctl, 3, FIONBIO);
	record(&seen, SYS_clone, CLONE_VM | CLONE_NEWNET | SIGCHLD, 0);
	record(&seen, SYS_epoll_pwait2, 0, 0);
	assert_int_equal(record_print(&seen, &json, &err), 0);
	assert_int_equal(answer(json.data, (struct probe_call){SYS_socket, {AF_INET}, 0}),
			 PROBE_REACHED);
	assert_int_equal(answer(json.data, (struct probe_call){SYS_socket, {AF_ALG}, 0}), EPERM);
	assert_int_equal(answer(json.data, (struct probe_call){SYS_ioctl, {9, FIONBIO}, 0}),
			 PROBE_REACHED);
	assert_int_equal(answer(json.data, (struct probe_call){SYS_ioctl, {9, TIOCSTI}, 0}), EPERM);
	assert_int_equal(answer(json.data, (struct probe_call){SYS_clone, {CLONE_NEWNET}, 0}),
			 PROBE_REACHED);
	assert_int_equal(answer(json.data, (struct probe_call){SYS_clone, {CLONE_NEWUSER}, 0}),
			 EPERM);
	assert_int_equal(answer(json.data, (struct probe_call){SYS_clone3, {0}, 0}), ENOSYS);
	assert_int_equal(answer(json.data, (struct probe_call){SYS_symlink, {0}, 0}), EPERM);
	buf_free(&json);
}

static void too_many_values_leave_the_call_open(void **unused)
{
	static struct record seen;
	struct buf json = {0};
	struct err err;

	for (uint64_t i = 0; i < 1000; i++)
		record(&seen, SYS_ioctl, 0, i);
	assert_int_equal(record_print(&seen, &json, &err), 0);
	assert_int_equal(answer(json.data, (struct probe_call){SYS_ioctl, {0, 5000}, 0}),
			 PROBE_REACHED);
	buf_free(&json);
}

static void odd_numbers_are_passed_over(void **unused)
{
	static struct record seen;
	struct buf json = {0};
	struct err err;

	record(&seen, -1, 0, 0);
	record(&seen, 1023, 0, 0);
	record(&seen, 1024, 0, 0);
	record(&seen, 0x40000000, 0, 0);
	record(&seen, SYS_mkdir, 0, 0);
	assert_int_equal(record_print(&seen, &json, &err), 0);
	assert_names(json.data, "mkdir");
	buf_free(&json);
}

static void the_recorder_outlives_its_owner_as_long_as_it_is_needed(void **unused)
{
	struct recorder *recorder = NULL;
	struct err err;
	int status = 0;

	assert_int_equal(recorder_start(&recorder, &err), 0);
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
		    recorder_enter(recorder, &err) < 0)
			_exit(99);
		execl("/bin/sh", "sh", "-c", "sleep 0.3; exit 7", NULL);
	}
	struct pollfd wait = {.fd = recorder_pidfd(recorder), .events = POLLIN};

	recorder_stop(recorder);
	assert_int_equal(poll(&wait, 1, 100), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WEXITSTATUS(status), 7);
	expect_end(recorder);
	recorder_free(recorder);
	recorder_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_called_is_in_the_profile_and_nothing_else),
		cmocka_unit_test(several_programs_are_recorded_into_one_profile),
		cmocka_unit_test(the_profile_lets_do_again_what_was_done_and_no_more),
		cmocka_unit_test(arguments_that_matter_are_kept_to),
		cmocka_unit_test(too_many_values_leave_the_call_open),
		cmocka_unit_test(odd_numbers_are_passed_over),
		cmocka_unit_test(the_recorder_outlives_its_owner_as_long_as_it_is_needed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
