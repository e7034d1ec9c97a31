// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What starting one container costs: the same as floor.c's bare system calls, done by davit's
 * runtime. Prepares one plan of a directory root, read-only, and starts COUNT runs of it one after
 * the other, each in a group with cpu, memory and pids limits, from the making of the group to the
 * reaping of the process; prints these microseconds, one line per start.
 *
 *   runtime_start [--count N] [--net] [--host-ids] ROOTFS COMMAND [ARG...]
 */
#include "runtime/base/cleanup.h"
#include "runtime/container.h"
#include "runtime/userns.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct bench {
	const char *root;
	char **command;
	int count;
	bool net;
	bool host_ids;
	struct cg_tree *tree;
	struct container_plan *plan;
	struct cg **groups;
};

static double now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static int complain(const char *text)
{
	fprintf(stderr, "runtime_start: %s\n", text);
	return -1;
}

/* The mount points of a root, so that it can be used as it is, without a layer over it. */
static void make_points(const char *root)
{
	static const char *const dirs[] = {"proc", "sys", "dev", "tmp", "etc"};
	static const char *const files[] = {"etc/hosts", "etc/resolv.conf"};
	autoclose int root_fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		(void)mkdirat(root_fd, dirs[i], 0755); /* there already, mostly */
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		int fd = openat(root_fd, files[i], O_CREAT | O_WRONLY | O_CLOEXEC, 0644);

		fd_drop(&fd);
	}
}

static int run_one(struct bench *bench, int number)
{
	const struct cg_limits limits = {.cpu_mcpu = 500, .memory_bytes = 64 << 20, .pids = 64};
	struct container_process process;
	struct container_fault fault = {0};
	double begin = now_us();
	char name[24];

	snprintf(name, sizeof(name), "%d", number);
	if (cg_make(bench->tree, name, &limits, &bench->groups[number], &fault.err) < 0)
		return complain(fault.err.text);
	const struct container_run run = {
		.hostname = "floor",
		.cg = bench->groups[number],
		.netns_fd = -1,
		.stdio = {0, 1, 2},
	};

	if (container_start(bench->plan, &run, &process, &fault) < 0)
		return complain(fault.err.text);
	fd_drop(&process.pidfd);
	autoclose int status_fd = process.status_fd;
	int status = 0;

	if (waitpid(process.pid, &status, 0) < 0)
		return complain(strerror(errno));
	if (container_status(status_fd, &fault) < 0)
		return complain(fault.err.text);
	if (status != 0)
		return complain("the command failed");
	printf("%.0f\n", now_us() - begin);
	return 0;
}

static int run_all(struct bench *bench)
{
	struct err err = {0};

	for (int i = 0; i < bench->count; i++)
		if (run_one(bench, i) < 0)
			return -1;
	for (int i = 0; i < bench->count; i++)
		if (cg_remove(bench->groups[i], &err) < 0)
			return complain(err.text);
	return 0;
}

static int prepare(struct bench *bench, const char *state_dir)
{
	struct container_ids ids = {-1, 0x70000000, 65536};
	const struct container_config config = {
		.ids = bench->host_ids ? NULL : &ids,
		.state_dir = state_dir,
		.root = CONTAINER_ROOT_DIR,
		.root_dir = bench->root,
		.read_only = true,
		.argv = bench->command,
		.host_network = !bench->net,
	};
	struct container_fault fault = {0};
	char name[48];

	if (!bench->host_ids && userns_make(ids.first, ids.count, &ids.userns_fd, &fault.err) < 0)
		return complain(fault.err.text);
	snprintf(name, sizeof(name), "davit-test-bench-%d", getpid());
	if (cg_tree_open(name, &bench->tree, &fault.err) < 0)
		return complain(fault.err.text);
	if (container_prepare(&config, &bench->plan, &fault) < 0)
		return complain(fault.err.text);
	fd_drop(&ids.userns_fd);
	if (container_plan_shared_ids(bench->plan))
		fprintf(stderr, "the host's ids: %s\n", container_plan_shared_ids(bench->plan));
	return 0;
}

static void tear_down(struct bench *bench, const char *state_dir)
{
	struct err err = {0};

	for (int i = 0; i < bench->count; i++)
		cg_free(bench->groups[i]);
	free(bench->groups);
	container_plan_free(bench->plan);
	if (bench->tree && cg_tree_remove(bench->tree, &err) < 0)
		complain(err.text);
	cg_tree_close(bench->tree);
	(void)rmdir(state_dir);
}

int main(int argc, char **argv)
{
	struct bench bench = {.count = 100};
	char state_dir[] = "/tmp/davit-test-bench-XXXXXX";
	int i = 1;

	for (; i < argc && strncmp(argv[i], "--", 2) == 0; i++) {
		if (strcmp(argv[i], "--count") == 0 && i + 1 < argc)
			bench.count = atoi(argv[++i]);
		else if (strcmp(argv[i], "--net") == 0)
			bench.net = true;
		else if (strcmp(argv[i], "--host-ids") == 0)
			bench.host_ids = true;
	}
	if (argc - i < 2 || bench.count < 1) {
		fprintf(stderr,
			"usage: runtime_start [--count N] [--net] [--host-ids] ROOTFS COMMAND "
			"[ARG...]\n");
		return 2;
	}
	bench.root = argv[i];
	bench.command = &argv[i + 1];
	bench.groups = calloc((size_t)bench.count, sizeof(struct cg *));
	if (!bench.groups || !mkdtemp(state_dir))
		return 1;
	make_points(bench.root);
	/* As the supervisor is. */
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	int r = prepare(&bench, state_dir);

	if (r == 0)
		r = run_all(&bench);
	tear_down(&bench, state_dir);
	return r == 0 ? 0 : 1;
}
