// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Prepared revisions: what all runs of a service's instances have in common, made once. A plan
 * lives as long as an instance or the unit of its service refers to it.
 */
#pragma once

#include "launcher/policy/revision.h"
#include "runtime/base/buf.h"
#include "runtime/container.h"

struct supervisor;
struct images;

/* A loaded manifest, shared by the revisions made from it. */
struct manifest {
	struct stack *stack;
	char *directory; /* where the names of its files start */
	unsigned refs;
	unsigned number;       /* see applied.h */
	struct images *images; /* of its services, as far as they were needed */
};

/* All that is prepared for the instances of one revision of a service; shared by them. */
struct plan {
	unsigned refs;
	struct manifest *manifest;
	const struct service *service; /* of manifest->stack, or own */
	struct service *own;	       /* of a one-off: goes with the plan */
	char *anonymous_dir;	       /* where the instance's anonymous volumes are */
	struct revision revision;
	char *state_dir;
	struct container_plan *container; /* NULL: taken over, and not needed yet */
	unsigned number;		  /* names its directory, also for a successor */
	unsigned index;			  /* of the instance, where that matters */
	struct json_t *change;		  /* of a one-off: what was asked for */
	struct strv made; /* directories made for it: removed again when no instance came of it */
	bool used;
	bool asks_us; /* its resolv.conf names the stack's own name server */
};

/* Takes @stack, also on failure (no memory): NULL then. One reference, the caller's. */
struct manifest *manifest_make(struct stack *stack, const char *directory);

struct manifest *manifest_ref(struct manifest *manifest);

/* Accepts NULL. */
void manifest_unref(struct manifest *manifest);

/* Where the anonymous volumes of an instance are; NULL without memory. */
char *plan_anonymous_dir(const struct supervisor *sup, const struct service *service,
			 unsigned index);

/* What a plan is to be made of. */
struct plan_source {
	struct manifest *manifest;
	const struct service *service; /* of manifest->stack */
	unsigned index; /* of the instance: matters only where a service has anonymous volumes,
			   which are each instance's own */
};

/*
 * Prepares a revision, for which fills_ready() has nothing to wait for: volumes made, root
 * assembled, programs found.
 *
 * @ret_plan	out: one reference, owned by the caller, plan_unref(); untouched on failure
 * @fault	out: on failure, what failed and which item of the manifest asked for it
 */
int plan_make(struct supervisor *sup, const struct plan_source *source, struct plan **ret_plan,
	      struct container_fault *fault) must_check;

/* The same for a one-off: @source->service is one_off_service()'s and belongs to the plan from here
 * on, also after a failure. Its anonymous volumes go with it. */
int plan_make_own(struct supervisor *sup, const struct plan_source *source, struct plan **ret_plan,
		  struct container_fault *fault) must_check;

/* What a predecessor has written of a plan. */
struct plan_record {
	unsigned number;
	unsigned index;
	struct revision revision; /* as it was computed then */
	const struct json_t *change;
};

/* A plan of a predecessor's; nothing is prepared before plan_ready(). @source: as it was then, own
 * as plan_make_own() takes it where there is a change. */
int plan_restore(struct supervisor *sup, const struct plan_source *source,
		 const struct plan_record *record, struct plan **ret_plan,
		 struct err *err) must_check;

/* Prepares what plan_restore() has not. */
int plan_ready(struct supervisor *sup, struct plan *plan, struct container_fault *fault) must_check;

struct plan *plan_ref(struct plan *plan);

/* Accepts NULL. */
void plan_unref(struct plan *plan);
