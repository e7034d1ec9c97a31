// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Groups on the real kernel, on whichever layout it has; on a hybrid host once more with the
 * cgroup2 mount hidden, which makes it a v1 host.
 */
#include "runtime/base/cleanup.h"
#include "runtime/cgroup/cg.h"
#include "tests/unit/runtime/cg_world.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#define MIB	(1024L * 1024)
#define WAIT_MS 60000

static struct cg *make(const char *name, struct cg_limits limits)
{
	struct cg *cg = NULL;
	struct err err = {0};

	if (cg_make(tree, name, &limits, &cg, &err) < 0)
		fail_msg("%s", err.text);
	return cg;
}

static void wait_until_empty(struct cg *cg)
{
	for (int ms = 0; cg_populated(cg) && ms < WAIT_MS; ms++) {
		while (waitpid(-1, NULL, WNOHANG) > 0)
			; /* orphans come to us: see main() */
		pause_ms(1);
	}
	assert_false(cg_populated(cg));
}

static void drop(struct cg *cg)
{
	struct err err = {0};

	assert_int_equal(cg_kill(cg, &err), 0);
	wait_until_empty(cg);
	if (cg_remove(cg, &err) < 0)
		fail_msg("%s", err.text);
	cg_free(cg);
}

/* A child of ours in the group, as container_start() makes it: born in the cgroup2 group where
 * there is one, joining the rest itself, which it has done when this returns. */
static pid_t spawn(const struct cg *cg, void (*body)(void))
{
	struct clone_args args = {.exit_signal = SIGCHLD};
	int joined[2];
	char nothing;

	assert_int_equal(pipe2(joined, O_CLOEXEC), 0);
	if (cg_clone_fd(cg) >= 0) {
		args.flags = CLONE_INTO_CGROUP;
		args.cgroup = (unsigned)cg_clone_fd(cg);
	}
	pid_t pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
	if (pid == 0) {
		struct err err;

		if (cg_join_self(cg, &err) < 0)
			_exit(100);
		close(joined[0]);
		close(joined[1]);
		body();
		_exit(0);
	}
	assert_true(pid > 0);
	close(joined[1]);
	assert_int_equal(read(joined[0], &nothing, 1), 0);
	close(joined[0]);
	return pid;
}

/* Waits for the group's processes to be @count. */
static void wait_for(const struct cg *cg, uint64_t count)
{
	struct cg_usage usage = {0};

	for (int ms = 0; usage.pids != count && ms < WAIT_MS; ms++) {
		pause_ms(1);
		assert_int_equal(cg_read(cg, &usage, NULL), 0);
	}
	assert_int_equal(usage.pids, count);
}

static int reap(pid_t pid)
{
	int status = 0;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void body_sleep(void)
{
	pause();
}

static void body_family(void)
{
	for (int i = 0; i < 8; i++)
		if (fork() == 0)
			pause();
	pause();
}

static void body_burn(void)
{
	for (struct timespec now = {0}; now.tv_nsec < 50 * 1000000L;)
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
}

static void body_eat(void)
{
	char *memory =
		mmap(NULL, 64 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	memset(memory, 1, 64 * MIB);
}

/* Exit status: how many forks were allowed. */
static void body_fork_bomb(void)
{
	int born = 0;

	for (int i = 0; i < 50; i++) {
		pid_t pid = fork();

		if (pid == 0)
			pause();
		born += pid > 0;
	}
	_exit(born);
}

/* Parents that die at once, children that fork again: nobody is there for long. */
static void body_fork_storm(void)
{
	for (;;) {
		pid_t pid = fork();

		if (pid > 0 && rand() % 4)
			_exit(0);
		if (pid < 0)
			sched_yield();
	}
}

static void a_group_gets_exactly_its_limits(void **unused)
{
	struct cg *cg = make("web-1", (struct cg_limits){500, 64 * MIB, 20});

	if (cg_tree_layout(tree) == CG_V2) {
		assert_string_equal(control("web-1", "cpu.max"), "50000 100000");
		assert_string_equal(control("web-1", "memory.max"), "67108864");
		assert_string_equal(control("web-1", "memory.oom.group"), "0");
	} else {
		assert_string_equal(control("web-1", "cpu.cfs_quota_us"), "50000");
		assert_string_equal(control("web-1", "cpu.cfs_period_us"), "100000");
		assert_string_equal(control("web-1", "memory.limit_in_bytes"), "67108864");
		assert_string_equal(control("web-1", "memory.memsw.limit_in_bytes"), "134217728");
	}
	assert_string_equal(control("web-1", "pids.max"), "20");
	drop(cg);
}

static void an_unlimited_group_has_the_kernels_defaults(void **unused)
{
	struct cg *cg = make("web-1", (struct cg_limits){0});

	assert_string_equal(control("web-1", "pids.max"), "max");
	if (cg_tree_layout(tree) == CG_V2)
		assert_string_equal(control("web-1", "cpu.max"), "max 100000");
	else
		assert_string_equal(control("web-1", "cpu.cfs_quota_us"), "-1");
	drop(cg);
}

static void a_tiny_cpu_share_is_expressed_over_a_longer_period(void **unused)
{
	struct cg *cg = make("web-1", (struct cg_limits){.cpu_mcpu = 1});

	if (cg_tree_layout(tree) == CG_V2)
		assert_string_equal(control("web-1", "cpu.max"), "1000 1000000");
	else
		assert_string_equal(control("web-1", "cpu.cfs_quota_us"), "1000");
	drop(cg);
}

static void limits_of_a_living_group_go_up_and_down_and_away(void **unused)
{
	static const struct cg_limits steps[] = {
		{1500, 128 * MIB, 40}, {250, 32 * MIB, 10}, {0}, {1000, 16 * MIB, 5}, {0},
	};
	struct cg *cg = make("web-1", (struct cg_limits){500, 64 * MIB, 20});
	const char *memory = cg_tree_layout(tree) == CG_V2 ? "memory.max" : "memory.limit_in_bytes";
	struct err err = {0};

	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		char text[32];

		if (cg_limit(cg, &steps[i], &err) < 0)
			fail_msg("step %zu: %s", i, err.text);
		snprintf(text, sizeof(text), "%ld", (long)steps[i].memory_bytes);
		if (steps[i].memory_bytes)
			assert_string_equal(control("web-1", memory), text);
	}
	assert_string_equal(control("web-1", "pids.max"), "max");
	drop(cg);
}

static void a_refused_limit_names_file_and_value_and_leaves_nothing(void **unused)
{
	struct cg *cg = NULL;
	struct err err = {0};
	struct cg_limits limits = {.memory_bytes = 64 * MIB, .pids = INT64_MAX};

	assert_int_equal(cg_make(tree, "web-1", &limits, &cg, &err), -EINVAL);
	assert_string_equal(err.text, "cgroup: write '9223372036854775807' to 'web-1/pids.max': "
				      "Invalid argument");
	assert_null(cg);
	assert_false(group_exists("/stack/web-1"));
}

static void a_taken_name_is_refused_and_its_owner_keeps_it(void **unused)
{
	struct cg *first = make("web-1", (struct cg_limits){.pids = 7}), *second = NULL;
	struct err err = {0};

	assert_int_equal(cg_make(tree, "web-1", &(struct cg_limits){0}, &second, &err), -EEXIST);
	assert_string_equal(control("web-1", "pids.max"), "7");
	drop(first);
}

static void names_that_leave_the_tree_are_refused(void **unused)
{
	static const char *const bad[] = {"", ".", "..", "...", "a/b", "/a", "a\nb"};
	static const char *const bad_trees[] = {"", "/a", "a//b", "a/..", "../a", "a/", "."};
	struct cg_tree *no_tree = NULL;
	struct cg *cg = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(cg_make(tree, bad[i], &(struct cg_limits){0}, &cg, NULL), -EINVAL);
	for (size_t i = 0; i < ARRAY_SIZE(bad_trees); i++)
		assert_int_equal(cg_tree_open(bad_trees[i], &no_tree, NULL), -EINVAL);
}

static void a_child_is_in_the_group_in_every_hierarchy(void **unused)
{
	struct cg *cg = make("web-1", (struct cg_limits){0});
	pid_t pid = spawn(cg, body_sleep);
	char path[64], line[512], tail[128];
	int joined = 0;

	wait_for(cg, 1);
	snprintf(path, sizeof(path), "/proc/%d/cgroup", pid);
	snprintf(tail, sizeof(tail), ":/%s/web-1\n", stack);
	autofile FILE *file = fopen(path, "re");
	while (fgets(line, sizeof(line), file))
		joined += strstr(line, tail) != NULL;
	assert_int_equal(joined, cg_tree_layout(tree) == CG_V2 ? 1 : 5);
	assert_int_equal(cg_kill(cg, NULL), 0);
	assert_int_equal(WTERMSIG(reap(pid)), SIGKILL);
	drop(cg);
}

static void a_process_can_be_moved_in_by_pid(void **unused)
{
	struct cg *cg = make("web-1", (struct cg_limits){0});
	struct cg_usage usage;
	struct err err = {0};
	pid_t pid = fork();

	if (pid == 0)
		pause();
	if (cg_join(cg, pid, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(cg_read(cg, &usage, &err), 0);
	assert_int_equal(usage.pids, 1);
	assert_int_equal(cg_kill(cg, NULL), 0);
	assert_int_equal(WTERMSIG(reap(pid)), SIGKILL);
	drop(cg);
}

static void used_cpu_time_and_memory_are_read(void **unused)
{
	struct cg *cg = make("web-1", (struct cg_limits){0});
	struct cg_usage usage = {0};
	uint64_t kills = 1;

	reap(spawn(cg, body_burn));
	assert_int_equal(cg_read(cg, &usage, NULL), 0);
	assert_true(usage.cpu_usec >= 45000 && usage.cpu_usec < 10000000);
	assert_int_equal(usage.pids, 0);
	assert_int_equal(cg_oom_kills(cg, &kills, NULL), 0);
	assert_int_equal(kills, 0);
	drop(cg);
}

static void killing_takes_every_descendant(void **unused)
{
	struct cg *cg = make("web-1", (struct cg_limits){0});
	pid_t pid = spawn(cg, body_family);

	wait_for(cg, 9);
	assert_int_equal(cg_remove(cg, NULL), -EBUSY);
	assert_int_equal(cg_kill(cg, NULL), 0);
	assert_int_equal(WTERMSIG(reap(pid)), SIGKILL);
	drop(cg);
}

static void who_is_in_a_group_is_known(void **unused)
{
	struct cg *cg = make("web-1", (struct cg_limits){0});
	struct cg *other = make("web-10", (struct cg_limits){0});
	pid_t pid = spawn(cg, body_sleep);

	wait_for(cg, 1);
	assert_int_equal(cg_has(cg, pid), 1);
	assert_int_equal(cg_has(other, pid), 0);
	assert_int_equal(cg_has(cg, getpid()), 0);
	assert_int_equal(cg_tree_has(tree, pid), 1);
	assert_int_equal(cg_tree_has(tree, getpid()), 0);
	assert_int_equal(cg_kill(cg, NULL), 0);
	reap(pid);
	assert_int_equal(cg_has(cg, pid), -ESRCH);
	assert_int_equal(cg_tree_has(tree, pid), -ESRCH);
	drop(cg);
	drop(other);
}

static void a_zombie_keeps_the_group_populated_until_reaped(void **unused)
{
	struct cg *cg = make("web-1", (struct cg_limits){0});
	pid_t pid = spawn(cg, body_sleep);
	siginfo_t info;

	wait_for(cg, 1);
	assert_int_equal(cg_kill(cg, NULL), 0);
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	assert_true(cg_populated(cg));
	assert_int_equal(cg_remove(cg, NULL), -EBUSY);
	reap(pid);
	assert_false(cg_populated(cg));
	assert_int_equal(cg_remove(cg, NULL), 0);
	assert_int_equal(cg_remove(cg, NULL), 0);
	assert_false(group_exists("/stack/web-1"));
	cg_free(cg);
}

static void a_frozen_group_is_killed(void **unused)
{
	struct cg *cg = make("web-1", (struct cg_limits){0});
	pid_t pid = spawn(cg, body_family);

	wait_for(cg, 9);
	if (cg_tree_layout(tree) == CG_V1)
		set_control("web-1", "freezer.state", "FROZEN");
	else
		set_control("web-1", "cgroup.freeze", "1");
	pause_ms(20);
	assert_int_equal(cg_kill(cg, NULL), 0);
	assert_int_equal(WTERMSIG(reap(pid)), SIGKILL);
	drop(cg);
}

static void one_kill_ends_a_fork_storm(void **unused)
{
	for (int i = 0; i < 10; i++) {
		struct cg *cg = make("web-1", (struct cg_limits){.pids = 50});

		spawn(cg, body_fork_storm);
		for (int ms = 0; !cg_populated(cg) && ms < WAIT_MS; ms++)
			pause_ms(1);
		pause_ms(30);
		assert_int_equal(cg_kill(cg, NULL), 0);
		wait_until_empty(cg);
		assert_int_equal(cg_remove(cg, NULL), 0);
		cg_free(cg);
	}
}

static void a_fork_bomb_stays_within_pids(void **unused)
{
	struct cg *cg = make("web-1", (struct cg_limits){.pids = 10});
	int status = reap(spawn(cg, body_fork_bomb));

	assert_int_equal(WEXITSTATUS(status), 9);
	drop(cg);
}

static void an_oom_kill_wakes_its_watcher_and_is_counted(void **unused)
{
	struct cg *cg = make("web-1", (struct cg_limits){.memory_bytes = 8 * MIB});
	uint64_t kills = 0;
	uint32_t events = 0;
	struct pollfd poll_fd = {.fd = cg_oom_fd(cg, &events)};

	poll_fd.events = (short)events;
	if (cg_tree_layout(tree) == CG_V2) /* the test must not depend on the host's swap */
		set_control("web-1", "memory.swap.max", "0");
	else
		set_control("web-1", "memory.memsw.limit_in_bytes", "8388608");
	assert_int_equal(poll(&poll_fd, 1, 0), 0);
	pid_t pid = spawn(cg, body_eat);
	assert_int_equal(poll(&poll_fd, 1, WAIT_MS), 1);
	assert_true(poll_fd.revents & (short)events);
	assert_int_equal(WTERMSIG(reap(pid)), SIGKILL);
	cg_oom_ack(cg);
	assert_int_equal(cg_oom_kills(cg, &kills, NULL), 0);
	assert_int_equal(kills, 1);
	/* Of version 2 there are several events of one kill, the last one up to 10 ms late. */
	for (int late = 0; late < 8 && poll(&poll_fd, 1, 50) > 0; late++)
		cg_oom_ack(cg);
	assert_int_equal(poll(&poll_fd, 1, 0), 0);
	drop(cg);
}

/* The group of another run of the program, unknown to this tree's handle. */
static pid_t leave_group(const char *below, bool with_process)
{
	char mount[256], full[600];

	mount_of("pids", mount, sizeof(mount));
	snprintf(full, sizeof(full), "%s/%s%s", mount, top, below);
	assert_int_equal(mkdir(full, 0755), 0);
	if (!with_process)
		return 0;
	pid_t pid = fork();
	if (pid == 0) {
		char procs[700];

		snprintf(procs, sizeof(procs), "%s/cgroup.procs", full);
		FILE *file = fopen(procs, "we");
		if (!file || fputs("0", file) < 0 || fclose(file) != 0)
			_exit(1);
		pause();
	}
	pause_ms(50);
	return pid;
}

static void removing_the_tree_takes_leftovers_and_spares_the_neighbour(void **unused)
{
	struct cg_tree *other = NULL;
	char neighbour[64];
	struct err err = {0};

	snprintf(neighbour, sizeof(neighbour), "%s/other", top);
	assert_int_equal(cg_tree_open(neighbour, &other, &err), 0);
	leave_group("/stack/left", false);
	leave_group("/stack/left/deeper", true);
	struct cg *cg = make("web-1", (struct cg_limits){0});
	pid_t pid = spawn(cg, body_sleep);

	wait_for(cg, 1);
	int r = cg_tree_remove(tree, &err);
	assert_true(r == 0 || r == -EBUSY);
	assert_int_equal(WTERMSIG(reap(pid)), SIGKILL);
	for (int ms = 0; r == -EBUSY && ms < WAIT_MS; ms++) {
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		pause_ms(1);
		r = cg_tree_remove(tree, &err);
	}
	if (r < 0)
		fail_msg("%s", err.text);
	assert_false(group_exists("/stack"));
	assert_true(group_exists("/other"));
	cg_free(cg);
	assert_int_equal(cg_tree_remove(other, &err), 0);
	assert_false(group_exists(""));
	cg_tree_close(other);
}

/* Version 2 gives a group's controllers to the groups below it only while it has no process. */
static void a_process_beside_the_tree_is_named_as_the_obstacle(void **unused)
{
	struct cg_tree *inner = NULL;
	struct err err = {0};
	char name[128], expected[512];

	if (cg_tree_layout(tree) != CG_V2)
		return; /* version 1 has no such rule */
	pid_t pid = leave_group("/crowd", true);
	snprintf(name, sizeof(name), "%s/crowd/stack", top);
	snprintf(expected, sizeof(expected),
		 "cgroup: cannot enable controllers for '%s': the group above has processes of its "
		 "own (cgroup v2 wants them in a group beside it)",
		 name);
	assert_int_equal(cg_tree_open(name, &inner, &err), -EBUSY);
	assert_string_equal(err.text, expected);
	snprintf(name, sizeof(name), "%s/crowd", top);
	assert_int_equal(cg_tree_open(name, &inner, &err), -EBUSY);
	assert_non_null(strstr(err.text, "/crowd/*': the group above has processes of its own"));
	kill(pid, SIGKILL);
	reap(pid);
	assert_int_equal(cg_tree_open(name, &inner, &err), 0);
	assert_int_equal(cg_tree_remove(inner, &err), 0);
	cg_tree_close(inner);
}

static int set_up_tree(void **unused)
{
	struct err err = {0};

	if (cg_tree_open(stack, &tree, &err) == 0)
		return 0;
	print_message("SKIP: no writable control groups here: %s\n", err.text);
	exit(77);
}

static int tear_down_tree(void **unused)
{
	struct err err = {0};
	int r = cg_tree_remove(tree, &err);

	if (r < 0)
		print_message("%s\n", err.text);
	cg_tree_close(tree);
	tree = NULL;
	return r;
}

/* In a mount namespace of our own: what is unmounted here stays mounted for everybody else. */
static bool hide(const char *mount_point)
{
	return unshare(CLONE_NEWNS) == 0 && mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       umount2(mount_point, MNT_DETACH) == 0;
}

static int hide_and_open_tree(void **state)
{
	char mount_point[256];
	int r = set_up_tree(state);

	if (r < 0 || cg_tree_layout(tree) != CG_HYBRID)
		return r;
	mount_of("cgroup", mount_point, sizeof(mount_point));
	if (tear_down_tree(state) < 0 || !hide(mount_point))
		return -1;
	r = set_up_tree(state);
	assert_int_equal(cg_tree_layout(tree), CG_V1);
	return r;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_group_gets_exactly_its_limits),
		cmocka_unit_test(an_unlimited_group_has_the_kernels_defaults),
		cmocka_unit_test(a_tiny_cpu_share_is_expressed_over_a_longer_period),
		cmocka_unit_test(limits_of_a_living_group_go_up_and_down_and_away),
		cmocka_unit_test(a_refused_limit_names_file_and_value_and_leaves_nothing),
		cmocka_unit_test(a_taken_name_is_refused_and_its_owner_keeps_it),
		cmocka_unit_test(names_that_leave_the_tree_are_refused),
		cmocka_unit_test(a_child_is_in_the_group_in_every_hierarchy),
		cmocka_unit_test(a_process_can_be_moved_in_by_pid),
		cmocka_unit_test(used_cpu_time_and_memory_are_read),
		cmocka_unit_test(killing_takes_every_descendant),
		cmocka_unit_test(who_is_in_a_group_is_known),
		cmocka_unit_test(a_zombie_keeps_the_group_populated_until_reaped),
		cmocka_unit_test(a_frozen_group_is_killed),
		cmocka_unit_test(one_kill_ends_a_fork_storm),
		cmocka_unit_test(a_fork_bomb_stays_within_pids),
		cmocka_unit_test(an_oom_kill_wakes_its_watcher_and_is_counted),
		cmocka_unit_test(a_process_beside_the_tree_is_named_as_the_obstacle),
		cmocka_unit_test(removing_the_tree_takes_leftovers_and_spares_the_neighbour),
	};

	if (geteuid() != 0) {
		print_message("SKIP: making control groups needs root\n");
		return 77;
	}
	snprintf(top, sizeof(top), "davit-test-cg-%d", getpid());
	snprintf(stack, sizeof(stack), "%s/stack", top);
	/* Killed grandchildren must be reaped before a group counts as empty. */
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	int failed = cmocka_run_group_tests_name("as found", tests, set_up_tree, tear_down_tree);
	return failed + cmocka_run_group_tests_name("without cgroup2 beside v1", tests,
						    hide_and_open_tree, tear_down_tree);
}
