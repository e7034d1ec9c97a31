// SPDX-License-Identifier: GPL-2.0-or-later
/* Containers whose ids are not the host's: who owns what inside and outside, and why not. */
#include "runtime/base/cleanup.h"
#include "runtime/userns.h"
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
static char *argv[4];
static struct container_config config;

static int make_box(void **unused)
{
	sandbox_make(&box);
	config = sandbox_config(&box, argv, "");
	return 0;
}

static int remove_box(void **unused)
{
	sandbox_remove(&box);
	return 0;
}

static void run_script(const char *script, struct outcome *outcome)
{
	argv[2] = (char *)(uintptr_t)script;
	sandbox_run(&box, &config, outcome);
	if (outcome->prepared < 0 || outcome->started < 0)
		print_message("%s\n", outcome->fault.err.text);
	assert_int_equal(outcome->prepared, 0);
	assert_int_equal(outcome->started, 0);
}

static void root_inside_is_nobody_outside(void **unused)
{
	struct outcome outcome;

	run_script(
		"id -u; cat /proc/self/uid_map /proc/self/gid_map | grep -c '0 1879048192  *65536'",
		&outcome);
	assert_string_equal(outcome.out, "0\n2\n");
}

/* In every kind of root, and of everything the container's root owns in an ordinary system. */
static void what_is_roots_outside_is_roots_inside(void **unused)
{
	struct outcome outcome;

	for (int writable = 0; writable < 2; writable++) {
		config.read_only = !writable;
		run_script("stat -c %u:%g / /bin/busybox /etc/passwd /dev /dev/null /dev/shm",
			   &outcome);
		assert_string_equal(outcome.out, "0:0\n0:0\n0:0\n0:0\n0:0\n0:0\n");
	}
	config.root = CONTAINER_ROOT_HOST;
	argv[0] = (char *)(uintptr_t) "sh";
	run_script(
		"stat -c %u:%g / /usr/bin/env /etc /etc/passwd /etc/ssl /root /run /tmp; cd /root",
		&outcome);
	assert_string_equal(outcome.out, "0:0\n0:0\n0:0\n0:0\n0:0\n0:0\n0:0\n0:0\n");
}

static uid_t owner(const char *dir, const char *name)
{
	char path[160];
	struct stat st = {.st_uid = (uid_t)-1};

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	(void)lstat(path, &st);
	return st.st_uid;
}

static void on_disk_an_id_is_the_containers(void **unused)
{
	const struct container_mount mounts[] = {{.source = box.volume, .target = "/data"}};
	struct outcome outcome;

	config.mounts = mounts;
	config.mount_count = 1;
	config.read_only = false;
	config.layers_dir = box.layer;
	run_script("touch /data/made /in-layer; stat -c %u /data/kept /data/made", &outcome);
	assert_string_equal(outcome.out, "0\n0\n");
	assert_int_equal(owner(box.volume, "made"), 0);
	assert_int_equal(owner(box.layer, "upper/in-layer"), 0);
	int r = chmod(box.volume, 0777);

	assert_int_equal(r, 0);
	config.user = "web";
	run_script("touch /data/of-web", &outcome);
	assert_int_equal(owner(box.volume, "of-web"), 1000);
}

/* A mount point that a volume lacks is made as the container's root would. */
static void mount_points_in_a_volume_can_be_made(void **unused)
{
	const struct container_mount mounts[] = {
		{.source = box.volume, .target = "/data"},
		{.kind = CONTAINER_MOUNT_TMPFS, .target = "/data/cache/deep"},
	};
	struct outcome outcome;

	config.mounts = mounts;
	config.mount_count = 2;
	run_script("touch /data/cache/deep/x; stat -c %u /data/cache /data/cache/deep", &outcome);
	assert_string_equal(outcome.out, "0\n0\n");
	assert_int_equal(owner(box.volume, "cache"), 0);
}

static void standard_streams_can_be_opened_again(void **unused)
{
	struct outcome outcome;

	config.user = "web";
	run_script("echo out >/dev/stdout; echo err >/dev/stderr", &outcome);
	assert_string_equal(outcome.out, "out\nerr\n");
	struct stat st;

	assert_int_equal(stat("/dev/null", &st), 0);
	assert_int_equal(st.st_uid, 0);
}

static void a_port_below_1024_can_be_bound(void **unused)
{
	struct outcome outcome;

	run_script("cat /proc/sys/net/ipv4/ip_unprivileged_port_start", &outcome);
	assert_string_equal(outcome.out, "0\n");
}

static void an_administrator_inside_mounts_but_removes_nothing_of_ours(void **unused)
{
	static const char *const admin[] = {"CAP_SYS_ADMIN", NULL};
	struct outcome outcome;

	config.cap_add = admin;
	run_script("busybox mount -t tmpfs own /data && echo mounted; busybox umount /proc/keys;"
		   "busybox mount -o remount,bind,rw /proc/sys; busybox mount -t proc p /data;"
		   "echo x >/proc/sys/kernel/panic; wc -c </proc/keys",
		   &outcome);
	assert_non_null(strstr(outcome.out, "mounted\n"));
	assert_non_null(strstr(outcome.out, "umount: can't unmount /proc/keys"));
	assert_non_null(strstr(outcome.out, "mount: permission denied"));
	assert_non_null(strstr(outcome.out, "panic: Read-only"));
	assert_non_null(strstr(outcome.out, "\n0\n"));
}

/* The container is prepared, but with the host's ids, and says why. */
static void assert_shared(const char *why)
{
	struct container_plan *plan = NULL;
	struct container_fault fault;

	argv[2] = (char *)(uintptr_t) "true";
	assert_int_equal(container_prepare(&config, &plan, &fault), 0);
	assert_non_null(container_plan_shared_ids(plan));
	if (!strstr(container_plan_shared_ids(plan), why))
		print_message("told: %s\n", container_plan_shared_ids(plan));
	assert_non_null(strstr(container_plan_shared_ids(plan), why));
	container_plan_free(plan);
}

static void what_needs_the_hosts_ids_has_them_and_says_why(void **unused)
{
	static const char *const clock[] = {"CAP_SYS_TIME", NULL};
	const struct container_mount kernel = {.source = "/sys/kernel", .target = "/data"};

	config.cap_add = clock;
	assert_shared("CAP_SYS_TIME counts with the host's ids only");
	config.cap_add = NULL;
	config.host_network = true;
	assert_shared("the host's network knows the host's ids only");
	config.host_network = false;
	config.user = "70000";
	assert_shared("id 70000 is not among the 65536 that a stack has");
	config.user = "0:70001";
	assert_shared("id 70001 is not");
	config.user = NULL;
	config.mounts = &kernel;
	config.mount_count = 1;
	assert_shared("volume /sys/kernel: ids cannot be mapped on its file system");
	config.mount_count = 0;
	config.read_only = false;
	config.layers_dir = "/sys/kernel";
	assert_shared("writable layers /sys/kernel: ids cannot be mapped");
}

static void a_range_that_is_not_ours_is_refused(void **unused)
{
	struct err err;
	int fd = -1;

	assert_int_equal(userns_make(0xfffffff0, 65536, &fd, &err), -EINVAL);
	assert_non_null(strstr(err.text, "map ids 0 4294967280 65536: Invalid"));
	assert_int_equal(fd, -1);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static void a_network_can_belong_to_a_user_namespace(void **unused)
{
	autoclose int userns_fd = -1;
	autoclose int other_fd = -1;
	autoclose int network_fd = -1;
	autoclose int hosts_fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	struct err err = {0};

	assert_int_equal(userns_make(SANDBOX_FIRST_ID, 65536, &userns_fd, &err), 0);
	assert_int_equal(userns_make(SANDBOX_FIRST_ID, 65536, &other_fd, &err), 0);
	assert_int_equal(userns_make_network(userns_fd, &network_fd, &err), 0);
	assert_true(userns_owns(userns_fd, network_fd));
	assert_false(userns_owns(other_fd, network_fd));
	assert_false(userns_owns(userns_fd, hosts_fd));
	int fd = -1;

	assert_int_equal(userns_make_network(hosts_fd, &fd, &err), -EINVAL);
	assert_int_equal(fd, -1);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

int main(void)
{
#define WITH_BOX(test) cmocka_unit_test_setup_teardown(test, make_box, remove_box)
	const struct CMUnitTest tests[] = {
		WITH_BOX(root_inside_is_nobody_outside),
		WITH_BOX(what_is_roots_outside_is_roots_inside),
		WITH_BOX(on_disk_an_id_is_the_containers),
		WITH_BOX(mount_points_in_a_volume_can_be_made),
		WITH_BOX(standard_streams_can_be_opened_again),
		WITH_BOX(a_port_below_1024_can_be_bound),
		WITH_BOX(an_administrator_inside_mounts_but_removes_nothing_of_ours),
		WITH_BOX(what_needs_the_hosts_ids_has_them_and_says_why),
		cmocka_unit_test(a_network_can_belong_to_a_user_namespace),
		cmocka_unit_test(a_range_that_is_not_ours_is_refused),
	};
	const char *missing = sandbox_missing();

	if (missing || !sandbox_own_ids()) {
		printf("skipped: %s\n", missing ? missing : "no idmapped mounts of /var/tmp");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
