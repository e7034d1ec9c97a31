// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How long to wait before instances are taken away, where the manifest does not say it: learned
 * from whether they were needed again. A load that comes back is waited for, one that went is not.
 * Pure.
 */
#pragma once

#include "manifests/stack.h"

/* Zero-initialise; plain data. */
struct scale_hold {
	int64_t ms;	       /* the window; 0: nothing was decided yet */
	int64_t removed_ms;    /* when instances were last taken away; 0: not regretted any more */
	unsigned removed_from; /* how many there were before */
};

/*
 * Half of what was taken away is needed again (@proposal) within the longest window: it should have
 * been held for that long. Not needed until then: the window was too long. A few instances of many,
 * more or less, teach nothing. Windows are from one to two and a half minutes, two at first; a
 * target of cpu above 75 % asks for thrift and shortens them, at 95 % to a fifth.
 */
void scale_hold_learn(struct scale_hold *hold, const struct autoscale *autoscale, int64_t now_ms,
		      unsigned current, unsigned proposal);

/* Some of @current instances are taken away. */
void scale_hold_removed(struct scale_hold *hold, int64_t now_ms, unsigned current);
