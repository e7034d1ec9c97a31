// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sorts the instances by service and index, walks over them group by group, and notes what to stop,
 * then what to create. All state lives in one struct pass on the stack of reconcile().
 */
#include "launcher/policy/reconcile.h"

#include "launcher/policy/rollout.h"
#include "launcher/policy/stop_order.h"
#include "runtime/base/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct pass {
	const struct stack *stack;
	const struct desired *desired;
	const struct observed *observed; /* as the caller gave it: positions refer to it */
	size_t observed_count;
	enum reconcile_mode mode;
	const struct observed **sorted; /* by service name and index */
	struct group *groups; /* by name: every service of the stack, and every other one that
				 has instances */
	size_t group_count;
	struct reconcile_plan plan;
	size_t capacity;
	bool failed; /* an allocation failed */
};

void reconcile_plan_free(struct reconcile_plan *plan)
{
	free(plan->items);
	*plan = (struct reconcile_plan){0};
}

static void pass_free(struct pass *pass)
{
	free(pass->sorted);
	free(pass->groups);
	reconcile_plan_free(&pass->plan);
}

static void note(struct pass *pass, enum reconcile_kind kind, const struct group *group,
		 unsigned index, const struct observed *instance)
{
	struct reconcile_plan *plan = &pass->plan;

	if (plan->count == pass->capacity) {
		size_t capacity = pass->capacity ? 2 * pass->capacity : 16;
		void *items = reallocarray(plan->items, capacity, sizeof(*plan->items));

		if (!items) {
			pass->failed = true;
			return;
		}
		plan->items = items;
		pass->capacity = capacity;
	}
	plan->items[plan->count++] = (struct reconcile_action){
		.kind = kind,
		.service = group->service < 0 ? SIZE_MAX : (size_t)group->service,
		.index = index,
		.observed = instance ? (size_t)(instance - pass->observed) : SIZE_MAX,
	};
}

static int compare_instances(const void *a, const void *b)
{
	const struct observed *left = *(const struct observed *const *)a;
	const struct observed *right = *(const struct observed *const *)b;
	int by_name = strcmp(left->service, right->service);

	return by_name ? by_name : (left->index > right->index) - (left->index < right->index);
}

/* As callers keep them: once per turn of a loop, sorting again would be the greatest part of it. */
static bool is_sorted(const struct pass *pass)
{
	for (size_t i = 1; i < pass->observed_count; i++)
		if (compare_instances(&pass->sorted[i - 1], &pass->sorted[i]) > 0)
			return false;
	return true;
}

static bool outdated(const struct pass *pass, const struct group *group,
		     const struct observed *instance)
{
	return observed_outdated(instance, &pass->desired[group->service]);
}

/* Takes the instances of @group from the sorted list, starting at @first. */
static void fill_group(const struct pass *pass, struct group *group, size_t first)
{
	size_t at = first;

	group->first = first;
	for (; at < pass->observed_count; at++) {
		const struct observed *instance = pass->sorted[at];

		if (strcmp(instance->service, group->name) != 0)
			break;
		bool leaves = observed_running(instance) && instance->surplus;

		/* What leaves knows best what it depends on; others only pass the order on. */
		if (instance->spec && (leaves || !group->spec))
			group->spec = instance->spec;
		group->leaving |= leaves;
	}
	group->count = at - first;
}

/* Both lists are sorted by name: one walk over the two makes the groups. */
static void make_groups(struct pass *pass)
{
	size_t at = 0;
	size_t s = 0;

	while (s < pass->stack->service_count || at < pass->observed_count) {
		struct group *group = &pass->groups[pass->group_count++];
		const struct service *service =
			s < pass->stack->service_count ? &pass->stack->services[s] : NULL;
		const char *seen = at < pass->observed_count ? pass->sorted[at]->service : NULL;

		if (service && (!seen || strcmp(service->name, seen) <= 0)) {
			*group = (struct group){.name = service->name,
						.service = (long)s,
						.spec = service,
						.replicas = pass->desired[s].replicas};
			s++;
		} else {
			*group = (struct group){.name = seen, .service = -1};
		}
		fill_group(pass, group, at);
		at += group->count;
	}
}

static int prepare(struct pass *pass, struct err *err)
{
	size_t groups_max = pass->stack->service_count + pass->observed_count;

	pass->sorted = calloc(pass->observed_count + 1, sizeof(*pass->sorted));
	pass->groups = calloc(groups_max + 1, sizeof(*pass->groups));
	if (!pass->sorted || !pass->groups)
		return err_set(err, ENOMEM, "reconcile");
	for (size_t i = 0; i < pass->observed_count; i++)
		pass->sorted[i] = &pass->observed[i];
	if (!is_sorted(pass))
		qsort(pass->sorted, pass->observed_count, sizeof(*pass->sorted), compare_instances);
	make_groups(pass);
	return stop_order(pass->groups, pass->group_count, err);
}

/* What is not wanted any more, the highest index first. */
static void note_removals(struct pass *pass, const struct group *group)
{
	for (size_t i = group->count; i-- > 0;) {
		const struct observed *instance = pass->sorted[group->first + i];
		bool waits =
			pass->mode == RECONCILE_NOW && group->held && observed_running(instance);

		if (!instance->surplus || instance->state == INSTANCE_STOPPING || waits)
			continue;
		note(pass, RECONCILE_STOP, group, instance->index, instance);
	}
}

/* May it be replaced whatever the others do? Nothing is lost, or somebody asked for it. */
static bool replaced_freely(const struct pass *pass, const struct observed *instance)
{
	return pass->mode == RECONCILE_ALL || instance->replace || !observed_running(instance);
}

/* Of those whose turn it can be, so many; first those that serve nobody. */
static unsigned note_turns(struct pass *pass, const struct group *group, bool ready, unsigned most)
{
	const struct desired *desired = &pass->desired[group->service];

	for (size_t i = 0; i < group->count && most > 0; i++) {
		const struct observed *instance = pass->sorted[group->first + i];

		if (instance->surplus || instance->state == INSTANCE_STOPPING ||
		    !rollout_concerns(instance, desired) || replaced_freely(pass, instance) ||
		    (instance->state == INSTANCE_READY) != ready)
			continue;
		note(pass, RECONCILE_REPLACE, group, instance->index, instance);
		most--;
	}
	return most;
}

/* The free ones at once; of the others as many as may be on their way at a time, if what is
 * current does well. */
static void note_replacements(struct pass *pass, const struct group *group)
{
	const struct desired *desired = &pass->desired[group->service];
	struct rollout_progress progress = {0};
	unsigned present = 0, freed = 0;

	for (size_t i = 0; i < group->count; i++) {
		const struct observed *instance = pass->sorted[group->first + i];

		if (instance->surplus)
			continue;
		present++;
		rollout_count(instance, desired, &progress);
		if (instance->state == INSTANCE_STOPPING || !outdated(pass, group, instance) ||
		    !replaced_freely(pass, instance))
			continue;
		note(pass, RECONCILE_REPLACE, group, instance->index, instance);
		freed++;
	}
	unsigned going =
		freed + progress.stopping + progress.current - progress.settled - progress.failed;
	unsigned most = rollout_parallelism(desired);

	going += group->replicas > present ? group->replicas - present : 0;
	if (rollout_starts_first(desired) || rollout_is_paused(desired, &progress) || going >= most)
		return;
	(void)note_turns(pass, group, true, note_turns(pass, group, false, most - going));
}

/* With start-first those that come before others go, never more beside the wanted ones than are
 * replaced at a time. */
static size_t surge_of(const struct pass *pass, const struct group *group)
{
	const struct desired *desired = group->service < 0 ? NULL : &pass->desired[group->service];
	struct rollout_progress progress = {0};

	if (!desired || pass->mode != RECONCILE_NOW || !rollout_starts_first(desired))
		return 0;
	for (size_t i = 0; i < group->count; i++)
		rollout_count(pass->sorted[group->first + i], desired, &progress);
	size_t most = group->replicas + rollout_parallelism(desired);
	size_t room = most > group->count ? most - group->count : 0;
	size_t surge = rollout_surge(desired, &progress);

	return surge < room ? surge : room;
}

/* How many are missing, as far as what is still there leaves room for them. */
static size_t room_of(const struct pass *pass, const struct group *group)
{
	size_t taken = 0;

	for (size_t i = 0; i < group->count; i++)
		taken += pass->mode == RECONCILE_NOW ||
			 pass->sorted[group->first + i]->state != INSTANCE_STOPPING;
	return group->replicas > taken ? group->replicas - taken : 0;
}

/* What is missing, the lowest free index first. */
static void note_creations(struct pass *pass, const struct group *group)
{
	size_t missing = room_of(pass, group);
	size_t surge = surge_of(pass, group);
	size_t room = missing > surge ? missing : surge;
	size_t at = 0;

	for (unsigned index = 1; room > 0 && !pass->failed; index++) {
		const struct observed *instance =
			at < group->count ? pass->sorted[group->first + at] : NULL;
		bool present = instance && instance->index == index;

		at += present;
		if (present &&
		    (pass->mode == RECONCILE_NOW || instance->state != INSTANCE_STOPPING))
			continue;
		note(pass, RECONCILE_CREATE, group, index, NULL);
		room--;
	}
}

int reconcile(const struct stack *stack, const struct desired *desired,
	      const struct observed *observed, size_t observed_count, enum reconcile_mode mode,
	      struct reconcile_plan *ret_plan, struct err *err)
{
	__attribute__((cleanup(pass_free))) struct pass pass = {
		.stack = stack,
		.desired = desired,
		.observed = observed,
		.observed_count = observed_count,
		.mode = mode,
	};
	int r = prepare(&pass, err);

	if (r < 0)
		return r;
	for (size_t g = 0; g < pass.group_count; g++) {
		note_removals(&pass, &pass.groups[g]);
		if (pass.groups[g].service >= 0)
			note_replacements(&pass, &pass.groups[g]);
	}
	for (size_t g = 0; g < pass.group_count; g++)
		note_creations(&pass, &pass.groups[g]);
	if (pass.failed)
		return err_set(err, ENOMEM, "reconcile");
	*ret_plan = pass.plan;
	pass.plan = (struct reconcile_plan){0};
	return 0;
}
