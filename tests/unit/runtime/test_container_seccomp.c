// SPDX-License-Identifier: GPL-2.0-or-later
/* System call filters of real containers: the default one, none, and those of a profile. */
#include "runtime/base/cleanup.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/runtime/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static struct sandbox box;

static int make_box(void **unused)
{
	sandbox_make(&box);
	return 0;
}

static int remove_box(void **unused)
{
	sandbox_remove(&box);
	return 0;
}

#define NO_MKDIR                                                                                   \
	"{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": [{\"names\": [\"mkdir\", "          \
	"\"mkdirat\"], \"action\": \"SCMP_ACT_ERRNO\", \"errnoRet\": 28}]}"
#define NO_LOOKING                                                                                 \
	"{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": [{\"names\": [\"open\", "           \
	"\"openat\"], \"action\": \"SCMP_ACT_ERRNO\"}]}"

static struct container_config config_of(char **argv, const char *script, const char *profile)
{
	struct container_config config = sandbox_config(&box, argv, script);

	config.seccomp_name = "own.json";
	config.seccomp_profile = profile;
	return config;
}

static void run(char **argv, const struct container_config *config, struct outcome *outcome)
{
	sandbox_run(&box, config, outcome);
	if (outcome->prepared < 0 || outcome->started < 0)
		print_message("%s\n", outcome->fault.err.text);
	assert_int_equal(outcome->prepared, 0);
	assert_int_equal(outcome->started, 0);
}

static void by_default_there_is_a_filter_and_unconfined_there_is_none(void **unused)
{
	char *argv[4];
	struct outcome outcome;
	struct container_config config =
		config_of(argv, "grep -E '^(NoNewPrivs|Seccomp):' /proc/self/status", NULL);

	run(argv, &config, &outcome);
	assert_string_equal(outcome.out, "NoNewPrivs:\t1\nSeccomp:\t2\n");
	config.seccomp_unconfined = true;
	run(argv, &config, &outcome);
	assert_string_equal(outcome.out, "NoNewPrivs:\t1\nSeccomp:\t0\n");
}

static void new_privileges_are_given_up_unless_asked_for(void **unused)
{
	static const char script[] =
		"grep -E '^(Cap|NoNewPrivs|Seccomp:)' /proc/self/status; "
		"grep -E '^[^ ]* (/|/dev|/proc) ' /proc/mounts | grep -c nosuid";
	char *argv[4];
	struct outcome usual, asked, nobody;
	struct container_config config = config_of(argv, script, NULL);

	run(argv, &config, &usual);
	assert_non_null(strstr(usual.out, "NoNewPrivs:\t1\nSeccomp:\t2\n3\n"));
	config.new_privileges = true;
	run(argv, &config, &asked);
	assert_non_null(strstr(asked.out, "NoNewPrivs:\t0\nSeccomp:\t2\n2\n"));
	/* What loaded the filter is gone with the exec. */
	assert_memory_equal(usual.out, asked.out, strstr(usual.out, "NoNewPrivs") - usual.out);
	config.user = "65534";
	run(argv, &config, &nobody);
	assert_non_null(strstr(nobody.out, "CapPrm:\t0000000000000000\nCapEff:\t0000000000000000"));
	assert_non_null(strstr(nobody.out, "NoNewPrivs:\t0\nSeccomp:\t2\n2\n"));
}

static void a_profile_replaces_the_default_one(void **unused)
{
	char *argv[4];
	struct outcome outcome;
	const struct container_config config =
		config_of(argv, "mkdir /dev/shm/x; hostname x && echo reached", NO_MKDIR);

	run(argv, &config, &outcome);
	assert_non_null(strstr(outcome.out, "No space left on device"));
	/* sethostname: refused by the kernel now, as the container has no capability for it */
	assert_null(strstr(outcome.out, "reached"));
}

/* What an additional process says in a container of @config. */
static void run_exec(const struct container_config *config, const char *script,
		     struct outcome *outcome)
{
	char *argv[] = {(char[]){"sh"}, (char[]){"-c"}, (char *)(uintptr_t)script, NULL};
	struct container_plan *plan = NULL;
	struct container_process first;
	struct container_process process;
	struct container_fault fault;
	int pipe_fds[2];

	assert_int_equal(container_prepare(config, &plan, &fault), 0);
	autoclose int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	sandbox_start(&box, plan, null_fd, &first);
	assert_int_equal(sandbox_status(&first, &fault), 0);
	assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
	autoclose int read_fd = pipe_fds[0];
	autoclose int write_fd = pipe_fds[1];
	const struct container_exec exec = {
		.pidfd = first.pidfd, .argv = argv, .stdio = {null_fd, write_fd, write_fd}};

	*outcome = (struct outcome){0};
	assert_int_equal(container_exec(plan, &exec, &process, &fault), 0);
	fd_drop(&write_fd);
	sandbox_finish(&process, read_fd, outcome);
	sandbox_kill(&first);
	container_plan_free(plan);
}

static void additional_processes_have_the_same_filter(void **unused)
{
	char *argv[4];
	struct outcome outcome;
	struct container_config config = config_of(argv, "sleep 1000", NO_MKDIR);

	run_exec(&config, "mkdir /dev/shm/x", &outcome);
	assert_non_null(strstr(outcome.out, "No space left on device"));
	config = config_of(argv, "sleep 1000", NULL);
	run_exec(&config, "grep ^Seccomp: /proc/self/status; unshare -n true", &outcome);
	assert_non_null(strstr(outcome.out, "Seccomp:\t2\n"));
	assert_non_null(strstr(outcome.out, "Operation not permitted"));
	config.seccomp_unconfined = true;
	run_exec(&config, "grep ^Seccomp: /proc/self/status", &outcome);
	assert_string_equal(outcome.out, "Seccomp:\t0\n");
}

static void a_faulty_profile_is_told_as_such(void **unused)
{
	static const struct {
		const char *profile;
		const char *text;
	} faults[] = {
		{"{\n\"defaultAction\"}", "own.json:2:16: ':' expected near '}'"},
		{"{\"defaultAction\": \"SCMP_ACT_ALOW\"}",
		 "own.json: defaultAction: unknown word 'SCMP_ACT_ALOW'"},
		{"{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": [{\"names\": [\"mkdri\"], "
		 "\"action\": \"SCMP_ACT_KILL\"}]}",
		 "own.json: syscalls[0]: there is no system call 'mkdri'"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
		char *argv[4];
		struct container_plan *plan = NULL;
		struct container_fault fault;
		const struct container_config config = config_of(argv, "true", faults[i].profile);

		assert_true(container_prepare(&config, &plan, &fault) < 0);
		assert_int_equal(fault.item, CONTAINER_ITEM_SECCOMP);
		assert_string_equal(fault.err.text, faults[i].text);
		assert_null(plan);
	}
}

static void a_profile_that_forbids_looking_opens_no_way_to_davit_itself(void **unused)
{
	static const char *const profiles[] = {NULL, NO_MKDIR, NO_LOOKING};

	for (size_t i = 0; i < ARRAY_SIZE(profiles); i++) {
		char *argv[4];
		struct outcome outcome;
		struct container_config config = config_of(argv, "true", profiles[i]);

		argv[0] = (char[]){"/proc/self/exe"};
		argv[1] = NULL;
		config.argv = argv;
		sandbox_run(&box, &config, &outcome);
		assert_int_equal(outcome.started, -EPERM);
		assert_string_equal(outcome.fault.err.text,
				    "program /proc/self/exe: Operation not permitted");
	}
}

static void a_profile_without_exec_is_a_failed_start(void **unused)
{
	static const char profile[] =
		"{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": [{\"names\": [\"execve\"], "
		"\"action\": \"SCMP_ACT_ERRNO\"}]}";
	char *argv[4];
	struct outcome outcome;
	const struct container_config config = config_of(argv, "true", profile);

	sandbox_run(&box, &config, &outcome);
	assert_int_equal(outcome.started, -EPERM);
	assert_non_null(strstr(outcome.fault.err.text, "Operation not permitted"));
}

static void a_program_killed_by_its_filter_dies_of_SIGSYS(void **unused)
{
	static const char profile[] =
		"{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": [{\"names\": [\"mkdir\", "
		"\"mkdirat\"], \"action\": \"SCMP_ACT_KILL_PROCESS\"}]}";
	char *argv[4];
	struct outcome outcome;
	const struct container_config config = config_of(argv, "exec mkdir /x", profile);

	run(argv, &config, &outcome);
	assert_true(WIFSIGNALED(outcome.status));
	assert_int_equal(WTERMSIG(outcome.status), SIGSYS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_default_there_is_a_filter_and_unconfined_there_is_none),
		cmocka_unit_test(new_privileges_are_given_up_unless_asked_for),
		cmocka_unit_test(a_profile_replaces_the_default_one),
		cmocka_unit_test(additional_processes_have_the_same_filter),
		cmocka_unit_test(a_faulty_profile_is_told_as_such),
		cmocka_unit_test(a_profile_that_forbids_looking_opens_no_way_to_davit_itself),
		cmocka_unit_test(a_profile_without_exec_is_a_failed_start),
		cmocka_unit_test(a_program_killed_by_its_filter_dies_of_SIGSYS),
	};

	if (sandbox_missing()) {
		print_message("skipped: %s\n", sandbox_missing());
		return 77;
	}
	int failed = cmocka_run_group_tests_name("the host's ids", tests, make_box, remove_box);

	if (sandbox_own_ids())
		failed += cmocka_run_group_tests_name("own ids", tests, make_box, remove_box);
	return failed;
}
