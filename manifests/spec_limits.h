// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What one instance may use: processor, memory, processes. Attributes that can be written in two
 * places (`cpus` and `deploy.resources.limits.cpus`) are here once.
 */
#pragma once

#include "manifests/spec.h"

#define LIMITS_PIDS_DEFAULT 4096

enum blkio_kind {
	BLKIO_WEIGHT,
	BLKIO_READ_BPS,
	BLKIO_WRITE_BPS,
	BLKIO_READ_IOPS,
	BLKIO_WRITE_IOPS,
};

/* One entry of the lists of `blkio_config`. */
struct blkio_device {
	enum blkio_kind kind;
	char *path;    /* absolute, normalised; once per kind */
	int64_t value; /* weight, bytes or operations a second; of a rate 0: unlimited */
	struct pos pos;
};

struct blkio_spec {
	int64_t weight; /* 10..1000; 0: not written */
	struct pos weight_pos;
	struct blkio_device *devices; /* by kind */
	size_t device_count;
	struct pos pos;
};

struct limits {
	int64_t cpu_mcpu;     /* thousandths of a core; 0: unlimited */
	int64_t memory_bytes; /* 0: unlimited */
	int64_t pids;	      /* 0: LIMITS_PIDS_DEFAULT; -1: unlimited */
	struct pos cpu_pos;
	struct pos memory_pos;
	struct pos pids_pos;

	int64_t cpu_shares;	   /* weight against the others, 1024 is usual; 0: not written */
	int64_t cpu_quota_us;	   /* 0: not written; -1: unlimited; never beside cpu_mcpu */
	int64_t cpu_period_us;	   /* 0: not written, 100 ms */
	int64_t cpu_reserved_mcpu; /* 0: not written */
	int64_t memory_reserved_bytes; /* kept from reclaim as long as possible; 0: not written */
	int64_t memory_high_bytes;     /* held back above that, not ended; 0: not written */
	int64_t memory_swap_bytes;     /* memory and swap together; 0: not written; -1: unlimited */
	struct text cpuset;	       /* "0-3,5"; value NULL: all */
	struct pos cpu_shares_pos;
	struct pos cpu_quota_pos;
	struct pos cpu_period_pos;
	struct pos cpu_reserved_pos;
	struct pos memory_reserved_pos;
	struct pos memory_high_pos;
	struct pos memory_swap_pos;
	struct blkio_spec blkio;
};
