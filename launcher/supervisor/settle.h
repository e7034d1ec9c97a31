// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Desired against observed, once per turn of the loop in which something has changed: policy
 * decides, settle() carries its decisions to the instances. Level-triggered, so nothing can be
 * missed.
 */
#pragma once

#include "launcher/policy/observed.h"
#include "launcher/supervisor/instance.h"

/* What is wanted of one service; parallel to the stack's services. */
struct unit {
	unsigned replicas;
	bool selected; /* part of what `up` was asked for */
	bool stopped;  /* by `stop` */
	struct plan *plan;
};

/* Callback of a deferred watch, and of a timer. */
void settle(void *sup);

/* What is wanted; an empty stack before the first `up`. Borrowed. */
const struct stack *settle_stack(const struct supervisor *sup);

/*
 * The arrays that policy wants, filled from units and instances. Owned by the caller (free()); what
 * they point to is borrowed from the supervisor. @ret_instances may be NULL.
 */
int settle_collect(struct supervisor *sup, struct desired **ret_desired,
		   struct observed **ret_observed, struct instance ***ret_instances,
		   struct err *err) must_check;
