// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Groups whose controllers are on v1 hierarchies: limits, readings, and the OOM eventfd; killing by
 * the freezer where no cgroup2 mount does it better. A hybrid host differs from a v1 host in the
 * killing only.
 */
#include "runtime/base/cleanup.h"
#include "runtime/cgroup/cg_file.h"
#include "runtime/cgroup/cg_internal.h"
#include "runtime/cgroup/cg_walk.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

/* How often a freezing group is looked at again before it is thawed regardless. */
#define FREEZE_ROUNDS  64
#define SHARES_DEFAULT 1024

static int limit_number(const struct cg *cg, enum cg_controller controller, const char *file,
			int64_t value, struct err *err)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRId64, value);
	return cg_file_write(cg_dir(cg->tree, controller), cg->name, file, text, err);
}

static int limit_cpu(const struct cg *cg, const struct cg_limits *limits, struct err *err)
{
	struct cg_cpu_share old = cg_cpu_share(&cg->limits);
	struct cg_cpu_share share = cg_cpu_share(limits);
	int r = 0;

	if (share.period_usec != old.period_usec)
		r = limit_number(cg, CG_CPU, "cpu.cfs_period_us", share.period_usec, err);
	if (r == 0 && share.quota_usec != old.quota_usec)
		r = limit_number(cg, CG_CPU, "cpu.cfs_quota_us", share.quota_usec, err);
	if (r == 0 && limits->cpu_shares != cg->limits.cpu_shares)
		r = limit_number(cg, CG_CPU, "cpu.shares",
				 limits->cpu_shares ? limits->cpu_shares : SHARES_DEFAULT, err);
	return r;
}

/* memsw counts memory and swap together, and is not there when the kernel does not account swap. */
static int limit_memsw(const struct cg *cg, const struct cg_limits *limits, struct err *err)
{
	int64_t bytes = limits->memory_bytes;
	int64_t both = bytes > INT64_MAX / 2 ? INT64_MAX : bytes ? bytes * 2 : -1;
	int r;

	if (limits->memory_swap_bytes)
		both = limits->memory_swap_bytes;
	r = limit_number(cg, CG_MEMORY, "memory.memsw.limit_in_bytes", both, err);
	return r == -ENOENT && limits->memory_swap_bytes <= 0 ? 0 : r;
}

/* The kernel refuses any order of writes that has memory above memsw in between. */
static int limit_memory(const struct cg *cg, const struct cg_limits *limits, struct err *err)
{
	int64_t bytes = limits->memory_bytes;
	int64_t old = cg->limits.memory_bytes;
	bool raises = old && (!bytes || bytes > old);
	int r = raises ? limit_memsw(cg, limits, err) : 0;

	if (r == 0)
		r = limit_number(cg, CG_MEMORY, "memory.limit_in_bytes", bytes ? bytes : -1, err);
	if (r == 0 && !raises)
		r = limit_memsw(cg, limits, err);
	return r;
}

static int limit_soft(const struct cg *cg, int64_t bytes, struct err *err)
{
	return limit_number(cg, CG_MEMORY, "memory.soft_limit_in_bytes", bytes ? bytes : -1, err);
}

static int limit_pids(const struct cg *cg, int64_t pids, struct err *err)
{
	if (pids)
		return limit_number(cg, CG_PIDS, "pids.max", pids, err);
	return cg_file_write(cg_dir(cg->tree, CG_PIDS), cg->name, "pids.max", "max", err);
}

static int v1_limit(const struct cg *cg, const struct cg_limits *limits, struct err *err)
{
	int r = limit_cpu(cg, limits, err);

	if (r == 0 && (limits->memory_bytes != cg->limits.memory_bytes ||
		       limits->memory_swap_bytes != cg->limits.memory_swap_bytes))
		r = limit_memory(cg, limits, err);
	if (r == 0 && limits->memory_low_bytes != cg->limits.memory_low_bytes)
		r = limit_soft(cg, limits->memory_low_bytes, err);
	if (r == 0 && limits->pids != cg->limits.pids)
		r = limit_pids(cg, limits->pids, err);
	return r;
}

static int v1_read(const struct cg *cg, struct cg_usage *ret_usage, struct err *err)
{
	struct cg_usage usage = {0};
	uint64_t cpu_nsec = 0;
	int memory = cg_dir(cg->tree, CG_MEMORY);

	int r = cg_file_u64(cg_dir(cg->tree, CG_CPUACCT), cg->name, "cpuacct.usage", &cpu_nsec,
			    err);
	if (r < 0)
		return r;
	usage.cpu_usec = cpu_nsec / 1000;
	r = cg_file_u64(memory, cg->name, "memory.usage_in_bytes", &usage.memory_bytes, err);
	if (r < 0)
		return r;
	r = cg_file_u64(cg_dir(cg->tree, CG_PIDS), cg->name, "pids.current", &usage.pids, err);
	if (r < 0)
		return r;
	*ret_usage = usage;
	return 0;
}

/* True when every process has stopped: none can fork any more. */
static bool is_frozen(const struct cg_tree *tree, const char *name)
{
	struct cg_text text;
	int r = cg_file_read(cg_dir(tree, CG_FREEZER), name, "freezer.state", &text, NULL);

	return r < 0 || !strncmp(text.bytes, "FROZEN", 6);
}

int cg_v1_freeze_kill(const struct cg_tree *tree, const char *name, struct err *err)
{
	int dir = cg_dir(tree, CG_FREEZER);
	int r = cg_file_write(dir, name, "freezer.state", "FROZEN", err);
	bool frozen = false;

	if (r == -ENOENT || r == -ENODEV)
		return 0;
	if (r < 0)
		return r;
	/* A fork in flight adds a process after the list was read: read it again once all stand
	 * still. A process in an uninterruptible sleep never does, hence the bound. */
	for (int round = 0; r >= 0 && !frozen && round < FREEZE_ROUNDS; round++) {
		frozen = is_frozen(tree, name);
		r = cg_walk_kill(dir, name, err);
		if (!frozen)
			sched_yield();
	}
	/* SIGKILL reaches a frozen process only when it is thawed. */
	int thawed = cg_file_write(dir, name, "freezer.state", "THAWED", r < 0 ? NULL : err);
	if (r < 0)
		return r;
	return thawed == -ENOENT || thawed == -ENODEV ? 0 : thawed;
}

static int v1_kill(const struct cg *cg, struct err *err)
{
	return cg_v1_freeze_kill(cg->tree, cg->name, err);
}

static void v1_oom_ack(const struct cg *cg)
{
	uint64_t count;
	ssize_t n = read(cg->oom_fd, &count, sizeof(count));

	(void)n; /* EAGAIN: acknowledged already */
}

/* An eventfd is told of OOM in a v1 group once it is registered with memory.oom_control. */
static int v1_oom_open(struct cg *cg, struct err *err)
{
	int dir = cg_dir(cg->tree, CG_MEMORY);
	char text[32];
	autoclose int control = cg_file_open(dir, cg->name, "memory.oom_control", O_RDONLY, err);

	if (control < 0)
		return control;
	autoclose int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (event < 0)
		return err_set(err, errno, "cgroup: eventfd");
	snprintf(text, sizeof(text), "%d %d", event, control);
	int r = cg_file_write(dir, cg->name, "cgroup.event_control", text, err);
	if (r < 0)
		return r;
	cg->oom_fd = take_fd(&event);
	return 0;
}

const struct cg_layout_ops cg_v1_ops = {
	.limit = v1_limit,
	.kill = v1_kill,
	.read = v1_read,
	.oom_open = v1_oom_open,
	.oom_ack = v1_oom_ack,
	.oom_events = EPOLLIN,
	.oom_file = "memory.oom_control",
};

const struct cg_layout_ops cg_hybrid_ops = {
	.limit = v1_limit,
	.kill = cg_v2_kill,
	.read = v1_read,
	.oom_open = v1_oom_open,
	.oom_ack = v1_oom_ack,
	.oom_events = EPOLLIN,
	.oom_file = "memory.oom_control",
};
