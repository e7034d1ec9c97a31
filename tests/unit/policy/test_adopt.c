// SPDX-License-Identifier: GPL-2.0-or-later
/* What a new supervisor makes of the records, groups and processes it finds. */
#include "launcher/policy/adopt.h"
#include "tests/unit/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const struct adopt_process web[] = {{100, 1, 5000, true, false},
					   {101, 100, 5001, false, false}};
static const struct adopt_process later[] = {{200, 1, 6000, true, false}};
static const struct adopt_process early[] = {{300, 1, 7000, false, true}};

static struct adopt_plan decide(const struct adopt_record *record, const struct adopt_group *groups,
				size_t count)
{
	const struct adopt_situation now = {record, record ? 1 : 0, groups, count};
	struct adopt_plan plan;
	struct err err = {0};

	assert_int_equal(adopt_decide(&now, &plan, &err), 0);
	return plan;
}

/* The fate of one record among these groups; which group is kept, or -1. */
static enum adopt_fate fate_of(const struct adopt_record *record, const struct adopt_group *groups,
			       size_t count, int *ret_kept)
{
	autoadopt struct adopt_plan plan = decide(record, groups, count);

	*ret_kept = -1;
	for (size_t i = 0; i < count; i++)
		if (plan.groups[i].kept)
			*ret_kept = (int)i;
	return plan.records[0].fate;
}

static void what_runs_as_recorded_goes_on(void **unused)
{
	(void)unused;
	const struct adopt_record record = {"web-1", 3, 100, 5000, false, false};
	const struct adopt_group groups[] = {{"web-1", 3, web, 2}};
	autoadopt struct adopt_plan plan = decide(&record, groups, 1);

	assert_int_equal(plan.records[0].fate, ADOPT_RUNS);
	assert_int_equal(plan.records[0].process, 0);
	assert_true(plan.groups[0].kept);
	assert_false(plan.groups[0].unrecorded);
}

static void a_pid_given_out_again_is_not_the_instance(void **unused)
{
	(void)unused;
	const struct adopt_record record = {"web-1", 3, 100, 4000, false, false};
	const struct adopt_group groups[] = {{"web-1", 3, web, 2}};
	int kept;

	assert_int_equal(fate_of(&record, groups, 1, &kept), ADOPT_ENDED_UNKNOWN);
	assert_int_equal(kept, -1);
}

static void an_end_is_as_well_known_as_it_can_be(void **unused)
{
	(void)unused;
	struct adopt_record record = {"web-1", 3, 100, 5000, false, false};
	int kept;

	assert_int_equal(fate_of(&record, NULL, 0, &kept), ADOPT_ENDED_UNKNOWN);
	record.status_known = true;
	assert_int_equal(fate_of(&record, NULL, 0, &kept), ADOPT_ENDED_KNOWN);
	record.ended = true;
	assert_int_equal(fate_of(&record, NULL, 0, &kept), ADOPT_ENDED_NOTED);
	record.pid = 0;
	assert_int_equal(fate_of(&record, NULL, 0, &kept), ADOPT_RESTS);
}

static void a_run_that_the_record_does_not_know_yet_is_the_present_one(void **unused)
{
	(void)unused;
	const struct adopt_record before = {"web-1", 3, 100, 5000, true, false};
	const struct adopt_record waiting = {"web-1", 3, 0, 0, false, false};
	const struct adopt_group groups[] = {{"web-1", 3, web, 2}, {"web-1", 4, later, 1}};
	int kept;

	assert_int_equal(fate_of(&before, groups, 2, &kept), ADOPT_RUNS);
	assert_int_equal(kept, 1);
	assert_int_equal(fate_of(&waiting, groups, 2, &kept), ADOPT_RUNS);
	assert_int_equal(kept, 1);
}

static void what_an_ended_run_has_left_behind_is_killed(void **unused)
{
	(void)unused;
	const struct adopt_record resting = {"web-1", 3, 0, 0, false, false};
	const struct adopt_record newer = {"web-1", 4, 400, 9000, false, true};
	const struct adopt_group groups[] = {{"web-1", 3, web, 2}};
	int kept;

	assert_int_equal(fate_of(&resting, groups, 1, &kept), ADOPT_RESTS);
	assert_int_equal(kept, -1);
	assert_int_equal(fate_of(&newer, groups, 1, &kept), ADOPT_ENDED_KNOWN);
	assert_int_equal(kept, -1);
}

static void a_child_before_its_program_is_started_anew(void **unused)
{
	(void)unused;
	const struct adopt_record before = {"web-1", 3, 0, 0, false, false};
	const struct adopt_record written = {"web-1", 4, 300, 7000, false, false};
	const struct adopt_group groups[] = {{"web-1", 4, early, 1}};
	int kept;

	assert_int_equal(fate_of(&before, groups, 1, &kept), ADOPT_AGAIN);
	assert_int_equal(kept, -1);
	assert_int_equal(fate_of(&written, groups, 1, &kept), ADOPT_AGAIN);
	assert_int_equal(kept, -1);
}

static void without_a_record_the_newest_group_tells(void **unused)
{
	(void)unused;
	const struct adopt_group groups[] = {{"web-1", 3, web, 2},
					     {"web-1", 4, later, 1},
					     {"db-1", 9, early, 1},
					     {"x-1", 2, NULL, 0}};
	autoadopt struct adopt_plan plan = decide(NULL, groups, 4);

	assert_false(plan.groups[0].kept);
	assert_true(plan.groups[1].kept);
	assert_true(plan.groups[1].unrecorded);
	assert_false(plan.groups[2].kept);
	assert_false(plan.groups[3].kept);
}

static void the_first_process_leads_else_the_oldest(void **unused)
{
	(void)unused;
	const struct adopt_process mixed[] = {
		{10, 1, 900, false, false}, {11, 1, 950, true, false}, {12, 11, 960, true, false}};
	const struct adopt_process plain[] = {{10, 1, 900, false, false},
					      {9, 1, 800, false, false}};
	const struct adopt_group own = {"web-1", 1, mixed, 3};
	const struct adopt_group shared = {"web-1", 1, plain, 2};
	autoadopt struct adopt_plan one = decide(NULL, &own, 1);
	autoadopt struct adopt_plan other = decide(NULL, &shared, 1);

	assert_int_equal(one.groups[0].process, 1);
	assert_int_equal(other.groups[0].process, 1);
}

static void only_what_came_from_outside_is_a_stray(void **unused)
{
	(void)unused;
	const struct adopt_process own[] = {{100, 1, 5000, true, false},
					    {101, 100, 5001, false, false},
					    {150, 77, 5100, false, false},
					    {151, 150, 5101, false, false}};
	const struct adopt_group group = {"web-1", 3, own, 4};
	struct adopt_process shared[4];

	assert_false(adopt_is_stray(&group, 0, 0));
	assert_false(adopt_is_stray(&group, 0, 1));
	assert_true(adopt_is_stray(&group, 0, 2));
	assert_false(adopt_is_stray(&group, 0, 3));
	memcpy(shared, own, sizeof(own));
	shared[0].first = false;
	assert_false(adopt_is_stray(&(struct adopt_group){"web-1", 3, shared, 4}, 0, 2));
}

/* ---- at random ---- */

#define NAMES  4
#define GROUPS 12

static unsigned roll(unsigned sides)
{
	return (unsigned)random() % sides;
}

static const char *const names[NAMES] = {"a-1", "a-2", "b-1", "b-run-1"};

struct world {
	struct adopt_record records[NAMES];
	size_t record_count;
	struct adopt_group groups[GROUPS];
	struct adopt_process processes[GROUPS][3];
	size_t group_count;
};

static void make_groups(struct world *world)
{
	pid_t pid = 100;

	world->group_count = roll(GROUPS + 1);
	for (size_t i = 0; i < world->group_count; i++) {
		struct adopt_group *group = &world->groups[i];

		/* No run has two groups. */
		*group = (struct adopt_group){names[roll(NAMES)], (unsigned)i + 1,
					      world->processes[i], roll(4)};
		for (size_t j = 0; j < group->count; j++, pid++)
			world->processes[i][j] = (struct adopt_process){
				pid, j ? pid - 1 : 1, 1000 + roll(50), j == 0 && roll(4), !roll(8)};
	}
}

static void make_records(struct world *world)
{
	world->record_count = 0;
	for (size_t i = 0; i < NAMES; i++) {
		struct adopt_record *record = &world->records[world->record_count];

		if (!roll(4))
			continue;
		world->record_count++;
		*record = (struct adopt_record){names[i], roll(GROUPS + 2), 0, 0, roll(2), roll(2)};
		if (roll(3)) {
			record->pid = (pid_t)(100 + roll(24));
			record->start = 1000 + roll(50);
		}
		/* Mostly the truth. */
		for (size_t j = 0; roll(4) && j < world->group_count; j++) {
			const struct adopt_group *group = &world->groups[j];

			if (strcmp(group->name, names[i]) != 0 || !group->count)
				continue;
			record->run = group->run;
			record->pid = group->processes[0].pid;
			record->start = group->processes[0].start;
		}
	}
}

static const struct adopt_group *newest(const struct world *world, const char *name)
{
	const struct adopt_group *best = NULL;

	for (size_t i = 0; i < world->group_count; i++)
		if (world->groups[i].count && strcmp(world->groups[i].name, name) == 0)
			best = &world->groups[i]; /* runs go up */
	return best;
}

static size_t kept_of(const struct world *world, const struct adopt_plan *plan, const char *name)
{
	size_t kept = 0;

	for (size_t i = 0; i < world->group_count; i++)
		kept += plan->groups[i].kept && strcmp(world->groups[i].name, name) == 0;
	return kept;
}

static void check_record(const struct world *world, const struct adopt_plan *plan, size_t i)
{
	const struct adopt_record *record = &world->records[i];
	const struct adopt_verdict *verdict = &plan->records[i];
	const struct adopt_group *group = newest(world, record->name);

	assert_int_equal(kept_of(world, plan, record->name), verdict->fate == ADOPT_RUNS);
	if (verdict->fate == ADOPT_RUNS) {
		assert_ptr_equal(&world->groups[verdict->group], group);
		assert_false(group->processes[verdict->process].unstarted);
		assert_true(group->run >= record->run);
	}
	if (verdict->fate == ADOPT_RESTS)
		assert_int_equal(record->pid, 0);
	/* What is newer than the record knows is not started once more beside it. */
	if (group && group->run > record->run)
		assert_true(verdict->fate == ADOPT_RUNS || verdict->fate == ADOPT_AGAIN);
	/* What runs as it is written is not lost. */
	for (size_t j = 0; group && group->run == record->run && j < group->count; j++)
		if (record->pid && group->processes[j].pid == record->pid &&
		    group->processes[j].start == record->start)
			assert_int_equal(verdict->fate,
					 group->processes[j].unstarted ? ADOPT_AGAIN : ADOPT_RUNS);
}

static void nothing_is_lost_or_doubled_whatever_is_found(void **unused)
{
	(void)unused;
	unsigned seed = (unsigned)time(NULL);
	static struct world world;

	print_message("seed %u\n", seed);
	srandom(seed);
	for (int turn = 0; turn < 20000; turn++) {
		make_groups(&world);
		make_records(&world);
		const struct adopt_situation now = {world.records, world.record_count, world.groups,
						    world.group_count};
		autoadopt struct adopt_plan plan = {0};

		assert_int_equal(adopt_decide(&now, &plan, NULL), 0);
		for (size_t i = 0; i < world.record_count; i++)
			check_record(&world, &plan, i);
		for (size_t i = 0; i < NAMES; i++)
			assert_true(kept_of(&world, &plan, names[i]) <= 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_runs_as_recorded_goes_on),
		cmocka_unit_test(a_pid_given_out_again_is_not_the_instance),
		cmocka_unit_test(an_end_is_as_well_known_as_it_can_be),
		cmocka_unit_test(a_run_that_the_record_does_not_know_yet_is_the_present_one),
		cmocka_unit_test(what_an_ended_run_has_left_behind_is_killed),
		cmocka_unit_test(a_child_before_its_program_is_started_anew),
		cmocka_unit_test(without_a_record_the_newest_group_tells),
		cmocka_unit_test(the_first_process_leads_else_the_oldest),
		cmocka_unit_test(only_what_came_from_outside_is_a_stray),
		cmocka_unit_test(nothing_is_lost_or_doubled_whatever_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
