// SPDX-License-Identifier: GPL-2.0-or-later
/* The rarer limits of groups on the real kernel, on whichever layout it has. */
#include "runtime/base/cleanup.h"
#include "runtime/cgroup/cg_io.h"
#include "runtime/cgroup/cg_shown.h"
#include "tests/unit/runtime/cg_world.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MIB (1024L * 1024)

static struct cg *make(const char *name, struct cg_limits limits)
{
	struct cg *cg = NULL;
	struct err err = {0};

	if (cg_make(tree, name, &limits, &cg, &err) < 0)
		fail_msg("%s", err.text);
	return cg;
}

static void drop(struct cg *cg)
{
	struct err err = {0};

	if (cg_remove(cg, &err) < 0)
		fail_msg("%s", err.text);
	cg_free(cg);
}

static void weights_quotas_and_reserved_memory_are_written(void **unused)
{
	struct cg *cg = make("web-1", (struct cg_limits){.cpu_quota_usec = 20000,
							 .cpu_period_usec = 50000,
							 .cpu_shares = 2048,
							 .memory_bytes = 64 * MIB,
							 .memory_low_bytes = 32 * MIB,
							 .memory_high_bytes = 48 * MIB,
							 .memory_swap_bytes = 80 * MIB});
	struct err err = {0};

	if (cg_tree_layout(tree) == CG_V2) {
		assert_string_equal(control("web-1", "cpu.max"), "20000 50000");
		assert_string_equal(control("web-1", "cpu.weight"), "200");
		assert_string_equal(control("web-1", "memory.low"), "33554432");
		assert_string_equal(control("web-1", "memory.high"), "50331648");
		assert_string_equal(control("web-1", "memory.swap.max"), "16777216");
		assert_string_equal(control("", "memory.low"), "33554432");
		assert_string_equal(control("..", "memory.low"), "33554432");
	} else {
		assert_string_equal(control("web-1", "cpu.cfs_quota_us"), "20000");
		assert_string_equal(control("web-1", "cpu.cfs_period_us"), "50000");
		assert_string_equal(control("web-1", "cpu.shares"), "2048");
		assert_string_equal(control("web-1", "memory.soft_limit_in_bytes"), "33554432");
		assert_string_equal(control("web-1", "memory.memsw.limit_in_bytes"), "83886080");
	}
	assert_int_equal(cg_limit(cg,
				  &(struct cg_limits){.cpu_quota_usec = -1,
						      .memory_bytes = 64 * MIB,
						      .memory_swap_bytes = -1},
				  &err),
			 0);
	if (cg_tree_layout(tree) == CG_V2) {
		assert_string_equal(control("web-1", "cpu.max"), "max 100000");
		assert_string_equal(control("web-1", "cpu.weight"), "100");
		assert_string_equal(control("web-1", "memory.high"), "max");
		assert_string_equal(control("web-1", "memory.swap.max"), "max");
		assert_string_equal(control("", "memory.low"), "0");
	} else {
		assert_string_equal(control("web-1", "cpu.cfs_quota_us"), "-1");
		assert_string_equal(control("web-1", "cpu.shares"), "1024");
	}
	drop(cg);
}

static void memory_is_kept_for_all_groups_of_the_tree_together(void **unused)
{
	struct cg *first = make("web-1", (struct cg_limits){.memory_low_bytes = 4 * MIB});
	struct cg *second = make("web-2", (struct cg_limits){.memory_low_bytes = 8 * MIB});

	if (cg_tree_layout(tree) == CG_V2)
		assert_string_equal(control("", "memory.low"), "12582912");
	drop(first);
	if (cg_tree_layout(tree) == CG_V2)
		assert_string_equal(control("", "memory.low"), "8388608");
	drop(second);
}

static void a_group_runs_on_its_processors_only(void **unused)
{
	struct cg *other = make("web-2", (struct cg_limits){0});
	struct cg *cg = make("web-1", (struct cg_limits){.cpus = "0"});
	struct err err = {0};
	cpu_set_t cpus;
	pid_t pid = fork();

	if (pid == 0)
		_exit(cg_join_self(cg, NULL) < 0 || sched_getaffinity(0, sizeof(cpus), &cpus) < 0 ||
		      CPU_COUNT(&cpus) != 1 || !CPU_ISSET(0, &cpus) ||
		      cg_join_self(other, NULL) < 0);
	int status = 0;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	/* Only version 1 is joined by the child itself. */
	if (cg_tree_layout(tree) != CG_V2)
		assert_int_equal(status, 0);
	assert_string_equal(control("web-1", "cpuset.cpus"), "0");
	drop(cg);
	drop(other);
	assert_int_equal(cg_make(tree, "web-1", &(struct cg_limits){.cpus = "0,8000"}, &cg, &err),
			 -ERANGE);
	assert_non_null(strstr(err.text, "there is no processor 8000, only 0"));
	assert_null(control("web-1", "cpuset.cpus"));
}

/* A disk of the machine's, whichever; false where it has none. */
static bool find_disk(char *path, size_t size)
{
	autodir DIR *dir = opendir("/sys/block");

	for (struct dirent *entry; dir && (entry = readdir(dir));) {
		snprintf(path, size, "/dev/%.200s", entry->d_name);
		if (entry->d_name[0] != '.' && access(path, F_OK) == 0)
			return true;
	}
	return false;
}

static void devices_have_rates_and_weights_on_demand(void **unused)
{
	char disk[256];

	if (!find_disk(disk, sizeof(disk))) {
		print_message("SKIP: there is no block device\n");
		skip();
	}
	const struct cg_io io[] = {{CG_IO_READ_BPS, disk, 1 << 20},
				   {CG_IO_WRITE_IOPS, disk, 50},
				   {CG_IO_WRITE_BPS, disk, 0},
				   {CG_IO_WEIGHT, disk, 500}};
	const struct cg_limits limits = {.io_weight = 100, .io = io, .io_count = ARRAY_SIZE(io)};
	struct cg *other = make("web-2", (struct cg_limits){0});
	struct cg *cg = make("web-1", limits);
	bool v2 = cg_tree_layout(tree) == CG_V2;
	const char *text = control("web-1", v2 ? "io.max" : "blkio.throttle.read_bps_device");

	assert_non_null(text);
	assert_non_null(
		strstr(text, v2 ? " rbps=1048576 wbps=max riops=max wiops=50" : " 1048576"));
	if (!v2) {
		text = control("web-1", "blkio.throttle.write_iops_device");
		assert_non_null(strstr(text, " 50"));
		assert_null(control("web-2", "blkio.throttle.read_bps_device"));
		assert_null(control("web-1", "blkio.throttle.write_bps_device"));
	}
	text = control("web-1", v2 ? "io.weight" : "blkio.bfq.weight");
	if (text)
		assert_string_equal(text, v2 ? "default 910" : "100");
	drop(cg);
	drop(other);
	assert_null(control("web-1", v2 ? "io.max" : "blkio.throttle.read_bps_device"));
}

static void devices_are_checked_before_a_group_is_made(void **unused)
{
	struct cg_io io[] = {{CG_IO_READ_BPS, "/dev/null", 1}};
	const struct cg_limits limits = {.io = io, .io_count = 1};
	unsigned index = 9;
	struct cg *cg = NULL;
	struct err err = {0};

	assert_int_equal(cg_io_check(tree, &(struct cg_limits){0}, &index, &err), 0);
	assert_int_equal(cg_io_check(tree, &limits, &index, &err), -ENXIO);
	assert_int_equal(index, 0);
	assert_string_equal(err.text, "device /dev/null: is no disk");
	io[0].device = "/dev/none";
	assert_int_equal(cg_io_check(tree, &limits, &index, &err), -ENXIO);
	assert_non_null(strstr(err.text, "device /dev/none: "));
	assert_int_equal(cg_make(tree, "web-1", &limits, &cg, &err), -ENXIO);
	assert_null(control("web-1", "cgroup.procs"));
}

static void a_group_shows_itself_on_the_hierarchies_of_v1(void **unused)
{
	(void)unused;
	struct cg *cg = make("web-1", (struct cg_limits){.pids = 7});
	const char *name = NULL;
	bool pids = false;
	unsigned i = 0;

	for (int fd = 0; fd != -ERANGE; i++) {
		fd = cg_open_shown(cg, i, &name);
		assert_true(fd >= 0 || fd == -ENOENT || fd == -ERANGE);
		pids = pids || (fd >= 0 && faccessat(fd, "pids.max", F_OK, 0) == 0);
		if (fd >= 0) {
			assert_null(strchr(name, '/'));
			close(fd);
		}
	}
	assert_true(i <= CG_SHOWN_MAX + 1);
	assert_int_equal(pids, cg_tree_layout(tree) != CG_V2);
	drop(cg);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(weights_quotas_and_reserved_memory_are_written),
		cmocka_unit_test(memory_is_kept_for_all_groups_of_the_tree_together),
		cmocka_unit_test(a_group_runs_on_its_processors_only),
		cmocka_unit_test(devices_have_rates_and_weights_on_demand),
		cmocka_unit_test(devices_are_checked_before_a_group_is_made),
		cmocka_unit_test(a_group_shows_itself_on_the_hierarchies_of_v1),
	};

	if (geteuid() != 0) {
		print_message("SKIP: making control groups needs root\n");
		return 77;
	}
	snprintf(top, sizeof(top), "davit-test-cl-%d", getpid());
	snprintf(stack, sizeof(stack), "%s/stack", top);
	return cmocka_run_group_tests_name("limits", tests, world_set_up, world_tear_down);
}
