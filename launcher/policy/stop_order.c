// SPDX-License-Identifier: GPL-2.0-or-later
/* Walks from those that nothing depends on down to their dependencies, passing on "still there". */
#include "launcher/policy/stop_order.h"

#include "runtime/base/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct walk {
	struct group *groups;
	size_t count;
	size_t *dependents; /* per group: of those, how many have not been visited */
	size_t *queue;
	size_t queued;
};

static int compare_name(const void *name, const void *group)
{
	return strcmp(name, ((const struct group *)group)->name);
}

static struct group *dependency_of(const struct walk *walk, const struct group *group, size_t index)
{
	return bsearch(group->spec->depends_on[index].service, walk->groups, walk->count,
		       sizeof(*walk->groups), compare_name);
}

static size_t dependency_count_of(const struct group *group)
{
	return group->spec ? group->spec->depends_on_count : 0;
}

static void count_dependents(struct walk *walk)
{
	for (size_t g = 0; g < walk->count; g++) {
		for (size_t i = 0; i < dependency_count_of(&walk->groups[g]); i++) {
			const struct group *below = dependency_of(walk, &walk->groups[g], i);

			if (below)
				walk->dependents[below - walk->groups]++;
		}
	}
}

static void visit(struct walk *walk, const struct group *group)
{
	for (size_t i = 0; i < dependency_count_of(group); i++) {
		struct group *below = dependency_of(walk, group, i);

		if (!below)
			continue;
		below->held |= group->leaving || group->held;
		if (--walk->dependents[below - walk->groups] == 0)
			walk->queue[walk->queued++] = (size_t)(below - walk->groups);
	}
}

int stop_order(struct group *groups, size_t count, struct err *err)
{
	autofree size_t *dependents = calloc(count + 1, sizeof(*dependents));
	autofree size_t *queue = calloc(count + 1, sizeof(*queue));
	struct walk walk = {groups, count, dependents, queue, 0};

	if (!dependents || !queue)
		return err_set(err, ENOMEM, "stop order");
	for (size_t g = 0; g < count; g++)
		groups[g].held = false;
	count_dependents(&walk);
	for (size_t g = 0; g < count; g++)
		if (dependents[g] == 0)
			queue[walk.queued++] = g;
	for (size_t next = 0; next < walk.queued; next++)
		visit(&walk, &groups[queue[next]]);
	return 0;
}
