// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What policy is told: what is wanted of each service, and what there is of each instance.
 *
 * Both are borrowed for one call. The caller fills them from its own tables; nothing here is kept.
 */
#pragma once

#include "launcher/policy/instance_fsm.h"
#include "manifests/stack.h"

/* One per service of the stack, parallel to stack->services. */
struct desired {
	unsigned replicas;    /* 0: disabled, stopped, or not part of what was asked for */
	const char *revision; /* of the service as the stack has it now (revision.h) */
	bool asleep;	      /* none is wanted until the next connection */
	bool waking;	      /* such a one waits */
	bool scheduled;	      /* none is wanted until the next of its times */
	const struct rollout_spec *rollout; /* NULL, or not present: one at a time */
};

/* One per instance that exists in any state. Any order; (service, index) are unique. */
struct observed {
	const char *service; /* may be unknown to the stack: removed from the manifest */
	unsigned index;	     /* counts from 1 */
	enum instance_state state;
	const char *revision;	    /* what it was created from */
	const struct service *spec; /* what it was created from, perhaps of an earlier stack: gives
				       the stop order of services that are no longer in the stack;
				       NULL: not known */
	const char *reason;	    /* of its state; NULL: none */
	bool started;		    /* its program has run at least once since it was created */
	bool blocked;		    /* waiting, and deps.h has not said MET when last asked */
	bool crash_looping;	    /* restart_crash_looping() */
	bool replace;	      /* an explicit start or restart: shall be replaced though unchanged */
	bool watched;	      /* came in a rollout, and too lately to be relied on */
	unsigned connections; /* open ones; 0: none, or not known */
	int64_t begun_us;     /* when its last start began; 0: not yet */
	bool surplus;	      /* more useful ones are as many as wanted: surplus_mark() */
};

/* The position of a service in stack->services, by binary search; -1: not in the stack. */
long observed_service(const struct stack *stack, const char *service);

/* Is it to be replaced by a new one, given what its service is wanted to be? A run that has begun
 * is not, for what is new: the next one at its time is of that. */
bool observed_outdated(const struct observed *instance, const struct desired *desired);

/* Is there a process: starting, ready, unready or stopping? */
bool observed_running(const struct observed *instance);
