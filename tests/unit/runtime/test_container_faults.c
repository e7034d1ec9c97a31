// SPDX-License-Identifier: GPL-2.0-or-later
/* Every way a container can fail to be prepared or started: what is told, and that nothing stays.
 */
#include "runtime/base/cleanup.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/runtime/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct sandbox box;
static char *argv[4];
static struct container_config config;

static int make_box(void **unused)
{
	sandbox_make(&box);
	config = sandbox_config(&box, argv, "echo never");
	return 0;
}

static int remove_box(void **unused)
{
	sandbox_remove(&box);
	return 0;
}

static size_t count_fds(void)
{
	autodir DIR *dir = opendir("/proc/self/fd");
	size_t count = 0;

	while (readdir(dir))
		count++;
	return count;
}

/* The configuration is refused with this fault, and nothing is left of the attempt. */
static void assert_fault(int code, enum container_item item, unsigned index, const char *text)
{
	struct container_plan *plan = NULL;
	struct container_fault fault;
	size_t fds = count_fds();
	int r = container_prepare(&config, &plan, &fault);

	assert_int_equal(r, -code);
	if (!strstr(fault.err.text, text))
		print_message("told: %s\n", fault.err.text);
	assert_non_null(strstr(fault.err.text, text));
	assert_int_equal(fault.item, item);
	assert_int_equal(fault.index, index);
	assert_null(plan);
	assert_int_equal(count_fds(), fds);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	autodir DIR *dir = opendir(box.state);

	while (dir) {
		struct dirent *entry = readdir(dir);

		if (!entry)
			break;
		assert_int_equal(entry->d_name[0], '.');
	}
}

static char *text(const char *constant)
{
	return (char *)(uintptr_t)constant;
}

static void a_missing_program(void **unused)
{
	argv[0] = text("/bin/nothing");
	assert_fault(ENOENT, CONTAINER_ITEM_PROGRAM, 0, "program /bin/nothing: No such file");
	argv[0] = text("nothing");
	assert_fault(ENOENT, CONTAINER_ITEM_PROGRAM, 0, "program nothing: not found in PATH (/usr");
	argv[0] = text("");
	assert_fault(EINVAL, CONTAINER_ITEM_PROGRAM, 0, "no program");
}

static void a_program_that_is_not_executable(void **unused)
{
	argv[0] = text("/etc/passwd");
	assert_fault(EACCES, CONTAINER_ITEM_PROGRAM, 0, "program /etc/passwd: Permission denied");
	argv[0] = text("/bin");
	assert_fault(EACCES, CONTAINER_ITEM_PROGRAM, 0, "program /bin: Permission denied");
}

static void an_unknown_user_or_group(void **unused)
{
	config.user = "nobody-here";
	assert_fault(ENOENT, CONTAINER_ITEM_USER, 0, "no user 'nobody-here'");
	config.user = "web:nothing";
	assert_fault(ENOENT, CONTAINER_ITEM_USER, 0, "no group 'nothing'");
	config.user = "4294967295";
	assert_fault(EINVAL, CONTAINER_ITEM_USER, 0, "at most 4294967294");
}

static void a_missing_working_directory(void **unused)
{
	config.working_dir = "/not/there";
	assert_fault(ENOENT, CONTAINER_ITEM_WORKING_DIR, 0,
		     "working directory /not/there: No such");
	config.working_dir = "/etc/passwd";
	assert_fault(ENOTDIR, CONTAINER_ITEM_WORKING_DIR, 0, "working directory /etc/passwd");
	config.working_dir = "relative";
	assert_fault(EINVAL, CONTAINER_ITEM_WORKING_DIR, 0, "must be absolute");
}

static void a_volume_that_cannot_be(void **unused)
{
	struct container_mount mounts[] = {
		{.source = box.volume, .target = "/data"},
		{.source = "/davit-test-not-there", .target = "/other"},
	};

	config.mounts = mounts;
	config.mount_count = 2;
	assert_fault(ENOENT, CONTAINER_ITEM_MOUNT, 1,
		     "volume /davit-test-not-there: no such directory");
	mounts[1] = (struct container_mount){.source = box.volume, .target = "/etc/passwd"};
	assert_fault(ENOTDIR, CONTAINER_ITEM_MOUNT, 1, "mount point /etc/passwd");
	mounts[1].target = "/proc/self";
	assert_fault(EINVAL, CONTAINER_ITEM_MOUNT, 1, "nothing may be mounted on /proc/self");
	mounts[1].target = "/data/../dev";
	assert_fault(EINVAL, CONTAINER_ITEM_MOUNT, 1, "nothing may be mounted on");
}

static void a_link_in_a_volume_leads_no_mount_astray(void **unused)
{
	static const char *const places[] = {"/", "/dev", "/proc", "/sys/kernel", "/dev/pts"};
	const struct container_mount mounts[] = {
		{.source = box.volume, .target = "/data"},
		{.source = box.volume, .target = "/data/link"},
	};
	char path[128];

	config.mounts = mounts;
	config.mount_count = 2;
	snprintf(path, sizeof(path), "%s/link", box.volume);
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		assert_int_equal(symlink(places[i], path), 0);
		assert_fault(EPERM, CONTAINER_ITEM_MOUNT, 1, "mount point /data/link");
		assert_int_equal(unlink(path), 0);
	}
}

/* Exchanges a directory and a link until it is killed. */
static pid_t start_spinner(const char *directory, const char *link)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	for (;;)
		(void)renameat2(AT_FDCWD, directory, AT_FDCWD, link, RENAME_EXCHANGE);
}

static void neither_does_one_that_comes_and_goes(void **unused)
{
	const struct container_mount mounts[] = {
		{.source = box.volume, .target = "/data"},
		{.source = box.volume, .target = "/data/dir"},
	};
	char directory[128];
	char link[128];
	struct outcome outcome;
	int mounted = 0;
	bool sound = true;

	config = sandbox_config(&box, argv, "test -c /dev/null && test -x /bin/sh && echo sound");
	config.mounts = mounts;
	config.mount_count = 2;
	snprintf(directory, sizeof(directory), "%s/dir", box.volume);
	snprintf(link, sizeof(link), "%s/link", box.volume);
	assert_int_equal(mkdir(directory, 0755), 0);
	assert_int_equal(symlink("/dev", link), 0);
	pid_t spinner = start_spinner(directory, link);

	for (int i = 0; i < 200 && sound; i++) {
		sandbox_run(&box, &config, &outcome);
		mounted += outcome.prepared == 0;
		sound = outcome.prepared < 0 || strcmp(outcome.out, "sound\n") == 0;
	}
	kill(spinner, SIGKILL);
	waitpid(spinner, NULL, 0);
	print_message("mounted %d times of 200\n", mounted);
	assert_true(sound);
}

static void a_root_that_is_not_one(void **unused)
{
	char path[128];

	config.root_dir = "/davit-test-not-there";
	assert_fault(ENOENT, CONTAINER_ITEM_ROOT, 0, "root /davit-test-not-there: No such");
	config.root_dir = box.root;
	snprintf(path, sizeof(path), "%s/proc", box.root);
	assert_int_equal(symlink("/data", path), 0);
	assert_fault(ENOTDIR, CONTAINER_ITEM_ROOT, 0, "/proc is not a directory");
}

static void capabilities_that_are_not_there(void **unused)
{
	static const char *const unknown[] = {"CAP_MAGIC", NULL};

	config.cap_add = unknown;
	assert_fault(EINVAL, CONTAINER_ITEM_CAPABILITY, 0, "unknown capability 'CAP_MAGIC'");
}

static void hostile_user_files_neither_hang_nor_fill_the_memory(void **unused)
{
	char path[128];

	config.user = "web";
	snprintf(path, sizeof(path), "%s/etc/passwd", box.root);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0644), 0);
	assert_fault(EINVAL, CONTAINER_ITEM_USER, 0, "not a regular file");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("/proc/self/fd/0", path), 0);
	assert_fault(ENOENT, CONTAINER_ITEM_USER, 0, "no user");
	assert_int_equal(unlink(path), 0);
	autoclose int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);

	assert_int_equal(ftruncate(fd, 1 << 30), 0);
	assert_fault(EFBIG, CONTAINER_ITEM_USER, 0, "larger than 1 MiB");
}

/* Faults only the child can find: told through the pipe, the child gone with 127. */
static void assert_start_fault(int code, enum container_item item, const char *said)
{
	struct container_plan *plan = NULL;
	struct container_process process;
	struct container_fault fault;
	struct outcome *outcome = calloc(1, sizeof(*outcome));
	autoclose int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	size_t fds = count_fds();

	assert_non_null(outcome);
	assert_int_equal(container_prepare(&config, &plan, &fault), 0);
	sandbox_start(&box, plan, null_fd, &process);
	assert_int_equal(sandbox_status(&process, &fault), -code);
	if (!strstr(fault.err.text, said))
		print_message("told: %s\n", fault.err.text);
	assert_non_null(strstr(fault.err.text, said));
	assert_int_equal(fault.item, item);
	int status = 0;

	assert_int_equal(waitpid(process.pid, &status, 0), process.pid);
	assert_int_equal(WEXITSTATUS(status), 127);
	close(process.pidfd);
	close(process.status_fd);
	container_plan_free(plan);
	assert_int_equal(count_fds(), fds);
	free(outcome);
}

static void what_only_a_run_can_find_out_is_told_too(void **unused)
{
	const struct container_mount tmpfs = {.kind = CONTAINER_MOUNT_TMPFS, .target = "/scratch"};
	const struct container_rlimit limits[] = {{.resource = 999}};

	config.mounts = &tmpfs;
	config.mount_count = 1;
	argv[0] = text("/scratch/prog");
	assert_start_fault(ENOENT, CONTAINER_ITEM_PROGRAM, "program /scratch/prog: No such file");
	config.working_dir = "/scratch/dir";
	assert_start_fault(ENOENT, CONTAINER_ITEM_WORKING_DIR, "working directory /scratch/dir");
	config.working_dir = NULL;
	config.rlimits = limits;
	config.rlimit_count = 1;
	assert_start_fault(EINVAL, CONTAINER_ITEM_LIMIT, "ulimit of unknown kind");
}

static void davit_itself_is_not_run_inside(void **unused)
{
	argv[0] = text("/proc/self/exe");
	assert_start_fault(EPERM, CONTAINER_ITEM_PROGRAM, "program /proc/self/exe");
	char path[128];

	snprintf(path, sizeof(path), "%s/script", box.root);
	autoclose int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0755);

	assert_int_equal(write(fd, "#! /proc/self/exe x\n", 20), 20);
	fd_drop(&fd);
	argv[0] = text("/script");
	assert_start_fault(EPERM, CONTAINER_ITEM_PROGRAM,
			   "program /script: Operation not permitted");
}

/* In a child: a chroot that looks just like the host. Exits with 0 when it was refused. */
static void prepare_in_chroot(const char *top)
{
	struct container_plan *plan = NULL;
	struct container_fault fault;

	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("/", top, NULL, MS_BIND | MS_REC, NULL) < 0 || chroot(top) < 0 || chdir("/") < 0)
		_exit(2);
	if (container_prepare(&config, &plan, &fault) != -EPERM)
		_exit(1);
	_exit(strstr(fault.err.text, "chroot") ? 0 : 1);
}

static void a_chroot_is_refused_because_starts_would_leave_it(void **unused)
{
	char top[] = "/tmp/davit-test-chroot-XXXXXX";
	int status = -1;

	assert_non_null(mkdtemp(top));
	pid_t pid = fork();

	if (pid == 0)
		prepare_in_chroot(top);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(rmdir(top), 0);
	assert_int_equal(status, 0);
}

int main(void)
{
#define WITH_BOX(test) cmocka_unit_test_setup_teardown(test, make_box, remove_box)
	const struct CMUnitTest tests[] = {
		WITH_BOX(a_missing_program),
		WITH_BOX(a_program_that_is_not_executable),
		WITH_BOX(an_unknown_user_or_group),
		WITH_BOX(a_missing_working_directory),
		WITH_BOX(a_volume_that_cannot_be),
		WITH_BOX(a_link_in_a_volume_leads_no_mount_astray),
		WITH_BOX(neither_does_one_that_comes_and_goes),
		WITH_BOX(a_root_that_is_not_one),
		WITH_BOX(capabilities_that_are_not_there),
		WITH_BOX(hostile_user_files_neither_hang_nor_fill_the_memory),
		WITH_BOX(what_only_a_run_can_find_out_is_told_too),
		WITH_BOX(davit_itself_is_not_run_inside),
		WITH_BOX(a_chroot_is_refused_because_starts_would_leave_it),
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
