// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The deciders together, driving a simulated executor through random wishes and random events.
 * After each step its invariants are checked by means of their own, simpler and slower; now and
 * then the storm ends, and everything must come to what is wanted. The seed is printed; set
 * DAVIT_TEST_SEED to have a run again.
 */
#include "tests/unit/cmocka_all.h"

#include "launcher/policy/deps.h"
#include "launcher/policy/reconcile.h"
#include "launcher/policy/settled.h"
#include "tests/unit/policy/fixture.h"
#include "tests/unit/policy/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STEPS	     100000
#define CALM_EVERY   400
#define CALM_STEPS   4000
#define REPLICAS_MAX 5

/* ---- one revision after another ---- */

/* Of one service that do not leave for other reasons. */
struct tally {
	unsigned present;
	unsigned useful;
	unsigned stopping;
	unsigned settled;
	unsigned failed;
	unsigned coming;
};

static bool is_useful(const struct observed *seen)
{
	return seen->state == INSTANCE_READY || seen->state == INSTANCE_COMPLETED;
}

static void tell_apart(const struct observed *seen, const struct desired *wish, struct tally *tally)
{
	bool failed = seen->state == INSTANCE_FAILED || seen->state == INSTANCE_BACKOFF ||
		      seen->state == INSTANCE_UNREADY;

	tally->useful += is_useful(seen);
	if (seen->state == INSTANCE_STOPPING)
		tally->stopping++;
	else if (observed_outdated(seen, wish))
		return;
	else if (failed)
		tally->failed++;
	else if (is_useful(seen) && !seen->watched)
		tally->settled++;
	else
		tally->coming++;
}

/* @surplus: those that leave, too */
static struct tally tally_of(const struct world *world, const char *service, bool surplus)
{
	struct tally tally = {0};

	for (size_t i = 0; i < world->count; i++) {
		const struct actor *actor = &world->actors[i];

		if (actor->gone || strcmp(actor->seen.service, service) != 0 ||
		    (actor->seen.surplus && !surplus))
			continue;
		tally.present++;
		tell_apart(&actor->seen, model_desired(world, &actor->seen), &tally);
	}
	return tally;
}

static unsigned parallelism_of(const struct desired *wish)
{
	unsigned all = wish->replicas ? wish->replicas : 1;
	unsigned most = wish->rollout->present ? wish->rollout->parallelism : 1;

	return most == 0 || most > all ? all : most;
}

static bool is_paused(const struct desired *wish, const struct tally *tally)
{
	return wish->rollout->failure != ROLLOUT_CONTINUE &&
	       1000 * tally->failed > wish->rollout->max_failure_ratio_milli * wish->replicas;
}

static bool is_old(const struct observed *seen, const struct desired *wish)
{
	return !seen->replace && observed_outdated(seen, wish);
}

/* With start-first: how many of the old ones, or of the others, are kept. */
static unsigned kept_of(const struct world *world, const struct observed *seen)
{
	const struct desired *wish = model_desired(world, seen);
	const struct tally tally = tally_of(world, seen->service, true);
	unsigned done = tally.settled + (is_paused(wish, &tally) ? 0 : tally.failed);

	if (!is_old(seen, wish))
		return wish->replicas;
	return wish->replicas > done ? wish->replicas - done : 0;
}

/* Those that do their work go when others do it. */
static void check_service_kept(const struct world *world, const struct desired *wish,
			       const char *service)
{
	const struct tally kept = tally_of(world, service, false);
	const struct tally all = tally_of(world, service, true);
	unsigned wanted = wish->replicas < all.useful ? wish->replicas : all.useful;
	bool lenient = wish->rollout->failure == ROLLOUT_CONTINUE ||
		       wish->rollout->max_failure_ratio_milli > 0;

	assert_true(kept.useful + (lenient ? all.failed : 0) >= wanted);
}

/* ---- what must be so at any time ---- */

/* How it looks from outside: the lower, the better. */
static long distress(const struct observed *seen)
{
	static const char worsening[] = {INSTANCE_READY,    INSTANCE_COMPLETED, INSTANCE_UNREADY,
					 INSTANCE_STARTING, INSTANCE_WAITING,	INSTANCE_BACKOFF,
					 INSTANCE_FAILED,   INSTANCE_STOPPING};

	return (const char *)memchr(worsening, (int)seen->state, sizeof(worsening)) - worsening;
}

static bool is_kept_before(const struct world *world, const struct observed *one,
			   const struct observed *other)
{
	const struct desired *wish = model_desired(world, one);

	if (distress(one) != distress(other))
		return distress(one) < distress(other);
	if (observed_outdated(one, wish) != observed_outdated(other, wish))
		return observed_outdated(other, wish);
	if (one->connections != other->connections)
		return one->connections > other->connections;
	if (one->begun_us != other->begun_us)
		return one->begun_us < other->begun_us;
	return one->index < other->index;
}

/* Nobody is kept who is less useful than one who is not, and as many are kept as are wanted: with
 * start-first of the old ones those that are not replaced yet. */
static void check_marks(const struct world *world, const struct observed *seen, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct desired *wish = model_desired(world, &seen[i]);
		unsigned better = 0;

		bool first = wish && wish->rollout->start_first;

		for (size_t j = 0; wish && j < count; j++)
			better += (!first || is_old(&seen[i], wish) == is_old(&seen[j], wish)) &&
				  j != i && strcmp(seen[i].service, seen[j].service) == 0 &&
				  is_kept_before(world, &seen[j], &seen[i]);
		unsigned kept = first ? kept_of(world, &seen[i]) : wish ? wish->replicas : 0;

		assert_int_equal(seen[i].surplus, !wish || better >= kept);
	}
}

/* What there is, marked; the actors keep the marks. */
static size_t look(struct world *world, struct observed *seen)
{
	for (size_t i = 0; i < world->count; i++)
		seen[i] = world->actors[i].seen;
	marked(&world->stack, world->desired, seen, world->count);
	check_marks(world, seen, world->count);
	for (size_t i = 0; i < world->count; i++)
		world->actors[i].seen.surplus = seen[i].surplus;
	for (size_t s = 0; s < world->stack.service_count; s++)
		check_service_kept(world, &world->desired[s], world->stack.services[s].name);
	return world->count;
}

/* Only what is in the manifest or has instances can pass the order of stopping on. */
static bool is_known(const struct world *world, size_t service)
{
	for (size_t i = 0; i < world->count; i++)
		if (world->actors[i].service == service)
			return true;
	return observed_service(&world->stack, model_services[service].name) >= 0;
}

/* Is there a running, unwanted instance of anything that depends on @service, at any distance? */
static bool dependents_still_leave(const struct world *world, size_t service)
{
	for (size_t s = 0; s < SERVICES; s++) {
		bool depends = false;

		for (size_t i = 0; i < model_services[s].depends_on_count; i++)
			depends |= strcmp(model_services[s].depends_on[i].service,
					  model_services[service].name) == 0;
		if (!depends || !is_known(world, s))
			continue;
		for (size_t i = 0; i < world->count; i++) {
			const struct actor *actor = &world->actors[i];

			if (actor->service == s && !actor->gone && actor->process &&
			    actor->seen.surplus)
				return true;
		}
		if (dependents_still_leave(world, s))
			return true;
	}
	return false;
}

/* It is its turn: no more are on their way than may be, and what is as new as it shall be does well
 * enough. */
static void check_replacement(const struct world *world, const struct actor *actor)
{
	const struct desired *wish = model_desired(world, &actor->seen);
	const struct tally tally = tally_of(world, actor->seen.service, false);
	unsigned missing = wish->replicas > tally.present ? wish->replicas - tally.present : 0;

	if (actor->seen.replace || !actor->process)
		return;
	assert_false(wish->rollout->start_first);
	assert_false(is_paused(wish, &tally));
	assert_true(tally.stopping + tally.coming + missing < parallelism_of(wish));
}

static void create(struct world *world, const struct reconcile_action *action)
{
	size_t service = world->origin[action->service];
	const struct desired *wish = &world->desired[action->service];
	unsigned most = wish->replicas + (wish->rollout->start_first ? parallelism_of(wish) : 0);
	unsigned living = 0;

	assert_in_range(action->index, 1, most);
	for (size_t i = 0; i < world->count; i++) {
		const struct actor *actor = &world->actors[i];

		if (actor->gone || actor->service != service)
			continue;
		living++;
		assert_int_not_equal(actor->seen.index, action->index);
	}
	assert_true(living < most);
	assert_true(world->count < INSTANCES_MAX);
	world->actors[world->count++] = (struct actor){
		.service = service,
		.seen = {.service = model_services[service].name,
			 .index = action->index,
			 .state = INSTANCE_WAITING,
			 .revision = world->desired[action->service].revision,
			 .spec = &model_services[service]},
	};
}

/* Returns the number of actions. */
static size_t plan_and_act(struct world *world)
{
	struct observed seen[INSTANCES_MAX];
	autoreconcile struct reconcile_plan plan = {0};
	size_t count = look(world, seen);

	assert_int_equal(
		reconcile(&world->stack, world->desired, seen, count, RECONCILE_NOW, &plan, NULL),
		0);
	for (size_t i = 0; i < plan.count; i++) {
		const struct reconcile_action *action = &plan.items[i];

		if (action->kind == RECONCILE_CREATE) {
			create(world, action);
			continue;
		}

		struct actor *actor = &world->actors[action->observed];

		assert_int_equal(actor->seen.index, action->index);
		assert_int_equal(actor->seen.surplus, action->kind == RECONCILE_STOP);
		if (action->kind == RECONCILE_REPLACE)
			check_replacement(world, actor);
		else if (actor->process)
			assert_false(dependents_still_leave(world, actor->service));
		model_feed(world, actor, INSTANCE_EV_STOP);
	}
	model_sweep(world);
	return plan.count;
}

/* Returns the number of instances that were let go. */
static size_t release_waiting(struct world *world)
{
	struct observed seen[INSTANCES_MAX];
	struct dependency_counts counts[SERVICES];
	struct dependency_verdict verdict;
	size_t released = 0;

	dependency_count(&world->stack, world->desired, seen, look(world, seen), counts);
	for (size_t i = 0; i < world->count; i++) {
		struct actor *actor = &world->actors[i];

		if (actor->seen.state != INSTANCE_WAITING)
			continue;
		dependency_check(&world->stack, &model_services[actor->service], counts, &verdict);
		actor->seen.blocked = verdict.answer != DEPENDENCY_MET;
		if (!actor->seen.blocked) {
			model_feed(world, actor, INSTANCE_EV_DEPS_MET);
			released++;
		}
	}
	return released;
}

/* Acts until there is nothing left to decide, as the supervisor does after each event. */
static void settle(struct world *world)
{
	size_t rounds = 0;

	while (plan_and_act(world) + release_waiting(world) > 0)
		assert_true(++rounds < 100);
}

static void check_invariants(const struct world *world)
{
	for (size_t i = 0; i < world->count; i++) {
		const struct actor *actor = &world->actors[i];
		enum instance_state state = actor->seen.state;

		assert_int_equal(actor->process, observed_running(&actor->seen));
		assert_int_equal(actor->backoff_timer, state == INSTANCE_BACKOFF);
		if (actor->grace_timer)
			assert_true(state == INSTANCE_STOPPING || state == INSTANCE_UNREADY);
		if (state == INSTANCE_STOPPING)
			assert_true(actor->grace_timer != actor->draining);
		if (actor->probing)
			assert_true(actor->process && state != INSTANCE_STOPPING);
	}
	for (size_t s = 0; s < SERVICES; s++)
		assert_int_equal(world->published[s], model_ready(world, s));
}

static struct rollout_spec some_rollout(struct world *world)
{
	if (model_draw(world, 4) == 0)
		return (struct rollout_spec){0};
	return (struct rollout_spec){
		.present = true,
		.parallelism = (unsigned)model_draw(world, 4),
		.failure = (enum rollout_failure)model_draw(world, 3),
		.max_failure_ratio_milli = (unsigned)model_draw(world, 3) * 250,
		.start_first = model_draw(world, 2),
	};
}

static void change_wishes(struct world *world)
{
	size_t service = model_draw(world, SERVICES);

	switch (model_draw(world, 6)) {
	case 0:
		world->revision[service]++;
		world->rollouts[service] = some_rollout(world);
		break;
	case 1:
		model_write(world, model_draw(world, 3) ? SERVICES : service);
		break;
	case 2:
		for (size_t i = 0; i < world->count; i++)
			world->actors[i].seen.replace |= world->actors[i].service == service;
		break;
	case 3:
		if (model_draw(world, 8) == 0)
			memset(world->wanted, 0, sizeof(world->wanted));
		break;
	default:
		world->wanted[service] = (unsigned)model_draw(world, REPLICAS_MAX + 1);
		break;
	}
	model_wish(world);
}

/* Something that can happen to this instance, wished for or not. */
static void disturb(struct world *world, struct actor *actor)
{
	uint64_t dice = model_draw(world, 12);

	actor->seen.connections = (unsigned)model_draw(world, 3);
	actor->seen.watched = actor->seen.watched && model_draw(world, 4) > 0;
	if (actor->backoff_timer && dice < 8) {
		actor->backoff_timer = false;
		model_feed(world, actor, INSTANCE_EV_BACKOFF_OVER);
	} else if (actor->draining && dice < 6) {
		model_feed(world, actor, INSTANCE_EV_DRAINED);
	} else if (actor->grace_timer && dice < 2) {
		actor->grace_timer = false;
		model_feed(world, actor, INSTANCE_EV_GRACE_OVER);
		actor->grace_timer = actor->seen.state == INSTANCE_STOPPING;
	} else if (actor->process && !actor->executed && dice < 8) {
		model_executed(world, actor);
	} else if (actor->process && dice < 4) {
		model_ended(world, actor, (int)model_draw(world, 2));
	} else if (actor->probing && dice < 8) {
		model_feed(world, actor, INSTANCE_EV_HEALTHY);
	} else if (actor->probing) {
		model_feed(world, actor,
			   dice < 10 ? INSTANCE_EV_UNHEALTHY : INSTANCE_EV_UNHEALTHY_RESTART);
	} else {
		/* Late and meaningless ones must do no harm. */
		const enum instance_event late[] = {INSTANCE_EV_DEPS_BROKEN, INSTANCE_EV_STOP};

		if (dice == 11 || actor->seen.state == INSTANCE_STOPPING)
			model_feed(world, actor, late[model_draw(world, 2)]);
	}
	model_sweep(world);
}

/* What happens when nothing goes wrong any more. Returns whether it did anything. */
static bool go_well(struct world *world, struct actor *actor)
{
	if (actor->backoff_timer) {
		actor->backoff_timer = false;
		model_feed(world, actor, INSTANCE_EV_BACKOFF_OVER);
	} else if (actor->process && actor->seen.state == INSTANCE_STOPPING) {
		model_ended(world, actor, 0);
	} else if (actor->process && !actor->executed) {
		model_executed(world, actor);
	} else if (actor->seen.state == INSTANCE_UNREADY && !actor->probing) {
		model_ended(world, actor, 1);
	} else if (actor->probing && actor->seen.state != INSTANCE_READY) {
		model_feed(world, actor, INSTANCE_EV_HEALTHY);
	} else if (actor->process && model_is_task(actor->service)) {
		model_ended(world, actor, 0);
	} else if (actor->seen.state == INSTANCE_FAILED ||
		   (actor->seen.state == INSTANCE_COMPLETED && !model_is_task(actor->service))) {
		/* Somebody starts it again by hand. */
		actor->seen.replace = true;
	} else if (actor->seen.watched) {
		actor->seen.watched = false;
	} else {
		return false;
	}
	model_sweep(world);
	return true;
}

/* Current, wanted, and ready or completed. */
static bool is_as_wanted(const struct world *world, const struct observed *seen)
{
	return !seen->surplus && !observed_outdated(seen, model_desired(world, seen)) &&
	       (seen->state == INSTANCE_READY || seen->state == INSTANCE_COMPLETED);
}

static void calm_down(struct world *world)
{
	struct observed seen[INSTANCES_MAX];
	bool moved = true;

	for (size_t steps = 0; moved; steps++) {
		assert_true(steps < CALM_STEPS);
		moved = false;
		world->now_ms += 20000;
		for (size_t i = 0; i < world->count && !moved; i++)
			moved = go_well(world, &world->actors[i]);
		settle(world);
		check_invariants(world);
	}
	size_t count = look(world, seen);

	for (size_t i = 0; i < count; i++)
		assert_true(is_as_wanted(world, &seen[i]));
	for (size_t s = 0; s < world->stack.service_count; s++)
		count -= world->desired[s].replicas;
	assert_int_equal(count, 0);
	struct err err = {0};

	assert_int_equal(settled_idle(&world->stack, world->desired, seen, look(world, seen), &err),
			 1);
}

static void a_storm_breaks_no_rule_and_ends_in_what_is_wanted(void **unused)
{
	(void)unused;
	static struct world world;

	world.random = fixture_seed();
	model_write(&world, SERVICES);
	model_wish(&world);
	for (size_t step = 1; step <= STEPS; step++) {
		world.now_ms += (int64_t)model_draw(&world, 3000);
		if (model_draw(&world, 10) == 0 || world.count == 0)
			change_wishes(&world);
		else
			disturb(&world, &world.actors[model_draw(&world, world.count)]);
		settle(&world);
		check_invariants(&world);
		if (step % CALM_EVERY == 0)
			calm_down(&world);
	}
	print_message("%zu starts\n", world.starts);
	assert_true(world.starts > STEPS / 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_storm_breaks_no_rule_and_ends_in_what_is_wanted),
	};

	return cmocka_run_group_tests_name("reconcile_model", tests, NULL, NULL);
}
