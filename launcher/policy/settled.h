// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The state of a service, and whether a stack has come to rest. Pure. The instances are marked by
 * surplus_mark() with the same wishes.
 */
#pragma once

#include "launcher/policy/observed.h"
#include "runtime/base/err.h"

/* One line of `status`. */
struct service_status {
	unsigned desired;
	unsigned present;	      /* wanted instances that exist, in whatever state */
	unsigned ready;		      /* of these */
	unsigned completed;	      /* of these */
	unsigned leftover;	      /* instances that are not wanted any more and not yet gone */
	const struct observed *worst; /* of the wanted ones; borrowed; NULL: there is none */
	const char *state;	      /* static, never NULL:
					 "ready"	  all wanted instances are; or some, the others completed
					 "completed" all wanted instances are
					 "stopped"   none is wanted and none is left
					 "stopping"  none is wanted, some are left
					 "asleep"    none is until the next connection
					 "waking"    such a one waits for the first to be ready
					 "scheduled" none is until its next time
					 else the worst of its instances: "failed", "backoff", "unready",
					 "waiting", "stopping", "starting" (also: not yet created) */
	const char *reason;	      /* of the worst instance, borrowed; NULL: none */
};

/*
 * @desired		parallel to stack->services
 * @ret_status		out: array of stack->service_count, filled entirely
 */
void settled_services(const struct stack *stack, const struct desired *desired,
		      const struct observed *observed, size_t observed_count,
		      struct service_status *ret_status);

/*
 * Is nothing on its way any more? Every wanted instance is there and ready, unready, completed,
 * failed, in the backoff of a crash loop, or waiting for one of these (but not for the end of a
 * task that still runs); everything else is gone; and a replacement is finished or paused.
 *
 * Returns 1 when it has come to rest, 0 when not; -ENOMEM: who asks does not know, and asks again.
 */
int settled_idle(const struct stack *stack, const struct desired *desired,
		 const struct observed *observed, size_t observed_count,
		 struct err *err) must_check;
