// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What to do next to get from what there is to what is wanted. Pure and level-triggered: asked
 * anew at every change, it remembers nothing and needs no memory of what it said before.
 *
 * A new instance of a service has the lowest index that is free; where others have gone, the
 * indices have holes. At no time are more of them created than wanted: what is to go counts until
 * it is gone.
 */
#pragma once

#include "launcher/policy/observed.h"
#include "runtime/base/err.h"

enum reconcile_kind {
	RECONCILE_CREATE,  /* an instance in `waiting`; its dependencies hold it back by themselves
			    */
	RECONCILE_STOP,	   /* no longer wanted */
	RECONCILE_REPLACE, /* stop now; a later call creates its successor, once it is gone */
};

struct reconcile_action {
	enum reconcile_kind kind;
	size_t service;	 /* in stack->services; SIZE_MAX when the stack does not know it */
	unsigned index;	 /* of the instance */
	size_t observed; /* in observed[]; SIZE_MAX for RECONCILE_CREATE */
};

struct reconcile_plan {
	struct reconcile_action *items; /* stops first; else by service and index */
	size_t count;
};

enum reconcile_mode {
	RECONCILE_NOW, /* what may be done at this moment */
	RECONCILE_ALL, /* the whole difference, whatever the order: what a command reports */
};

/*
 * @desired	parallel to stack->services
 * @observed	marked by surplus_mark() with the same @desired
 * @ret_plan	out: owned by the caller, reconcile_plan_free(); untouched on failure
 *
 * - Too many: the surplus ones go (surplus.h). A service unknown to the stack: all go.
 * - Stop order: an instance that is not wanted any more is stopped once no running instance that is
 *   itself not wanted is left of any service that depends on it, directly or not. Unrelated ones
 *   stop in parallel. What does not run goes at once.
 * - Outdated (another revision): those without a process go at once. The others one at a time per
 *   service, the ones that are not ready first, the next one only when all current ones are ready
 * or completed. So a current one that fails, or never gets ready, pauses the replacement with the
 *   rest of the service untouched; a new manifest or an explicit restart goes on.
 * - `replace` set by an explicit start or restart: all at once, as Compose does.
 * - Completed or failed, and not outdated: left alone.
 *
 * Returns 0 or -ENOMEM. O(n log n).
 */
int reconcile(const struct stack *stack, const struct desired *desired,
	      const struct observed *observed, size_t observed_count, enum reconcile_mode mode,
	      struct reconcile_plan *ret_plan, struct err *err) must_check;

/* Accepts a zeroed plan. */
void reconcile_plan_free(struct reconcile_plan *plan);
#define autoreconcile __attribute__((cleanup(reconcile_plan_free)))
