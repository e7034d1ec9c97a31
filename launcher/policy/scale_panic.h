// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How many instances a number of things in flight asks for, with a long window for steady loads and
 * a short one for bursts: the arithmetic of Knative's KPA (autoscaler.go, bucketing.go). Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SCALE_WINDOW_MAX 120 /* seconds */

struct scale_panic_rule {
	unsigned stable_s; /* at most SCALE_WINDOW_MAX */
	unsigned panic_s;
	int64_t target_milli;	    /* of each instance, headroom taken off; > 0 */
	unsigned threshold_percent; /* of what is ready: panic when the short window asks for it */
	int64_t up_rate_milli;	    /* at most so many times the ready ones in one step */
	int64_t down_rate_milli;    /* at least one so-manieth of the ready ones */
};

/* Knative's defaults, for a @target_milli that has the 70 % taken off already. */
struct scale_panic_rule scale_panic_defaults(int64_t target_milli);

struct scale_bucket {
	int64_t second; /* which one it is of */
	int64_t sum_milli;
	int64_t samples;
};

/* Zero-initialise; plain data. */
struct scale_panic {
	struct scale_bucket buckets[SCALE_WINDOW_MAX];
	bool begun;
	int64_t first_second;
	bool panicking;
	int64_t panicked_ms; /* the last time the threshold was reached */
	unsigned panic_peak; /* the most that was wanted since panic began */
};

/* Records what is in flight in the whole service. Several in one second count as their mean. */
void scale_panic_record(struct scale_panic *panic, int64_t now_ms, int64_t total_milli);

/* The mean over the last @window_s seconds, or over what was recorded when that is less. */
int64_t scale_panic_mean_milli(const struct scale_panic *panic, int64_t now_ms, unsigned window_s);

/*
 * After a restart of the controller with @ready instances: begins in panic, so that what is not
 * known yet removes nothing.
 */
void scale_panic_resume(struct scale_panic *panic, int64_t now_ms, unsigned ready);

/* The wish before bounds. @ready: instances that serve. -ENODATA: nothing was recorded yet. */
int scale_panic_propose(struct scale_panic *panic, const struct scale_panic_rule *rule,
			int64_t now_ms, unsigned ready, unsigned *ret);
