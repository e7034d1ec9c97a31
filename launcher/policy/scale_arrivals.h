// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How many arrive per second: the mean of the last 16 seconds, or what a shorter span proves by
 * itself, its count less three standard deviations of a Poisson process of that count. So a burst
 * is believed as soon as, and as far as, it cannot be chance, and chance alone never counts. Pure.
 */
#pragma once

#include <stdint.h>

#define SCALE_ARRIVALS_SLOTS 64

struct scale_arrival {
	int64_t begin_ms, end_ms;
	int64_t count;
};

/* Zero-initialise; plain data. A ring; the newest is the one before next. */
struct scale_arrivals {
	struct scale_arrival slots[SCALE_ARRIVALS_SLOTS];
	uint32_t next, used;
};

/* @count arrived between @begin_ms and @end_ms, which follows what was recorded before. */
void scale_arrivals_record(struct scale_arrivals *arrivals, int64_t begin_ms, int64_t end_ms,
			   int64_t count);

/* Thousandths per second; 0 when nothing was recorded. */
int64_t scale_arrivals_rate_milli(const struct scale_arrivals *arrivals, int64_t now_ms);
