// SPDX-License-Identifier: GPL-2.0-or-later
/* Devices of the host's in a container, and the filter that keeps all others out. */
#include "runtime/base/cleanup.h"
#include "runtime/devices.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/runtime/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

static struct sandbox box;
static char *argv[4];
static struct container_config config;
static struct cg_tree *tree;
static struct cg *group;

static int make_box(void **unused)
{
	const struct cg_limits limits = {.pids = 64};
	struct err err;
	char name[48];

	sandbox_make(&box);
	config = sandbox_config(&box, argv, "");
	snprintf(name, sizeof(name), "davit-test-devices-%d", getpid());
	if (cg_tree_open(name, &tree, &err) == 0 &&
	    cg_make(tree, "run", &limits, &group, &err) == 0)
		return 0;
	print_message("%s\n", err.text);
	return -1;
}

static int remove_box(void **unused)
{
	struct err err;

	cg_free(group);
	while (cg_tree_remove(tree, &err) == -EBUSY)
		usleep(1000);
	cg_tree_close(tree);
	sandbox_remove(&box);
	return 0;
}

static void run_script(const char *script, const struct cg *cg, struct outcome *outcome)
{
	argv[2] = (char *)(uintptr_t)script;
	sandbox_run_in(&box, &config, cg, outcome);
	if (outcome->prepared < 0 || outcome->started < 0)
		print_message("%s\n", outcome->fault.err.text);
	assert_int_equal(outcome->prepared, 0);
	assert_int_equal(outcome->started, 0);
}

static void skip_without_filter(void)
{
	int fd = -1;
	struct err err;

	if (cg_clone_fd(group) < 0 || devices_load(NULL, 0, &fd, &err) < 0)
		skip(); /* no cgroup2 mount, or a kernel without CONFIG_CGROUP_BPF */
	fd_drop(&fd);
}

/* Everything a process needs of a device works, with and without the filter. */
static void the_harmless_devices_work(void **unused)
{
	struct outcome outcome;

	run_script("echo x >/dev/null && wc -c </dev/null && head -c 3 /dev/zero | wc -c && "
		   "head -c 2 /dev/urandom | wc -c && : </dev/full",
		   group, &outcome);
	assert_string_equal(outcome.out, "0\n3\n2\n");
	assert_int_equal(outcome.status, 0);
}

/* Shown with the capability for it, so that it is the filter that refuses. */
static void no_other_device_can_be_made(void **unused)
{
	static const char *const mknod[] = {"CAP_MKNOD", NULL};
	const char *script = "busybox mknod /data/disk b 7 200; busybox mknod /data/mem c 1 1; "
			     "busybox mknod /data/null c 1 3; ls /data; busybox rm -f /data/*";
	struct outcome outcome;

	skip_without_filter();
	config.cap_add = mknod;
	config.read_only = false;
	run_script(script, NULL, &outcome);
	assert_string_equal(outcome.out, "disk\nmem\nnull\n");
	run_script(script, group, &outcome);
	assert_non_null(strstr(outcome.out, "/data/disk: Operation not permitted"));
	assert_non_null(strstr(outcome.out, "/data/mem: Operation not permitted"));
	assert_non_null(strstr(outcome.out, "\nnull\n"));
}

static void a_configured_device_is_there_as_it_is_on_the_host(void **unused)
{
	const struct container_device devices[] = {
		{.source = "/dev/kmsg", .target = "/dev/log/kernel", .read = true},
		{.source = "/dev/zero", .target = "/dev/zeros", .read = true, .write = true},
	};
	struct outcome outcome;
	struct stat st;

	assert_int_equal(stat("/dev/kmsg", &st), 0);
	config.devices = devices;
	config.device_count = 2;
	run_script("stat -c '%F %t:%T %u:%g' /dev/log/kernel; head -c 4 /dev/zeros | wc -c", group,
		   &outcome);
	assert_non_null(strstr(outcome.out, "character special file 1:b 0:"));
	assert_non_null(strstr(outcome.out, "\n4\n"));
}

static void a_directory_stands_for_the_devices_in_it(void **unused)
{
	const struct container_device device = {
		.source = box.volume, .target = "/dev/many", .read = true};
	struct outcome outcome;
	char path[160];

	snprintf(path, sizeof(path), "%s/deeper", box.volume);
	assert_int_equal(mkdir(path, 0755), 0);
	snprintf(path, sizeof(path), "%s/deeper/zero", box.volume);
	assert_int_equal(mknod(path, S_IFCHR | 0604, makedev(1, 5)), 0);
	config.devices = &device;
	config.device_count = 1;
	run_script("ls /dev/many; stat -c %a /dev/many/deeper/zero; "
		   "head -c 2 /dev/many/deeper/zero | wc -c",
		   group, &outcome);
	assert_string_equal(outcome.out, "deeper\n604\n2\n");
}

static void a_device_is_used_only_as_it_was_given(void **unused)
{
	const struct container_device device = {
		.source = "/dev/kmsg", .target = "/dev/kmsg", .write = true};
	struct outcome outcome;

	skip_without_filter();
	config.devices = &device;
	config.device_count = 1;
	run_script("head -c 1 /dev/kmsg; : >>/dev/kmsg && echo written", group, &outcome);
	assert_non_null(strstr(outcome.out, "head: /dev/kmsg: Operation not permitted"));
	assert_non_null(strstr(outcome.out, "written\n"));
}

static void assert_fault(const struct container_device *device, const char *text)
{
	struct container_plan *plan = NULL;
	struct container_fault fault;
	const struct container_device devices[] = {
		{.source = "/dev/null", .target = "/dev/null", .read = true}, *device};

	config.devices = devices;
	config.device_count = 2;
	argv[2] = (char *)(uintptr_t) "true";
	assert_true(container_prepare(&config, &plan, &fault) < 0);
	if (!strstr(fault.err.text, text))
		print_message("told: %s\n", fault.err.text);
	assert_non_null(strstr(fault.err.text, text));
	assert_int_equal(fault.item, CONTAINER_ITEM_DEVICE);
	assert_int_equal(fault.index, 1);
	config.device_count = 0;
}

static void what_is_no_device_is_refused_by_its_name(void **unused)
{
	assert_fault(&(struct container_device){.source = "/dev/nothing", .target = "/dev/x"},
		     "device /dev/nothing: No such file");
	assert_fault(&(struct container_device){.source = "/etc/passwd", .target = "/dev/x"},
		     "device /etc/passwd: is none");
	assert_fault(&(struct container_device){.source = "/dev/null", .target = "/etc/null"},
		     "device /etc/null: must be below /dev");
	assert_fault(&(struct container_device){.source = "/dev/zero", .target = "/dev/full"},
		     "device /dev/full: every container has its own");
	assert_fault(&(struct container_device){.source = "/dev/null", .target = "/dev/null/x"},
		     "device /dev/null/x: Not a directory");
}

int main(void)
{
#define WITH_BOX(test) cmocka_unit_test_setup_teardown(test, make_box, remove_box)
	const struct CMUnitTest tests[] = {
		WITH_BOX(the_harmless_devices_work),
		WITH_BOX(no_other_device_can_be_made),
		WITH_BOX(a_configured_device_is_there_as_it_is_on_the_host),
		WITH_BOX(a_directory_stands_for_the_devices_in_it),
		WITH_BOX(a_device_is_used_only_as_it_was_given),
		WITH_BOX(what_is_no_device_is_refused_by_its_name),
	};
	const char *missing = sandbox_missing();

	if (missing) {
		printf("skipped: %s\n", missing);
		return 77;
	}
	int failed = cmocka_run_group_tests_name("the host's ids", tests, NULL, NULL);

	if (sandbox_own_ids())
		failed += cmocka_run_group_tests_name("own ids", tests, NULL, NULL);
	return failed;
}
