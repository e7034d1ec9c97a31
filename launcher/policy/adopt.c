// SPDX-License-Identifier: GPL-2.0-or-later
/* What has become of each instance; see adopt.h. */
#include "launcher/policy/adopt.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NONE SIZE_MAX

/* The newest run of that name that has a process. */
static size_t newest_group(const struct adopt_situation *now, const char *name)
{
	size_t best = NONE;

	for (size_t i = 0; i < now->group_count; i++) {
		const struct adopt_group *group = &now->groups[i];

		if (group->count && strcmp(group->name, name) == 0 &&
		    (best == NONE || group->run > now->groups[best].run))
			best = i;
	}
	return best;
}

/* The process that all the others of the group came from, or came after. */
static size_t leader_of(const struct adopt_group *group)
{
	size_t best = 0;

	for (size_t i = 1; i < group->count; i++) {
		const struct adopt_process *one = &group->processes[i];
		const struct adopt_process *other = &group->processes[best];

		if (one->first != other->first ? one->first : one->start < other->start)
			best = i;
	}
	return best;
}

static size_t find_process(const struct adopt_group *group, const struct adopt_record *record)
{
	for (size_t i = 0; i < group->count; i++)
		if (group->processes[i].pid == record->pid &&
		    group->processes[i].start == record->start)
			return i;
	return NONE;
}

/* Without its process: how much is known of its end. */
static enum adopt_fate end_of(const struct adopt_record *record)
{
	if (record->pid == 0)
		return ADOPT_RESTS;
	if (record->ended)
		return ADOPT_ENDED_NOTED;
	return record->status_known ? ADOPT_ENDED_KNOWN : ADOPT_ENDED_UNKNOWN;
}

static struct adopt_verdict judge(const struct adopt_situation *now,
				  const struct adopt_record *record)
{
	size_t at = newest_group(now, record->name);
	const struct adopt_group *group = at == NONE ? NULL : &now->groups[at];
	size_t process = NONE;

	/* A group of an older run, or of one that ended, holds what that has left behind. */
	if (group && group->run == record->run && record->pid != 0)
		process = find_process(group, record);
	else if (group && group->run > record->run)
		process = leader_of(group);
	if (process == NONE)
		return (struct adopt_verdict){.fate = end_of(record)};
	if (group->processes[process].unstarted)
		return (struct adopt_verdict){.fate = ADOPT_AGAIN};
	return (struct adopt_verdict){ADOPT_RUNS, at, process};
}

static bool is_recorded(const struct adopt_situation *now, const char *name)
{
	for (size_t i = 0; i < now->record_count; i++)
		if (strcmp(now->records[i].name, name) == 0)
			return true;
	return false;
}

static void judge_unrecorded(const struct adopt_situation *now, size_t i,
			     struct adopt_group_verdict *verdict)
{
	const struct adopt_group *group = &now->groups[i];

	if (is_recorded(now, group->name) || newest_group(now, group->name) != i)
		return;
	size_t process = leader_of(group);

	if (!group->processes[process].unstarted)
		*verdict = (struct adopt_group_verdict){true, true, process};
}

int adopt_decide(const struct adopt_situation *now, struct adopt_plan *ret_plan, struct err *err)
{
	struct adopt_plan plan = {
		.records = calloc(now->record_count + 1, sizeof(*plan.records)),
		.groups = calloc(now->group_count + 1, sizeof(*plan.groups)),
	};

	if (!plan.records || !plan.groups) {
		adopt_plan_free(&plan);
		return err_set(err, ENOMEM, "adopt");
	}
	for (size_t i = 0; i < now->record_count; i++) {
		struct adopt_verdict verdict = judge(now, &now->records[i]);

		plan.records[i] = verdict;
		if (verdict.fate == ADOPT_RUNS)
			plan.groups[verdict.group] =
				(struct adopt_group_verdict){true, false, verdict.process};
	}
	for (size_t i = 0; i < now->group_count; i++)
		judge_unrecorded(now, i, &plan.groups[i]);
	*ret_plan = plan;
	return 0;
}

void adopt_plan_free(struct adopt_plan *plan)
{
	free(plan->records);
	free(plan->groups);
	*plan = (struct adopt_plan){0};
}

bool adopt_is_stray(const struct adopt_group *group, size_t leader, size_t process)
{
	if (process == leader || !group->processes[leader].first)
		return false;
	for (size_t i = 0; i < group->count; i++)
		if (group->processes[i].pid == group->processes[process].parent)
			return false;
	return true;
}
