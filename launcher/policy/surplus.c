// SPDX-License-Identifier: GPL-2.0-or-later
/* Sorts the instances of each service that has too many by usefulness; see surplus.h. */
#include "launcher/policy/surplus.h"

#include "launcher/policy/rollout.h"
#include "runtime/base/cleanup.h"

#include <stdlib.h>
#include <string.h>

/* The most useful first. */
static const unsigned uselessness[INSTANCE_STATES] = {
	[INSTANCE_READY] = 0,	 [INSTANCE_COMPLETED] = 1, [INSTANCE_UNREADY] = 2,
	[INSTANCE_STARTING] = 3, [INSTANCE_WAITING] = 4,   [INSTANCE_BACKOFF] = 5,
	[INSTANCE_FAILED] = 6,	 [INSTANCE_STOPPING] = 7,
};

static int compare_services(const void *a, const void *b)
{
	return strcmp((*(const struct observed *const *)a)->service,
		      (*(const struct observed *const *)b)->service);
}

#define ORDER(a, b) (((a) > (b)) - ((a) < (b)))

/* The more useful one first; @desired is of their service. */
static int compare_usefulness(const void *a, const void *b, void *desired)
{
	const struct observed *left = *(const struct observed *const *)a;
	const struct observed *right = *(const struct observed *const *)b;
	const int orders[] = {
		ORDER(uselessness[left->state], uselessness[right->state]),
		observed_outdated(left, desired) - observed_outdated(right, desired),
		ORDER(right->connections, left->connections),
		ORDER(left->begun_us, right->begun_us),
		ORDER(left->index, right->index),
	};

	for (size_t i = 0; i < ARRAY_SIZE(orders); i++)
		if (orders[i] != 0)
			return orders[i];
	return 0;
}

/* Old ones go as new ones are in place, or have failed and may; until then they are kept beside
 * these. */
static void mark_rollout(struct observed **group, size_t count, const struct desired *desired)
{
	struct rollout_progress progress = {0};
	size_t current = desired->replicas;

	for (size_t i = 0; i < count; i++)
		rollout_count(group[i], desired, &progress);
	size_t done = rollout_done(desired, &progress);
	size_t old = current > done ? current - done : 0;

	for (size_t i = 0; i < count; i++) {
		size_t *left = rollout_concerns(group[i], desired) ? &old : &current;

		group[i]->surplus = *left == 0;
		*left -= *left > 0;
	}
}

static void mark_group(struct observed **group, size_t count, const struct desired *desired)
{
	size_t kept = desired ? desired->replicas : 0;

	if (kept > 0 && kept < count)
		qsort_r(group, count, sizeof(*group), compare_usefulness, (void *)desired);
	if (desired && rollout_starts_first(desired)) {
		mark_rollout(group, count, desired);
		return;
	}
	for (size_t i = 0; i < count; i++)
		group[i]->surplus = i >= kept;
}

void surplus_mark(const struct stack *stack, const struct desired *desired,
		  struct observed *observed, size_t count, struct observed **scratch)
{
	bool sorted = true;
	size_t end;

	for (size_t i = 0; i < count; i++) {
		scratch[i] = &observed[i];
		sorted = sorted && (i == 0 || compare_services(&scratch[i - 1], &scratch[i]) <= 0);
	}
	if (!sorted)
		qsort(scratch, count, sizeof(*scratch), compare_services);
	for (size_t first = 0; first < count; first = end) {
		long s = observed_service(stack, scratch[first]->service);

		end = first + 1;
		while (end < count && compare_services(&scratch[first], &scratch[end]) == 0)
			end++;
		mark_group(&scratch[first], end - first, s < 0 ? NULL : &desired[s]);
	}
}
