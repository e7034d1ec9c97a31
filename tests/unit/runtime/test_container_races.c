// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Mount points in a volume that somebody else changes at the same moment (CVE-2021-30465,
 * CVE-2024-45310): a process exchanges a directory with a link that leads out of the volume, again
 * and again, while containers are started that have a mount below it.
 */
#include "runtime/base/cleanup.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/runtime/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define STARTS 300

static struct sandbox box;
static char outside[128];
static pid_t spinner;

static void spin(const char *dir, const char *link)
{
	for (;;)
		(void)syscall(SYS_renameat2, AT_FDCWD, dir, AT_FDCWD, link, RENAME_EXCHANGE);
}

static int start_spinner(void **unused)
{
	char dir[160];
	char link[160];

	sandbox_make(&box);
	snprintf(outside, sizeof(outside), "%s/outside", box.base);
	snprintf(dir, sizeof(dir), "%s/spin", box.volume);
	snprintf(link, sizeof(link), "%s/link", box.volume);
	if (mkdir(outside, 0755) < 0 || mkdir(dir, 0755) < 0 || symlink(outside, link) < 0)
		return -1;
	spinner = fork();
	if (spinner == 0)
		spin(dir, link);
	return spinner < 0 ? -1 : 0;
}

static int stop_spinner(void **unused)
{
	int status;

	kill(spinner, SIGKILL);
	waitpid(spinner, &status, 0);
	sandbox_remove(&box);
	return 0;
}

static size_t count_outside(void)
{
	autodir DIR *dir = opendir(outside);
	size_t count = 0;

	while (dir && readdir(dir))
		count++;
	return count - 2;
}

/* Making a path component by component as a shell would. */
static void a_path_that_is_followed_leads_out(void **unused)
{
	char path[192];

	for (int i = 0; i < 200000 && count_outside() == 0; i++) {
		snprintf(path, sizeof(path), "%s/spin/%d", box.volume, i);
		(void)mkdir(path, 0755);
		sched_yield(); /* the spinner may have to share our processor */
	}
	assert_int_not_equal(count_outside(), 0);
}

/* The link may lead to a place of that name in the container's own root; what is mounted there or
 * anywhere is never the host's. */
static void check_mounts(const char *mountinfo, unsigned *ret_mounted)
{
	for (const char *line = mountinfo; line; line = strchr(line, '\n')) {
		char root[128] = "";
		char place[128] = "";

		line += *line == '\n';
		if (sscanf(line, "%*d %*d %*s %127s %127s", root, place) != 2)
			continue;
		assert_null(strstr(root, "outside"));
		*ret_mounted += strstr(place, "inner") != NULL;
	}
}

static void no_mount_point_leads_out_of_its_volume(void **unused)
{
	const struct container_mount mounts[] = {
		{.source = box.volume, .target = "/data"},
		{.kind = CONTAINER_MOUNT_TMPFS, .target = "/data/spin/inner"},
	};
	char *argv[4];
	struct container_config config = sandbox_config(&box, argv, "cat /proc/self/mountinfo");
	unsigned mounted = 0;

	config.mounts = mounts;
	config.mount_count = 2;
	for (int i = 0; i < STARTS; i++) {
		struct outcome outcome;

		config.read_only = i % 2;
		sandbox_run(&box, &config, &outcome);
		if (outcome.prepared == 0 && outcome.started == 0)
			check_mounts(outcome.out, &mounted);
	}
	print_message("mounted %u times of %d\n", mounted, STARTS);
	assert_int_equal(count_outside(), 0);
}

int main(void)
{
#define WITH_SPINNER(test) cmocka_unit_test_setup_teardown(test, start_spinner, stop_spinner)
	const struct CMUnitTest tests[] = {
		WITH_SPINNER(a_path_that_is_followed_leads_out),
		WITH_SPINNER(no_mount_point_leads_out_of_its_volume),
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
