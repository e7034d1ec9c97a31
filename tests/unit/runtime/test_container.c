// SPDX-License-Identifier: GPL-2.0-or-later
/* Starts real containers and looks at them from inside. */
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

static void run_script(const char *script, struct outcome *outcome)
{
	char *argv[4];
	const struct container_config config = sandbox_config(&box, argv, script);

	sandbox_run(&box, &config, outcome);
	if (outcome->prepared < 0 || outcome->started < 0)
		print_message("%s\n", outcome->fault.err.text);
	assert_int_equal(outcome->prepared, 0);
	assert_int_equal(outcome->started, 0);
}

#define assert_says(outcome, text)                                                                 \
	do {                                                                                       \
		if (!strstr((outcome).out, (text)))                                                \
			print_message("said: %s\n", (outcome).out);                                \
		assert_non_null(strstr((outcome).out, (text)));                                    \
	} while (0)
#define assert_not_says(outcome, text)                                                             \
	do {                                                                                       \
		if (strstr((outcome).out, (text)))                                                 \
			print_message("said: %s\n", (outcome).out);                                \
		assert_null(strstr((outcome).out, (text)));                                        \
	} while (0)

static size_t count_entries(const char *path)
{
	autodir DIR *dir = opendir(path);
	size_t count = 0;

	while (dir && readdir(dir))
		count++;
	return count;
}

static size_t count_lines(const char *path)
{
	autofile FILE *file = fopen(path, "re");
	size_t count = 0;

	for (int c; file && (c = fgetc(file)) != EOF;)
		count += c == '\n';
	return count;
}

/* What must be the same before and after: descriptors, mounts, children. */
struct balance {
	size_t fds;
	size_t mounts;
};

static struct balance balance_take(void)
{
	return (struct balance){count_entries("/proc/self/fd"), count_lines("/proc/self/mounts")};
}

static void assert_balanced(struct balance before)
{
	struct balance after = balance_take();

	assert_int_equal(after.fds, before.fds);
	assert_int_equal(after.mounts, before.mounts);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	assert_int_equal(count_entries(box.state), 2);
}

static void the_program_runs_and_its_exit_code_comes_back(void **unused)
{
	struct balance before = balance_take();
	struct outcome outcome;

	run_script("echo hello; exit 7", &outcome);
	assert_string_equal(outcome.out, "hello\n");
	assert_int_equal(WEXITSTATUS(outcome.status), 7);
	assert_balanced(before);
}

static void namespaces_are_its_own(void **unused)
{
	static const char *const names[] = {"mnt", "pid", "net", "uts", "ipc", "cgroup"};
	struct outcome outcome;

	run_script("ls -l /proc/self/ns", &outcome);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char path[40];
		char link[40] = "";

		snprintf(path, sizeof(path), "/proc/self/ns/%s", names[i]);
		assert_true(readlink(path, link, sizeof(link) - 1) > 0);
		assert_not_says(outcome, link);
		assert_says(outcome, names[i]);
	}
}

static void privileges_are_given_up(void **unused)
{
	struct outcome outcome;

	run_script("cat /proc/self/status", &outcome);
	assert_says(outcome, "NoNewPrivs:\t1");
	assert_says(outcome, "Seccomp:\t2");
	/* chown dac_override fowner fsetid kill setgid setuid setpcap net_bind_service sys_chroot
	 * setfcap */
	assert_says(outcome, "CapEff:\t00000000800405fb");
	assert_says(outcome, "CapBnd:\t00000000800405fb");
	assert_says(outcome, "CapInh:\t0000000000000000");
	assert_says(outcome, "CapAmb:\t0000000000000000");
	assert_says(outcome, "SigBlk:\t0000000000000000");
}

static void capabilities_follow_the_configuration(void **unused)
{
	static const char *const all[] = {"ALL", NULL};
	static const char *const bind[] = {"CAP_NET_BIND_SERVICE", NULL};
	struct outcome outcome;
	char *argv[4];
	struct container_config config = sandbox_config(&box, argv, "cat /proc/self/status");

	config.cap_drop = all;
	config.cap_add = bind;
	sandbox_run(&box, &config, &outcome);
	assert_says(outcome, "CapEff:\t0000000000000400");
	assert_says(outcome, "CapBnd:\t0000000000000400");
	config.user = "web";
	sandbox_run(&box, &config, &outcome);
	assert_says(outcome, "CapEff:\t0000000000000400");
	assert_says(outcome, "CapAmb:\t0000000000000400");
	config.cap_drop = NULL;
	config.cap_add = NULL;
	sandbox_run(&box, &config, &outcome);
	assert_says(outcome, "CapEff:\t0000000000000000");
	assert_says(outcome, "CapPrm:\t0000000000000000");
	assert_says(outcome, "CapInh:\t0000000000000000");
}

static void only_the_standard_streams_are_open(void **unused)
{
	struct outcome outcome;

	run_script("ls /proc/$$/fd; :", &outcome);
	assert_string_equal(outcome.out, "0\n1\n2\n");
}

static void the_kernel_is_protected(void **unused)
{
	struct outcome outcome;

	run_script("echo 1 > /proc/sys/kernel/panic; echo 1 > /proc/irq/default_smp_affinity;"
		   "wc -c < /proc/keys; ls /sys/firmware | wc -l; touch /sys/x; touch /dev/x; "
		   "touch /x",
		   &outcome);
	assert_says(outcome, "/proc/sys/kernel/panic: Read-only");
	assert_says(outcome, "/proc/irq/default_smp_affinity: Read-only");
	assert_says(outcome, "\n0\n0\n");
	assert_says(outcome, "touch: /sys/x: ");
	assert_says(outcome, "touch: /dev/x: Read-only");
	assert_says(outcome, "touch: /x: Read-only");
}

static void names_come_from_the_run(void **unused)
{
	struct outcome outcome;

	run_script("cat /etc/hostname /etc/hosts; env | grep -E '^(HO|PATH)'", &outcome);
	assert_says(outcome, "box-1\n127.0.0.1 localhost\n10.9.8.7 peer\n");
	assert_says(outcome, "HOSTNAME=box-1\n");
	assert_says(outcome, "HOME=/root\n");
	assert_says(outcome, "PATH=/usr/local/sbin:/");
	run_script("echo x > /etc/hosts", &outcome);
	assert_says(outcome, "Read-only");
}

static void the_environment_of_a_run_is_on_top_of_the_plans(void **unused)
{
	char *argv[4];
	char *envp[] = {(char *)(uintptr_t) "OF_THE_RUN=no", (char *)(uintptr_t) "OF_THE_RUNS=2",
			NULL};
	struct container_config config = sandbox_config(&box, argv, "env | grep OF_THE");
	struct outcome outcome;

	config.envp = envp;
	sandbox_run(&box, &config, &outcome);
	assert_says(outcome, "OF_THE_RUN=yes\n");
	assert_says(outcome, "OF_THE_RUNS=2\n");
	assert_not_says(outcome, "OF_THE_RUN=no");
}

static void the_user_is_looked_up_in_the_root(void **unused)
{
	struct outcome outcome;
	char *argv[4];
	struct container_config config = sandbox_config(
		&box, argv, "grep -E '^(Uid|Gid|Groups)' /proc/self/status; echo $HOME; umask");

	config.user = "web";
	sandbox_run(&box, &config, &outcome);
	assert_string_equal(outcome.out, "Uid:\t1000\t1000\t1000\t1000\n"
					 "Gid:\t1001\t1001\t1001\t1001\n"
					 "Groups:\t1002 \n/data\n0022\n");
	config.user = "5:logs";
	sandbox_run(&box, &config, &outcome);
	assert_string_equal(outcome.out, "Uid:\t5\t5\t5\t5\nGid:\t1002\t1002\t1002\t1002\n"
					 "Groups:\t \n/\n0022\n");
}

static void the_root_directory_is_never_written(void **unused)
{
	struct outcome outcome;
	char *argv[4];
	struct container_config config = sandbox_config(
		&box, argv, "echo x > /new && echo y > /etc/passwd && cat /new; ls /");

	config.read_only = false;
	sandbox_run(&box, &config, &outcome);
	assert_int_equal(outcome.prepared, 0);
	assert_int_equal(outcome.status, 0);
	assert_says(outcome, "x\n");
	assert_int_equal(count_entries(box.root), 5);
	char path[128];

	snprintf(path, sizeof(path), "%s/upper/new", box.layer);
	assert_int_equal(access(path, F_OK), 0);
}

static void nothing_of_the_host_is_mounted_or_named(void **unused)
{
	struct outcome outcome;
	char *argv[4];
	struct container_config config =
		sandbox_config(&box, argv, "cat /proc/mounts; wc -l < /proc/self/mountinfo");

	for (int writable = 0; writable < 2; writable++) {
		config.read_only = !writable;
		sandbox_run(&box, &config, &outcome);
		assert_int_equal(outcome.prepared, 0);
		assert_not_says(outcome, box.base);
		assert_not_says(outcome, " ext4 rw");
		char *last = strrchr(outcome.out, ' ');

		assert_true(strtol(strchr(last, '\n'), NULL, 10) < 30);
	}
}

static void volumes_are_mounted_as_asked(void **unused)
{
	const struct container_mount mounts[] = {
		{.source = box.volume, .target = "/data/deep/er"},
		{.source = box.volume, .target = "/frozen", .read_only = true},
		{.kind = CONTAINER_MOUNT_TMPFS,
		 .target = "/scratch",
		 .bytes = 1 << 20,
		 .mode = 0700},
		{.source = box.volume, .target = "/scratch/inner"},
	};
	struct outcome outcome;
	char *argv[4];
	struct container_config config = sandbox_config(
		&box, argv,
		"cat /data/deep/er/kept; echo new > /data/deep/er/made; cat /frozen/made;"
		"touch /frozen/x; stat -c %a /scratch; df -k /scratch; cat /scratch/inner/kept;"
		"grep -c nosuid,nodev /proc/mounts");

	config.mounts = mounts;
	config.mount_count = ARRAY_SIZE(mounts);
	for (int writable = 0; writable < 2; writable++) {
		config.read_only = !writable;
		sandbox_run(&box, &config, &outcome);
		assert_int_equal(outcome.prepared, 0);
		assert_says(outcome, "volume content\nnew\n");
		assert_says(outcome, "touch: /frozen/x: Read-only");
		assert_says(outcome, "\n700\n");
		assert_says(outcome, " 1024 ");
		assert_int_equal(outcome.status, 0);
		assert_int_equal(count_entries(box.root), 5);
	}
}

static void the_host_root_shows_programs_and_no_secrets(void **unused)
{
	struct outcome outcome;
	char *argv[] = {
		(char *)(uintptr_t) "sh", (char *)(uintptr_t) "-c",
		(char *)(uintptr_t) "ls /; cat /etc/shadow; cat /etc/hostname; ls -A /root /home "
				    "/srv /var/log /run /tmp /etc/ssl/private; touch /tmp/x "
				    "/run/x /var/tmp/x; touch /etc/x /usr/x",
		NULL};
	char *unused_argv[4];
	struct container_config config = sandbox_config(&box, unused_argv, "");

	config.root = CONTAINER_ROOT_HOST;
	config.argv = argv;

	sandbox_run(&box, &config, &outcome);
	if (outcome.prepared < 0)
		print_message("%s\n", outcome.fault.err.text);
	assert_int_equal(outcome.prepared, 0);
	assert_int_equal(outcome.started, 0);
	assert_says(outcome, "cat: /etc/shadow: No such file");
	assert_says(outcome, "box-1\n");
	assert_says(outcome, "/home:\n\n/root:\n\n/run:\n\n/srv:\n\n/tmp:\n\n/var/log:\n");
	assert_says(outcome, "'/etc/ssl/private': No such file");
	assert_says(outcome, "'/etc/x': Read-only");
	assert_says(outcome, "'/usr/x': Read-only");
	assert_not_says(outcome, "'/tmp/x'");
	assert_not_says(outcome, "'/run/x'");
}

static void mount_points_below_the_hosts_etc_are_made_without_touching_it(void **unused)
{
	struct outcome outcome;
	const struct container_mount mounts[] = {
		{.source = box.volume, .target = "/etc/davit-test-made/volume"},
		{.source = box.volume, .target = "/var/run/volume"},
	};
	char *argv[] = {(char *)(uintptr_t) "cat",
			(char *)(uintptr_t) "/etc/davit-test-made/volume/kept",
			(char *)(uintptr_t) "/run/volume/kept", NULL};
	char *unused_argv[4];
	struct container_config config = sandbox_config(&box, unused_argv, "");

	config.root = CONTAINER_ROOT_HOST;
	config.argv = argv;
	config.mounts = mounts;
	config.mount_count = 2;

	sandbox_run(&box, &config, &outcome);
	assert_int_equal(outcome.prepared, 0);
	assert_string_equal(outcome.out, "volume content\nvolume content\n");
	assert_int_equal(access("/etc/davit-test-made", F_OK), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_program_runs_and_its_exit_code_comes_back,
						make_box, remove_box),
		cmocka_unit_test_setup_teardown(namespaces_are_its_own, make_box, remove_box),
		cmocka_unit_test_setup_teardown(privileges_are_given_up, make_box, remove_box),
		cmocka_unit_test_setup_teardown(capabilities_follow_the_configuration, make_box,
						remove_box),
		cmocka_unit_test_setup_teardown(only_the_standard_streams_are_open, make_box,
						remove_box),
		cmocka_unit_test_setup_teardown(the_kernel_is_protected, make_box, remove_box),
		cmocka_unit_test_setup_teardown(names_come_from_the_run, make_box, remove_box),
		cmocka_unit_test_setup_teardown(the_environment_of_a_run_is_on_top_of_the_plans,
						make_box, remove_box),
		cmocka_unit_test_setup_teardown(the_user_is_looked_up_in_the_root, make_box,
						remove_box),
		cmocka_unit_test_setup_teardown(the_root_directory_is_never_written, make_box,
						remove_box),
		cmocka_unit_test_setup_teardown(nothing_of_the_host_is_mounted_or_named, make_box,
						remove_box),
		cmocka_unit_test_setup_teardown(volumes_are_mounted_as_asked, make_box, remove_box),
		cmocka_unit_test_setup_teardown(the_host_root_shows_programs_and_no_secrets,
						make_box, remove_box),
		cmocka_unit_test_setup_teardown(
			mount_points_below_the_hosts_etc_are_made_without_touching_it, make_box,
			remove_box),
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
