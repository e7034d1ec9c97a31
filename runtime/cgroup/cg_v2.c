// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Groups on a pure cgroup v2 host: one directory, all controllers in it.
 *
 * memory.oom.group stays 0: the OOM killer takes one process, and what becomes of the instance is
 * the supervisor's decision.
 */
#include "runtime/base/cleanup.h"
#include "runtime/cgroup/cg_file.h"
#include "runtime/cgroup/cg_internal.h"
#include "runtime/cgroup/cg_protect.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/epoll.h>

static int limit_cpu(const struct cg *cg, const struct cg_limits *limits, struct err *err)
{
	struct cg_cpu_share old = cg_cpu_share(&cg->limits);
	struct cg_cpu_share share = cg_cpu_share(limits);
	char text[64];

	if (share.quota_usec == old.quota_usec && share.period_usec == old.period_usec)
		return 0;
	if (share.quota_usec > 0)
		snprintf(text, sizeof(text), "%" PRId64 " %" PRId64, share.quota_usec,
			 share.period_usec);
	else
		snprintf(text, sizeof(text), "max %" PRId64, share.period_usec);
	return cg_file_write(cg_dir(cg->tree, CG_CPU), cg->name, "cpu.max", text, err);
}

static int limit_number(const struct cg *cg, const char *file, int64_t value, struct err *err)
{
	char text[24] = "max";

	if (value)
		snprintf(text, sizeof(text), "%" PRId64, value);
	return cg_file_write(cg_dir(cg->tree, CG_UNIFIED), cg->name, file, text, err);
}

static int limit_memory(const struct cg *cg, const struct cg_limits *limits, struct err *err)
{
	int64_t bytes = limits->memory_bytes;
	int64_t both = limits->memory_swap_bytes;
	char text[24] = "max";
	int r = limit_number(cg, "memory.max", bytes, err);

	if (r < 0)
		return r;
	if (both > 0 || (both == 0 && bytes))
		snprintf(text, sizeof(text), "%" PRId64, both ? both - bytes : bytes);
	/* Only there when the kernel was built with swap accounting. */
	r = cg_file_write(cg_dir(cg->tree, CG_UNIFIED), cg->name, "memory.swap.max", text, err);
	return r == -ENOENT && limits->memory_swap_bytes <= 0 ? 0 : r;
}

/* 1024 shares are the weight of 100 that everybody has; the proportions stay. */
static int limit_weight(const struct cg *cg, int64_t shares, struct err *err)
{
	int64_t weight = shares ? shares * 100 / 1024 : 100;

	weight = weight < 1 ? 1 : weight > 10000 ? 10000 : weight;
	return limit_number(cg, "cpu.weight", weight, err);
}

static int limit_low(const struct cg *cg, int64_t bytes, struct err *err)
{
	char text[24];
	int r;

	snprintf(text, sizeof(text), "%" PRId64, bytes);
	r = cg_file_write(cg_dir(cg->tree, CG_UNIFIED), cg->name, "memory.low", text, err);
	return r < 0 ? r : cg_protect(cg->tree, err);
}

static int v2_limit(const struct cg *cg, const struct cg_limits *limits, struct err *err)
{
	int r = limit_cpu(cg, limits, err);

	if (r == 0 && limits->cpu_shares != cg->limits.cpu_shares)
		r = limit_weight(cg, limits->cpu_shares, err);
	if (r == 0 && (limits->memory_bytes != cg->limits.memory_bytes ||
		       limits->memory_swap_bytes != cg->limits.memory_swap_bytes))
		r = limit_memory(cg, limits, err);
	if (r == 0 && limits->memory_low_bytes != cg->limits.memory_low_bytes)
		r = limit_low(cg, limits->memory_low_bytes, err);
	if (r == 0 && limits->memory_high_bytes != cg->limits.memory_high_bytes)
		r = limit_number(cg, "memory.high", limits->memory_high_bytes, err);
	if (r == 0 && limits->pids != cg->limits.pids)
		r = limit_number(cg, "pids.max", limits->pids, err);
	return r;
}

int cg_v2_kill(const struct cg *cg, struct err *err)
{
	int r = cg_file_write(cg_dir(cg->tree, CG_UNIFIED), cg->name, "cgroup.kill", "1", err);

	return r == -ENOENT || r == -ENODEV ? 0 : r;
}

static int v2_read(const struct cg *cg, struct cg_usage *ret_usage, struct err *err)
{
	struct cg_usage usage = {0};
	struct cg_text text;
	int dir = cg_dir(cg->tree, CG_UNIFIED);

	int r = cg_file_read(dir, cg->name, "cpu.stat", &text, err);
	if (r < 0)
		return r;
	usage.cpu_usec = cg_text_key(text.bytes, "usage_usec");
	r = cg_file_u64(dir, cg->name, "memory.current", &usage.memory_bytes, err);
	if (r < 0)
		return r;
	r = cg_file_u64(dir, cg->name, "pids.current", &usage.pids, err);
	if (r < 0)
		return r;
	*ret_usage = usage;
	return 0;
}

/* kernfs reports a change since the last read from the file's start, so a read is what arms it. */
static void v2_oom_ack(const struct cg *cg)
{
	char text[512];
	ssize_t n = pread(cg->oom_fd, text, sizeof(text), 0);

	(void)n; /* a group that is gone has nothing more to tell */
}

static int v2_oom_open(struct cg *cg, struct err *err)
{
	int fd =
		cg_file_open(cg_dir(cg->tree, CG_MEMORY), cg->name, "memory.events", O_RDONLY, err);

	if (fd < 0)
		return fd;
	cg->oom_fd = fd;
	v2_oom_ack(cg);
	return 0;
}

const struct cg_layout_ops cg_v2_ops = {
	.limit = v2_limit,
	.kill = cg_v2_kill,
	.read = v2_read,
	.oom_open = v2_oom_open,
	.oom_ack = v2_oom_ack,
	.oom_events = EPOLLPRI,
	.oom_file = "memory.events",
};
