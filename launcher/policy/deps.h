// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * May an instance of a service start, as far as `depends_on` is concerned? Pure.
 *
 * All wanted instances of the dependency must meet the condition, those about to be replaced do
 * not count. started: has run once. healthy: is ready. completed: has ended with 0. A dependency
 * with no wanted instance (scaled to 0, stopped, disabled, absent) is not waited for. What is
 * broken is asked again at every change: it may recover.
 */
#pragma once

#include "launcher/policy/observed.h"
#include "runtime/base/err.h"

enum dependency_answer {
	DEPENDENCY_MET,
	DEPENDENCY_PENDING, /* the condition is still to come */
	DEPENDENCY_BROKEN,  /* it will not come unless something is done about the dependency */
};

#define DEPENDENCY_REASON_MAX 240

struct dependency_verdict {
	enum dependency_answer answer;
	/* PENDING: "waiting for db to be healthy"; BROKEN: "seed exited 1"; MET: empty, or a
	 * warning where a dependency that is not required was passed over. */
	char reason[DEPENDENCY_REASON_MAX];
};

/* What there is of one service, as far as those that depend on it care. */
struct dependency_counts {
	unsigned wanted;
	unsigned started; /* of the wanted ones, each created from the current revision */
	unsigned ready;
	unsigned completed;
	unsigned failed;
	unsigned unstarted;  /* of the failed ones: have never run */
	const char *failure; /* why the first failed one failed; borrowed; NULL: none has */
	const char *trouble; /* why the first unready one or the one in backoff is so; borrowed */
};

/*
 * Counts once, for any number of dependency_check().
 *
 * @desired	parallel to stack->services
 * @observed	marked by surplus_mark() with the same @desired
 * @ret_counts	out: array of stack->service_count, filled entirely
 */
void dependency_count(const struct stack *stack, const struct desired *desired,
		      const struct observed *observed, size_t observed_count,
		      struct dependency_counts *ret_counts);

/*
 * @service	of @stack
 * @counts	parallel to stack->services, from dependency_count()
 *
 * The reason names the first broken dependency, else the first that is waited for.
 */
void dependency_check(const struct stack *stack, const struct service *service,
		      const struct dependency_counts *counts,
		      struct dependency_verdict *ret_verdict);
