// SPDX-License-Identifier: GPL-2.0-or-later
/* What a group does and lacks, on whichever layout the kernel has. */
#include "runtime/base/cleanup.h"
#include "runtime/cgroup/cg_load.h"
#include "tests/unit/runtime/cg_world.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#define MIB (1024L * 1024)

static struct cg *make(const struct cg_limits *limits)
{
	struct cg *cg = NULL;
	struct err err = {0};

	if (cg_make(tree, "load-1", limits, &cg, &err) < 0)
		fail_msg("%s", err.text);
	return cg;
}

static void drop(struct cg *cg)
{
	struct err err = {0};
	int r;

	while ((r = cg_remove(cg, &err)) == -EBUSY)
		pause_ms(1);
	assert_int_equal(r, 0);
	cg_free(cg);
}

static struct cg_load load_of(const struct cg *cg)
{
	struct cg_load load;
	struct err err = {0};

	if (cg_load_read(cg, &load, &err) < 0)
		fail_msg("%s", err.text);
	return load;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void who_may_not_run_is_throttled_and_under_pressure(void **unused)
{
	struct cg *cg = make(&(struct cg_limits){.cpu_quota_usec = 5000, .cpu_period_usec = 50000});
	bool has_psi = access("/proc/pressure/cpu", R_OK) == 0;
	struct err err = {0};
	pid_t pid = fork();

	(void)unused;
	if (pid == 0)
		for (;;)
			;
	assert_int_equal(cg_join(cg, pid, &err), 0);
	struct cg_load load = load_of(cg);

	for (int i = 0; i < 200 && (load.throttled_usec == 0 || load.usage.cpu_usec < 10000); i++) {
		pause_ms(25);
		load = load_of(cg);
	}
	end(pid);
	uint64_t cpu_usec = 0;

	assert_int_equal(cg_load_cpu(cg, &cpu_usec, &err), 0);
	assert_true(cpu_usec >= load.usage.cpu_usec);
	uint64_t all_usec = 0;

	assert_int_equal(cg_load_cpu_all(tree, &all_usec, &err), 0);
	assert_true(all_usec >= cpu_usec);
	struct cg_usage usage;

	assert_int_equal(cg_load_use(cg, &usage, &err), 0);
	assert_true(usage.cpu_usec >= cpu_usec);
	assert_int_equal(usage.pids, 0);
	assert_true(load.throttled_usec > 0);
	assert_true(load.usage.cpu_usec >= 10000);
	if (cg_tree_layout(tree) == CG_V1 || !has_psi)
		assert_false(load.has_pressure);
	else if (load.has_pressure)
		assert_true(load.cpu.some_usec > 0);
	drop(cg);
}

/* A child of the group that has 8 MiB of a file in the page cache, written once. */
static pid_t write_file(struct cg *cg, const char *path)
{
	int ends[2];
	char byte = 0;
	struct err err = {0};

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	pid_t pid = fork();

	if (pid == 0) {
		static char block[MIB];
		int fd = -1;

		if (read(ends[1], &byte, 1) == 1)
			fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
		for (int i = 0; fd >= 0 && i < 8; i++)
			if (write(fd, block, sizeof(block)) < 0)
				_exit(1);
		(void)!write(ends[1], &byte, 1);
		pause();
		_exit(0);
	}
	assert_int_equal(cg_join(cg, pid, &err), 0);
	assert_int_equal(write(ends[0], &byte, 1), 1);
	assert_int_equal(read(ends[0], &byte, 1), 1);
	close(ends[0]);
	close(ends[1]);
	return pid;
}

/* Elsewhere the page cache is another's, or memory itself. */
static bool is_on_disk(const char *path)
{
	struct stat status;
	char device[64];

	if (stat(path, &status) < 0)
		return false;
	snprintf(device, sizeof(device), "/sys/dev/block/%u:%u", major(status.st_dev),
		 minor(status.st_dev));
	return access(device, F_OK) == 0;
}

static void what_nobody_touches_is_not_in_the_working_set(void **unused)
{
	if (!is_on_disk("/var/tmp")) {
		print_message("SKIP: /var/tmp is on no disk\n");
		skip();
	}
	struct cg *cg = make(&(struct cg_limits){.memory_bytes = 64 * MIB});
	char path[] = "/var/tmp/davit-test-load.XXXXXX";
	int fd = mkstemp(path);

	(void)unused;
	assert_true(fd >= 0);
	close(fd);
	pid_t pid = write_file(cg, path);
	const struct cg_load load = load_of(cg);

	end(pid);
	unlink(path);
	drop(cg);
	assert_true(load.usage.memory_bytes >= (uint64_t)(8 * MIB));
	assert_true(load.working_set_bytes + (uint64_t)(4 * MIB) <= load.usage.memory_bytes);
}

static void disks_are_counted_for_who_has_their_controller(void **unused)
{
	struct cg *cg = make(&(struct cg_limits){.pids = 5});

	(void)unused;
	const struct cg_load load = load_of(cg);

	assert_true(load.read_bytes == 0 && load.write_bytes == 0);
	if (cg_tree_layout(tree) != CG_V2)
		assert_false(load.has_io);
	drop(cg);
}

static void a_group_that_is_gone_has_no_load(void **unused)
{
	struct cg *cg = make(&(struct cg_limits){.pids = 5});
	struct cg_load load;
	struct err err = {0};

	(void)unused;
	assert_int_equal(cg_remove(cg, &err), 0);
	uint64_t cpu_usec = 0;

	assert_int_equal(cg_load_read(cg, &load, &err), -ENOENT);
	assert_int_equal(cg_load_cpu(cg, &cpu_usec, &err), -ENOENT);
	assert_int_equal(cg_load_use(cg, &load.usage, &err), -ENOENT);
	cg_free(cg);
}

static void a_group_that_was_read_and_is_gone_has_no_load_either(void **unused)
{
	struct cg *cg = make(&(struct cg_limits){.pids = 5});
	struct cg_usage usage;
	struct err err = {0};

	(void)unused;
	assert_int_equal(cg_load_use(cg, &usage, &err), 0);
	assert_int_equal(cg_remove(cg, &err), 0);
	assert_int_equal(cg_load_use(cg, &usage, &err), -ENOENT);
	cg_free(cg);
}

static int lowest_free(void)
{
	int fd = open("/dev/null", O_PATH | O_CLOEXEC);

	close(fd);
	return fd;
}

static void files_stay_open_only_while_there_are_descriptors_in_plenty(void **unused)
{
	struct cg *cg = make(&(struct cg_limits){.pids = 5});
	int lowest = lowest_free();
	struct rlimit few = {0};
	struct cg_usage usage;
	struct err err = {0};

	(void)unused;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &few), 0);
	const struct rlimit plenty = few;

	few.rlim_cur = (rlim_t)lowest * 2;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	assert_int_equal(cg_load_use(cg, &usage, &err), 0);
	assert_int_equal(lowest_free(), lowest);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &plenty), 0);
	assert_int_equal(cg_load_use(cg, &usage, &err), 0);
	int then = lowest_free();

	assert_true(then > lowest);
	assert_int_equal(cg_load_use(cg, &usage, &err), 0);
	assert_int_equal(lowest_free(), then);
	drop(cg);
	assert_true(lowest_free() <= lowest);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_may_not_run_is_throttled_and_under_pressure),
		cmocka_unit_test(what_nobody_touches_is_not_in_the_working_set),
		cmocka_unit_test(disks_are_counted_for_who_has_their_controller),
		cmocka_unit_test(a_group_that_is_gone_has_no_load),
		cmocka_unit_test(a_group_that_was_read_and_is_gone_has_no_load_either),
		cmocka_unit_test(files_stay_open_only_while_there_are_descriptors_in_plenty),
	};

	if (geteuid() != 0) {
		print_message("SKIP: making control groups needs root\n");
		return 77;
	}
	snprintf(top, sizeof(top), "davit-test-ld-%d", getpid());
	snprintf(stack, sizeof(stack), "%s/stack", top);
	return cmocka_run_group_tests_name("load", tests, world_set_up, world_tear_down);
}
