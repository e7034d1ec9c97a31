// SPDX-License-Identifier: GPL-2.0-or-later
/* Kernel settings, the out-of-memory score and namespaces shared with the host, from inside. */
#include "runtime/base/cleanup.h"
#include "runtime/userns.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/runtime/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct sandbox box;

static int make_box(void **unused)
{
	(void)unused;
	sandbox_make(&box);
	return 0;
}

static int remove_box(void **unused)
{
	(void)unused;
	sandbox_remove(&box);
	return 0;
}

static void run(const struct container_config *config, struct outcome *outcome)
{
	sandbox_run(&box, config, outcome);
	if (outcome->prepared < 0 || outcome->started < 0)
		print_message("%s\n", outcome->fault.err.text);
	assert_int_equal(outcome->prepared, 0);
	assert_int_equal(outcome->started, 0);
}

static void check_settings(const struct container_ids *ids)
{
	static const char *const sysctls[] = {"net.core.somaxconn=77", "net.ipv4.ip_forward=1",
					      "kernel.shmmni=55",      "kernel.sem=1 2 3 4",
					      "fs.mqueue.msg_max=12",  NULL};
	char *argv[4];
	struct container_config config = sandbox_config(
		&box, argv,
		"cd /proc/sys; cat net/core/somaxconn net/ipv4/ip_forward kernel/shmmni "
		"fs/mqueue/msg_max kernel/sem | tr '\\t\\n' '  '");
	struct outcome outcome;

	config.sysctls = sysctls;
	config.ids = ids;
	run(&config, &outcome);
	assert_string_equal(outcome.out, "77 1 55 12 1 2 3 4 ");
}

static void settings_of_its_own_namespaces_are_written(void **unused)
{
	(void)unused;
	check_settings(NULL);
}

static void settings_are_written_with_ids_of_its_own_too(void **unused)
{
	struct container_ids ids = {.first = 0x70010000, .count = 65536};
	struct err err;
	int fd = -1;

	(void)unused;
	if (userns_make(ids.first, ids.count, &fd, &err) < 0) {
		print_message("SKIP: no user namespace here: %s\n", err.text);
		skip();
	}
	ids.userns_fd = fd;
	check_settings(&ids);
	close(fd);
}

static void settings_of_the_host_are_refused(void **unused)
{
	static const char *const bad[] = {
		"kernel.core_pattern=|/x",
		"kernel.shmmax+core=1",
		"net.=1",
		"net..core.somaxconn=1",
		"net/core/somaxconn=1",
		"net.core.somaxconn",
		"net.core.somaxconn=1\n2",
		"vm.swappiness=1",
		"kernel.hostname=x",
		"kernel.shmmax2=1",
		"fs.mqueue=1",
		"=1",
		"",
		"net.../core=1",
	};
	char *argv[4];
	struct container_config config = sandbox_config(&box, argv, "true");
	struct outcome outcome;

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		const char *const sysctls[] = {"net.core.somaxconn=5", bad[i], NULL};

		config.sysctls = sysctls;
		sandbox_run(&box, &config, &outcome);
		assert_int_equal(outcome.prepared, -EINVAL);
		assert_int_equal(outcome.fault.item, CONTAINER_ITEM_SYSCTL);
		assert_int_equal(outcome.fault.index, 1);
	}
}

static void settings_of_a_shared_namespace_are_refused(void **unused)
{
	static const char *const network[] = {"net.core.somaxconn=5", NULL};
	static const char *const ipc[] = {"kernel.shmmni=5", NULL};
	char *argv[4];
	struct container_config config = sandbox_config(&box, argv, "true");
	struct outcome outcome;

	(void)unused;
	config.sysctls = network;
	config.host_network = true;
	sandbox_run(&box, &config, &outcome);
	assert_int_equal(outcome.prepared, -EINVAL);
	config.sysctls = ipc;
	config.host_network = false;
	config.host_ipc = true;
	sandbox_run(&box, &config, &outcome);
	assert_int_equal(outcome.prepared, -EINVAL);
}

static void a_setting_that_the_kernel_lacks_is_named(void **unused)
{
	static const char *const sysctls[] = {"net.no.such=1", NULL};
	char *argv[4];
	struct container_config config = sandbox_config(&box, argv, "true");
	struct outcome outcome;

	(void)unused;
	config.sysctls = sysctls;
	sandbox_run(&box, &config, &outcome);
	assert_int_equal(outcome.prepared, 0);
	assert_int_equal(outcome.started, -ENOENT);
	assert_int_equal(outcome.fault.item, CONTAINER_ITEM_SYSCTL);
	assert_string_equal(outcome.fault.err.text,
			    "sysctl net.no.such: No such file or directory");
}

static void the_out_of_memory_score_is_the_configured_one(void **unused)
{
	char *argv[4];
	struct container_config config = sandbox_config(&box, argv, "cat /proc/self/oom_score_adj");
	struct outcome outcome;

	(void)unused;
	config.oom_score_adj = 321;
	run(&config, &outcome);
	assert_string_equal(outcome.out, "321\n");
}

static void shared_memory_has_the_configured_size(void **unused)
{
	char *argv[4];
	struct container_config config =
		sandbox_config(&box, argv, "df -k /dev/shm | tail -n 1 | awk '{print $2}'");
	struct outcome outcome;

	(void)unused;
	run(&config, &outcome);
	assert_string_equal(outcome.out, "65536\n");
	config.shm_bytes = 1 << 20;
	run(&config, &outcome);
	assert_string_equal(outcome.out, "1024\n");
}

/* The number of a namespace of this process. */
static void own_namespace(const char *name, char text[64])
{
	char path[64];
	ssize_t len;

	snprintf(path, sizeof(path), "/proc/self/ns/%s", name);
	len = readlink(path, text, 63);
	assert_true(len > 0);
	text[len] = '\0';
}

static void namespaces_are_shared_with_the_host_when_asked_for(void **unused)
{
	static const char *const names[] = {"ipc", "uts", "cgroup"};
	char *argv[4];
	struct container_config config = sandbox_config(
		&box, argv, "for n in ipc uts cgroup; do readlink /proc/self/ns/$n; done");
	struct outcome outcome;
	char own[64];

	(void)unused;
	run(&config, &outcome);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		own_namespace(names[i], own);
		assert_null(strstr(outcome.out, own));
	}
	config.host_ipc = config.host_uts = config.host_cgroup = true;
	run(&config, &outcome);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		own_namespace(names[i], own);
		assert_non_null(strstr(outcome.out, own));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(settings_of_its_own_namespaces_are_written),
		cmocka_unit_test(settings_are_written_with_ids_of_its_own_too),
		cmocka_unit_test(settings_of_the_host_are_refused),
		cmocka_unit_test(settings_of_a_shared_namespace_are_refused),
		cmocka_unit_test(a_setting_that_the_kernel_lacks_is_named),
		cmocka_unit_test(the_out_of_memory_score_is_the_configured_one),
		cmocka_unit_test(shared_memory_has_the_configured_size),
		cmocka_unit_test(namespaces_are_shared_with_the_host_when_asked_for),
	};

	if (geteuid() != 0) {
		print_message("SKIP: starting containers needs root\n");
		return 77;
	}
	int failed = cmocka_run_group_tests_name("the host's ids", tests, make_box, remove_box);

	if (sandbox_own_ids())
		failed += cmocka_run_group_tests_name("own ids", tests, make_box, remove_box);
	return failed;
}
