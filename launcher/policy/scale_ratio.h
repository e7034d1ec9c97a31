// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How many instances a use asks for when each shall have so much of it: the arithmetic of
 * Kubernetes' HorizontalPodAutoscaler (replica_calculator.go), in whole thousandths instead of
 * floating point. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SCALE_MILLI INT64_C(1000)

enum scale_sample_state {
	SAMPLE_READY,
	SAMPLE_UNREADY, /* starting, or failing its probe: its use says nothing yet */
	SAMPLE_MISSING, /* runs, and nothing was measured */
};

/* One instance's use. */
struct scale_sample {
	enum scale_sample_state state;
	int64_t milli; /* SAMPLE_READY: in the unit of the target */
};

/* What a use is compared with. */
struct scale_rule {
	int64_t target_milli; /* of each instance; > 0 */
	int64_t full_milli;   /* what a missing one is taken to have when fewer would do; 0: the
				 target */
	unsigned up_tolerance_milli; /* of the target: no change inside */
	unsigned down_tolerance_milli;
};

/*
 * Proposes a number of instances.
 *
 * @current	the number now, wanted and not yet ready ones included
 * @ret		the proposal; @current where what is not known could change the answer
 *
 * What is missing is taken as full when fewer instances would do and as idle when more are needed;
 * so are unready ones: the answer is never bolder than the least favourable truth. -ENODATA: no
 * ready instance was measured.
 */
int scale_ratio_propose(const struct scale_sample *samples, size_t count,
			const struct scale_rule *rule, unsigned current, unsigned *ret);

/* @amount / @unit rounded up, at most UINT_MAX; 0 for what is not positive. */
unsigned scale_instances(int64_t amount, int64_t unit);
