// SPDX-License-Identifier: GPL-2.0-or-later
/* Additional processes in a real running container. */
#include "runtime/base/cleanup.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/runtime/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct sandbox box;
static struct container_plan *plan;
static struct container_process first;

static int start_box(void **unused)
{
	struct container_fault fault;
	char *argv[4];

	sandbox_make(&box);
	struct container_config config = sandbox_config(&box, argv, "sleep 1000");

	config.read_only = false;
	config.user = "web";
	if (container_prepare(&config, &plan, &fault) < 0)
		return -1;
	autoclose int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	sandbox_start(&box, plan, null_fd, &first);
	return sandbox_status(&first, &fault);
}

static int stop_box(void **unused)
{
	sandbox_kill(&first);
	container_plan_free(plan);
	plan = NULL;
	sandbox_remove(&box);
	return 0;
}

static struct container_exec exec_of(char **argv, const char *script)
{
	argv[0] = (char *)(uintptr_t) "sh";
	argv[1] = (char *)(uintptr_t) "-c";
	argv[2] = (char *)(uintptr_t)script;
	argv[3] = NULL;
	return (struct container_exec){.pidfd = first.pidfd, .argv = argv};
}

static int run_exec(struct container_exec *exec, struct outcome *outcome)
{
	struct container_process process;
	autoclose int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	int pipe_fds[2];

	*outcome = (struct outcome){0};
	assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
	autoclose int read_fd = pipe_fds[0];
	autoclose int write_fd = pipe_fds[1];

	exec->stdio[0] = null_fd;
	exec->stdio[1] = exec->stdio[2] = write_fd;
	int r = container_exec(plan, exec, &process, &outcome->fault);

	if (r < 0)
		return r;
	fd_drop(&write_fd);
	sandbox_finish(&process, read_fd, outcome);
	return outcome->started;
}

static void it_is_confined_as_the_first_process(void **unused)
{
	char *argv[4];
	struct outcome outcome;
	struct container_exec exec =
		exec_of(argv, "for n in mnt pid net uts ipc cgroup; do"
			      " test $(stat -L -c %i /proc/1/ns/$n) = $(stat -L -c %i "
			      "/proc/self/ns/$n) || echo $n;"
			      "done; grep -E '^(NoNew|Seccomp:|Cap|Uid|Groups)' /proc/self/status; "
			      "ls /proc/$$/fd; :");

	assert_int_equal(run_exec(&exec, &outcome), 0);
	assert_string_equal(outcome.out, "Uid:\t1000\t1000\t1000\t1000\nGroups:\t1002 \n"
					 "CapInh:\t0000000000000000\nCapPrm:\t0000000000000000\n"
					 "CapEff:\t0000000000000000\nCapBnd:\t00000000800405fb\n"
					 "CapAmb:\t0000000000000000\nNoNewPrivs:\t1\nSeccomp:\t2\n"
					 "0\n1\n2\n");
	/* And this process still has its children in its own pid namespace. */
	char own[40] = "";
	char next[40] = "";

	assert_true(readlink("/proc/self/ns/pid", own, sizeof(own) - 1) > 0);
	assert_true(readlink("/proc/self/ns/pid_for_children", next, sizeof(next) - 1) > 0);
	assert_string_equal(own, next);
}

static void user_directory_and_environment_can_differ(void **unused)
{
	char *argv[4];
	char *envp[] = {(char *)(uintptr_t) "GREETING=hello", NULL};
	struct outcome outcome;
	struct container_exec exec =
		exec_of(argv, "id -u; pwd; echo $GREETING $HOME; env | grep ^HOST; exit 3");

	exec.user = "0";
	exec.working_dir = "/etc";
	exec.envp = envp;
	assert_int_equal(run_exec(&exec, &outcome), 0);
	assert_string_equal(outcome.out, "0\n/etc\nhello /root\nHOSTNAME=box-1\n");
	assert_int_equal(WEXITSTATUS(outcome.status), 3);
}

static void faults_are_told(void **unused)
{
	char *argv[4];
	struct outcome outcome;
	struct container_exec exec = exec_of(argv, "");

	argv[0] = (char *)(uintptr_t) "nothing";
	assert_int_equal(run_exec(&exec, &outcome), -ENOENT);
	assert_int_equal(outcome.fault.item, CONTAINER_ITEM_PROGRAM);
	argv[0] = (char *)(uintptr_t) "/etc/passwd";
	assert_int_equal(run_exec(&exec, &outcome), -EACCES);
	assert_int_equal(outcome.fault.item, CONTAINER_ITEM_PROGRAM);
	exec = exec_of(argv, "");
	exec.working_dir = "/not/there";
	assert_int_equal(run_exec(&exec, &outcome), -ENOENT);
	assert_int_equal(outcome.fault.item, CONTAINER_ITEM_WORKING_DIR);
	exec = exec_of(argv, "");
	exec.user = "nobody-here";
	assert_int_equal(run_exec(&exec, &outcome), -ENOENT);
	assert_int_equal(outcome.fault.item, CONTAINER_ITEM_USER);
}

static void no_descriptor_of_the_caller_is_reachable_as_working_directory(void **unused)
{
	autoclose int host_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	char *argv[4];
	struct outcome outcome;
	struct container_exec exec = exec_of(argv, "ls -d /boot");

	exec.user = "0";
	for (int fd = 3; fd < 20; fd++) {
		char path[40];

		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		exec.working_dir = path;
		assert_true(run_exec(&exec, &outcome) < 0);
		assert_int_equal(outcome.fault.item, CONTAINER_ITEM_WORKING_DIR);
	}
	assert_true(fcntl(host_fd, F_GETFD) >= 0); /* it was there to be reached */
}

static void davit_itself_is_not_run_inside(void **unused)
{
	char *argv[4];
	struct outcome outcome;
	struct container_exec exec = exec_of(argv, "");

	exec.user = "0";
	argv[0] = (char *)(uintptr_t) "/proc/self/exe";
	assert_int_equal(run_exec(&exec, &outcome), -EPERM);
	assert_int_equal(outcome.fault.item, CONTAINER_ITEM_PROGRAM);
}

static int open_terminal(int *ret_master_fd)
{
	int fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(grantpt(fd), 0);
	assert_int_equal(unlockpt(fd), 0);
	*ret_master_fd = fd;
	return open(ptsname(fd), O_RDWR | O_NOCTTY | O_CLOEXEC);
}

/* One that was made for it belongs to its user, the caller's own stays the caller's. */
static void only_a_terminal_of_its_own_changes_hands(void **unused)
{
	for (int own = 0; own < 2; own++) {
		char *argv[4];
		struct container_exec exec = exec_of(argv, ":");
		struct container_process process;
		struct container_fault fault;
		struct stat st;
		int opened = -1;
		autoclose int fd = open_terminal(&opened);
		autoclose int master_fd = opened;

		exec.tty = own;
		exec.stdio[0] = exec.stdio[1] = exec.stdio[2] = fd;
		assert_int_equal(container_exec(plan, &exec, &process, &fault), 0);
		assert_int_equal(sandbox_status(&process, &fault), 0);
		assert_int_equal(fstat(fd, &st), 0);
		assert_int_equal(st.st_uid == geteuid(), !own);
		sandbox_kill(&process);
	}
}

static void a_terminal_becomes_the_controlling_one(void **unused)
{
	char *argv[4];
	struct container_exec exec =
		exec_of(argv, "test -t 0 || echo no terminal; echo yes > /dev/tty");
	struct container_process process;
	struct container_fault fault;
	autoclose int master_fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	char said[128] = "";

	assert_true(master_fd >= 0);
	assert_int_equal(grantpt(master_fd), 0);
	assert_int_equal(unlockpt(master_fd), 0);
	autoclose int fd = open(ptsname(master_fd), O_RDWR | O_NOCTTY | O_CLOEXEC);

	exec.tty = true;
	exec.stdio[0] = exec.stdio[1] = exec.stdio[2] = fd;
	assert_int_equal(container_exec(plan, &exec, &process, &fault), 0);
	assert_int_equal(sandbox_status(&process, &fault), 0);
	/* A terminal gives what there is, not lines. */
	for (size_t got = 0; !strchr(said, '\n') && got < sizeof(said) - 1;) {
		ssize_t n = read(master_fd, said + got, sizeof(said) - 1 - got);

		if (n <= 0)
			break;
		got += (size_t)n;
	}
	int status = 0;

	waitpid(process.pid, &status, 0);
	assert_string_equal(said, "yes\r\n");
	assert_int_equal(status, 0);
	close(process.pidfd);
	close(process.status_fd);
}

static void its_own_terminal_has_a_name_inside(void **unused)
{
	char *argv[4];
	struct outcome outcome;
	struct err err;
	int fds[2] = {-1, -1};

	assert_int_equal(container_terminal(first.pidfd, &fds[0], &fds[1], &err), 0);
	autoclose int master_fd = fds[0];
	autoclose int fd = fds[1];
	struct container_exec exec = exec_of(argv, "cd /dev/pts; echo *");

	assert_int_equal(run_exec(&exec, &outcome), 0);
	assert_string_equal(outcome.out, "0 ptmx\n");
	assert_true(isatty(master_fd) && isatty(fd));
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
}

static void an_ended_container_is_told(void **unused)
{
	char *argv[4];
	struct outcome outcome;
	struct container_exec exec = exec_of(argv, "");

	kill(first.pid, SIGKILL);
	siginfo_t info;

	assert_int_equal(waitid(P_PID, (id_t)first.pid, &info, WEXITED | WNOWAIT), 0);
	assert_int_equal(run_exec(&exec, &outcome), -ESRCH);
	assert_non_null(strstr(outcome.fault.err.text, "the container has ended"));
	exec.user = "root";
	assert_int_equal(run_exec(&exec, &outcome), -ESRCH);
	assert_non_null(strstr(outcome.fault.err.text, "the container has ended"));
	int fds[2] = {-1, -1};

	assert_int_equal(container_terminal(first.pidfd, &fds[0], &fds[1], &outcome.fault.err),
			 -ESRCH);
	assert_int_equal(fds[0], -1);
}

int main(void)
{
#define WITH_BOX(test) cmocka_unit_test_setup_teardown(test, start_box, stop_box)
	const struct CMUnitTest tests[] = {
		WITH_BOX(it_is_confined_as_the_first_process),
		WITH_BOX(user_directory_and_environment_can_differ),
		WITH_BOX(faults_are_told),
		WITH_BOX(no_descriptor_of_the_caller_is_reachable_as_working_directory),
		WITH_BOX(davit_itself_is_not_run_inside),
		WITH_BOX(only_a_terminal_of_its_own_changes_hands),
		WITH_BOX(a_terminal_becomes_the_controlling_one),
		WITH_BOX(its_own_terminal_has_a_name_inside),
		WITH_BOX(an_ended_container_is_told),
	};
	const char *missing = sandbox_missing();

	if (missing) {
		printf("skipped: %s\n", missing);
		return 77;
	}
	int failed = cmocka_run_group_tests_name("the host's ids", tests, NULL, NULL);

	if (sandbox_own_ids())
		return failed + cmocka_run_group_tests_name("own ids", tests, NULL, NULL);
	printf("skipped with own ids: no idmapped mounts of /var/tmp\n");
	return failed;
}
