// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What was proposed and what was done, for as long as it matters: stabilisation windows and rate
 * policies as in Kubernetes' HorizontalPodAutoscaler (horizontal.go). Bounded: times closer than a
 * 64th of the longest window fall together, which never shortens a window. Pure.
 */
#pragma once

#include "manifests/stack.h"

#define SCALE_HISTORY_SLOTS 80

/* What is of about one time. */
struct scale_slot {
	int64_t first_ms, last_ms;
	unsigned low;  /* the least proposal; or how many instances were taken away */
	unsigned high; /* the greatest proposal; or how many were added */
};

struct scale_ring {
	struct scale_slot slots[SCALE_HISTORY_SLOTS];
	size_t next, count;
};

/* Zero-initialise; plain data. */
struct scale_history {
	struct scale_ring proposals;
	struct scale_ring changes;
};

/* What a window or a rate made of a wish. */
struct scale_limited {
	unsigned instances;
	bool by_window;
	bool by_rate;
};

/*
 * From @current towards @proposal: up to the least of the upward window, down to the most of the
 * downward one (of its last quarter, where it is learned and the proposals fell evenly), @proposal
 * included; then no faster than the policies of the direction let it.
 */
struct scale_limited scale_history_limit(const struct scale_history *history, int64_t now_ms,
					 const struct autoscale *autoscale, unsigned current,
					 unsigned proposal);

/* Records @proposal, as it was before any limit. */
void scale_history_propose(struct scale_history *history, int64_t now_ms,
			   const struct autoscale *autoscale, unsigned proposal);

/* Records that the number went from @from to @to. */
void scale_history_change(struct scale_history *history, int64_t now_ms,
			  const struct autoscale *autoscale, unsigned from, unsigned to);
