// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How long something took, counted in buckets whose bounds are those of every duration davit
 * counts. Owns its numbers, no clock. Pure.
 */
#pragma once

#include "runtime/base/buf.h"

#include <stdint.h>

#define HISTOGRAM_BUCKETS 16 /* besides the one without a bound */

/* Zero-initialise. */
struct histogram {
	uint64_t counts[HISTOGRAM_BUCKETS + 1]; /* not cumulative */
	uint64_t sum_us;
};

/* A negative duration counts as none: clocks of virtual machines have been seen to step. */
void histogram_add(struct histogram *histogram, int64_t duration_us);

/* Appends the samples of one metric in Prometheus' text format: NAME_bucket, NAME_sum (seconds) and
 * NAME_count. */
void histogram_print(const struct histogram *histogram, const char *name, struct buf *text);
