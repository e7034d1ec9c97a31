// SPDX-License-Identifier: GPL-2.0-or-later
/* Processes by pid and start time, and how they ended. */
#include "runtime/base/cleanup.h"
#include "runtime/base/proc.h"
#include "tests/unit/cmocka_all.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t sleeper(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		pause();
		_exit(0);
	}
	assert_true(pid > 0);
	return pid;
}

static int end(pid_t pid)
{
	int status = 0;

	(void)kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void a_child_is_read_with_its_parent_and_start(void **unused)
{
	(void)unused;
	struct proc_info own, its;
	pid_t pid = sleeper();

	assert_int_equal(proc_read(getpid(), &own, NULL), 0);
	assert_int_equal(proc_read(pid, &its, NULL), 0);
	assert_int_equal(its.parent, getpid());
	assert_true(its.start_ticks >= own.start_ticks);
	assert_true(own.start_ticks > 0);
	assert_false(its.zombie);
	assert_true(proc_is_self(pid));
	assert_int_equal(proc_is_first(pid, NULL), 0);
	end(pid);
}

static void a_process_that_has_ended_is_not_there(void **unused)
{
	(void)unused;
	struct proc_info its;
	struct err err = {0};
	pid_t pid = sleeper();

	assert_int_equal(proc_read(pid, &its, NULL), 0);
	(void)kill(pid, SIGKILL);
	siginfo_t info;
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	assert_int_equal(proc_open(pid, its.start_ticks, &err), -ESRCH);
	end(pid);
	assert_int_equal(proc_read(pid, &its, &err), -ESRCH);
	assert_int_equal(proc_open(pid, its.start_ticks, &err), -ESRCH);
	assert_true(proc_namespace(pid, "net", &err) < 0);
}

static void a_pid_of_another_start_is_another_process(void **unused)
{
	(void)unused;
	struct proc_info its;
	struct err err = {0};
	pid_t pid = sleeper();

	assert_int_equal(proc_read(pid, &its, NULL), 0);
	assert_int_equal(proc_open(pid, its.start_ticks + 1, &err), -ESRCH);
	autoclose int pidfd = proc_open(pid, its.start_ticks, &err);
	assert_true(pidfd >= 0);
	end(pid);
}

static void how_it_ended_is_known_after_somebody_else_reaped_it(void **unused)
{
	(void)unused;
	struct proc_info its;
	int status = 0;
	pid_t pid = sleeper();

	assert_int_equal(proc_read(pid, &its, NULL), 0);
	autoclose int pidfd = proc_open(pid, its.start_ticks, NULL);
	int r = proc_exit_status(pidfd, pid, &status);

	if (r == -ENOTSUP) {
		end(pid);
		skip(); /* PIDFD_GET_INFO with PIDFD_INFO_EXIT: Linux 6.15 */
	}
	assert_int_equal(r, -EAGAIN);
	int wanted = end(pid);

	assert_int_equal(proc_exit_status(pidfd, pid, &status), 0);
	assert_int_equal(status, wanted);
}

static void how_it_ended_is_known_before_it_is_reaped(void **unused)
{
	(void)unused;
	struct proc_info its;
	siginfo_t info;
	int status = 0;
	pid_t pid = sleeper();

	assert_int_equal(proc_read(pid, &its, NULL), 0);
	autoclose int pidfd = proc_open(pid, its.start_ticks, NULL);

	(void)kill(pid, SIGUSR1);
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	assert_int_equal(proc_exit_status(pidfd, pid, &status), 0);
	assert_int_equal(status, end(pid));
	assert_int_equal(WTERMSIG(status), SIGUSR1);
}

static void the_boot_has_an_id(void **unused)
{
	(void)unused;
	char one[PROC_BOOT_ID_SIZE], two[PROC_BOOT_ID_SIZE];

	assert_int_equal(proc_boot_id(one, NULL), 0);
	assert_int_equal(proc_boot_id(two, NULL), 0);
	assert_int_equal(strlen(one), 36);
	assert_string_equal(one, two);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_child_is_read_with_its_parent_and_start),
		cmocka_unit_test(a_process_that_has_ended_is_not_there),
		cmocka_unit_test(a_pid_of_another_start_is_another_process),
		cmocka_unit_test(how_it_ended_is_known_after_somebody_else_reaped_it),
		cmocka_unit_test(how_it_ended_is_known_before_it_is_reaped),
		cmocka_unit_test(the_boot_has_an_id),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
