// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The second wall of containers with the host's programs: what a descriptor of a directory of the
 * host's, which should never get in, is good for there. Standard input stands for the leak.
 */
#include "runtime/base/cleanup.h"
#include "runtime/landlock.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/runtime/sandbox.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct sandbox box;
static char *argv[4];
static struct container_config config;

static int make_box(void **unused)
{
	sandbox_make(&box);
	config = sandbox_config(&box, argv, "");
	config.root = CONTAINER_ROOT_HOST;
	argv[0] = (char *)(uintptr_t) "sh";
	return chmod(box.volume, 0777);
}

static int remove_box(void **unused)
{
	sandbox_remove(&box);
	return 0;
}

/* With the volume's directory as standard input. */
static void run_script(const char *script, struct outcome *outcome)
{
	autoclose int leak_fd = open(box.volume, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	argv[2] = (char *)(uintptr_t)script;
	sandbox_run_with(&box, &config, leak_fd, outcome);
	if (outcome->prepared < 0 || outcome->started < 0)
		print_message("%s\n", outcome->fault.err.text);
	assert_int_equal(outcome->prepared, 0);
	assert_int_equal(outcome->started, 0);
}

#define USE_LEAK "cat /proc/self/fd/0/kept; echo x >/proc/self/fd/0/made; ls /proc/self/fd/0/"

static bool was_made(void)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/made", box.volume);
	return access(path, F_OK) == 0;
}

/* What it is good for without the wall. */
static void a_leak_is_open_in_a_root_of_another_kind(void **unused)
{
	struct outcome outcome;

	config.root = CONTAINER_ROOT_DIR;
	argv[0] = (char *)(uintptr_t) "/bin/sh";
	run_script(USE_LEAK, &outcome);
	assert_non_null(strstr(outcome.out, "volume content\n"));
	assert_non_null(strstr(outcome.out, "kept\nmade\n"));
	assert_true(was_made());
}

static void a_leak_leads_nowhere(void **unused)
{
	struct outcome outcome;

	run_script(USE_LEAK, &outcome);
	assert_null(strstr(outcome.out, "volume content"));
	assert_null(strstr(outcome.out, "kept\n"));
	assert_non_null(strstr(outcome.out, "Permission denied"));
	assert_false(was_made());
}

static void what_is_the_containers_works_as_ever(void **unused)
{
	const struct container_mount mounts[] = {
		{.source = box.volume, .target = "/mnt"},
		{.source = box.volume, .target = "/srv", .read_only = true},
		{.kind = CONTAINER_MOUNT_TMPFS, .target = "/opt/deep"},
	};
	struct outcome outcome;

	config.mounts = mounts;
	config.mount_count = 3;
	run_script("set -e; echo 1 >/mnt/a; cat /srv/a /mnt/kept; mv /mnt/a /mnt/b; rm /mnt/b; "
		   "mkdir /tmp/d /run/d /opt/deep/d; echo 2 >/tmp/d/x; mv /tmp/d/x /tmp/y; "
		   "cat /tmp/y; echo 3 >/dev/null; echo 4 >/dev/shm/x; truncate -s 1 /var/tmp/t; "
		   "ls /usr/bin >/dev/null; echo 5 >/dev/stdout; echo 6 >/proc/self/oom_score_adj; "
		   "cat /etc/passwd >/dev/null; (echo x >/srv/no) 2>/dev/null || echo frozen",
		   &outcome);
	assert_string_equal(outcome.out, "1\nvolume content\n2\n5\nfrozen\n");
	assert_int_equal(outcome.status, 0);
}

static void who_may_mount_is_not_kept_from_it(void **unused)
{
	static const char *const admin[] = {"CAP_SYS_ADMIN", NULL};
	struct outcome outcome;

	config.cap_add = admin;
	run_script("mount -t tmpfs own /mnt && echo mounted", &outcome);
	assert_non_null(strstr(outcome.out, "mounted\n"));
}

int main(void)
{
#define WITH_BOX(test) cmocka_unit_test_setup_teardown(test, make_box, remove_box)
	const struct CMUnitTest tests[] = {
		WITH_BOX(a_leak_is_open_in_a_root_of_another_kind),
		WITH_BOX(a_leak_leads_nowhere),
		WITH_BOX(what_is_the_containers_works_as_ever),
		WITH_BOX(who_may_mount_is_not_kept_from_it),
	};
	const char *missing = sandbox_missing();

	if (!missing && landlock_version() == 0)
		missing = "a kernel without Landlock (CONFIG_SECURITY_LANDLOCK, lsm=)";
	if (missing) {
		printf("skipped: %s\n", missing);
		return 77;
	}
	int failed = cmocka_run_group_tests_name("the host's ids", tests, NULL, NULL);

	if (sandbox_own_ids())
		failed += cmocka_run_group_tests_name("own ids", tests, NULL, NULL);
	return failed;
}
