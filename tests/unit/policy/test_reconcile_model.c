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
#include "launcher/policy/restart.h"
#include "launcher/policy/settled.h"
#include "tests/unit/policy/fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define STEPS	      100000
#define CALM_EVERY    400
#define CALM_STEPS    4000
#define REPLICAS_MAX  5
#define INSTANCES_MAX 256
#define REVISIONS     8

enum { API, CACHE, DB, GATEWAY, LONER_, SEED, WORKER, SERVICES };

static struct service services[SERVICES] = {
	[API] = SERVICE("api", NEEDS("cache", DEPENDS_STARTED), NEEDS("db", DEPENDS_HEALTHY),
			NEEDS("seed", DEPENDS_COMPLETED)),
	[CACHE] = LONER("cache"),
	[DB] = LONER("db"),
	[GATEWAY] = SERVICE("gateway", NEEDS("api", DEPENDS_HEALTHY),
			    WOULD_LIKE("worker", DEPENDS_STARTED)),
	[LONER_] = LONER("loner"),
	[SEED] = SERVICE("seed", NEEDS("db", DEPENDS_HEALTHY)),
	[WORKER] = SERVICE("worker", WOULD_LIKE("cache", DEPENDS_HEALTHY),
			   NEEDS("api", DEPENDS_STARTED)),
};

static const char *const revisions[REVISIONS] = {"r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7"};

struct actor {
	size_t service;
	struct observed seen;
	struct restart_history history;
	int64_t started_ms;
	bool process;
	bool executed; /* the exec of this process has worked */
	bool backoff_timer;
	bool grace_timer;
	bool draining;
	bool probing;
	bool gone;
};

struct world {
	uint64_t random;
	int64_t now_ms;
	struct service members[SERVICES]; /* the services in the manifest at the moment */
	size_t origin[SERVICES];	  /* their places in services[] */
	struct stack stack;
	unsigned wanted[SERVICES]; /* by place in services[]; counts while in the manifest */
	size_t revision[SERVICES];
	struct desired desired[SERVICES]; /* parallel to members */
	struct actor actors[INSTANCES_MAX];
	size_t count;
	unsigned published[SERVICES]; /* how many were ready when last told */
	size_t starts;
};

static uint64_t draw(struct world *world, uint64_t below)
{
	world->random ^= world->random << 13;
	world->random ^= world->random >> 7;
	world->random ^= world->random << 17;
	return world->random % below;
}

static bool is_task(size_t service)
{
	return service == SEED;
}

static bool has_health_check(size_t service)
{
	return service == DB || service == API;
}

static struct restart_spec restart_of(size_t service)
{
	return (struct restart_spec){
		.condition = is_task(service)	 ? RESTART_NO
			     : service == LONER_ ? RESTART_ON_FAILURE
						 : RESTART_ALWAYS,
		.max_attempts = service == LONER_ || service == CACHE ? 3 : 0,
		.window_ms = service == CACHE ? 500 : 0,
		.delay_ms = -1,
	};
}

static void write_manifest(struct world *world, size_t without)
{
	size_t n = 0;

	for (size_t s = 0; s < SERVICES; s++) {
		if (s == without)
			continue;
		world->members[n] = services[s];
		world->origin[n++] = s;
	}
	world->stack = (struct stack){.services = world->members, .service_count = n};
}

static void wish(struct world *world)
{
	for (size_t i = 0; i < world->stack.service_count; i++)
		world->desired[i] = (struct desired){
			.replicas = world->wanted[world->origin[i]],
			.revision = revisions[world->revision[world->origin[i]] % REVISIONS],
		};
}

static unsigned ready_of(const struct world *world, size_t service)
{
	unsigned ready = 0;

	for (size_t i = 0; i < world->count; i++)
		ready += !world->actors[i].gone && world->actors[i].service == service &&
			 world->actors[i].seen.state == INSTANCE_READY;
	return ready;
}

/* The executor: what the supervisor does, on paper. */
static void carry_out(struct world *world, struct actor *actor, unsigned actions)
{
	if (actions & ACT_CANCEL_TIMERS)
		actor->backoff_timer = actor->grace_timer = false;
	if (actions & ACT_STOP_HEALTH)
		actor->probing = false;
	if (actions & ACT_START) {
		assert_false(actor->process);
		actor->process = true;
		actor->executed = false;
		actor->started_ms = world->now_ms;
		actor->seen.begun_us = world->now_ms * 1000;
		world->starts++;
	}
	if (actions & (ACT_SIGNAL_STOP | ACT_KILL))
		assert_true(actor->process);
	if (actions & ACT_ARM_BACKOFF)
		actor->backoff_timer = true;
	if (actions & ACT_ARM_GRACE) {
		actor->grace_timer = true;
		actor->draining = false;
	}
	if (actions & ACT_DRAIN)
		actor->draining = true;
	if (actions & ACT_START_HEALTH)
		actor->probing = true;
	if (actions & ACT_GONE) {
		assert_false(actor->process || actor->backoff_timer || actor->grace_timer);
		actor->gone = true;
	}
}

static void feed(struct world *world, struct actor *actor, enum instance_event event)
{
	const struct instance_step *step = instance_step(actor->seen.state, event);

	if (step->kind == STEP_IGNORE)
		return;
	actor->seen.state = step->next;
	if (actor->seen.state != INSTANCE_WAITING)
		actor->seen.blocked = false;
	carry_out(world, actor, step->actions);
	if (step->actions & ACT_PUBLISH)
		world->published[actor->service] = ready_of(world, actor->service);
}

static void executed(struct world *world, struct actor *actor)
{
	actor->executed = true;
	actor->seen.started = true;
	feed(world, actor,
	     has_health_check(actor->service) ? INSTANCE_EV_EXEC_OK_PROBED : INSTANCE_EV_EXEC_OK);
}

/* The process ends; before its exec has worked that means the start failed. */
static void ended(struct world *world, struct actor *actor, int code)
{
	const enum instance_event exits[] = {
		[RESTART_AGAIN] = INSTANCE_EV_EXITED_RESTART,
		[RESTART_COMPLETE] = INSTANCE_EV_EXITED_COMPLETED,
		[RESTART_FAIL] = INSTANCE_EV_EXITED_FAILED,
	};
	struct run_end end = {.kind = RUN_END_EXITED, .code = code};
	struct restart_spec spec = restart_of(actor->service);
	bool again = false;

	if (!actor->executed)
		end.kind = RUN_END_START_FAILED;
	actor->process = false;

	struct restart_verdict verdict = restart_decide(
		&spec, &actor->history, &end,
		actor->executed ? world->now_ms - actor->started_ms : 0, world->now_ms);

	again = verdict.decision == RESTART_AGAIN;
	actor->seen.crash_looping = restart_crash_looping(&actor->history);
	if (actor->executed)
		feed(world, actor, exits[verdict.decision]);
	else
		feed(world, actor,
		     again ? INSTANCE_EV_START_FAILED_RETRY : INSTANCE_EV_START_FAILED_FOR_GOOD);
}

static void sweep(struct world *world)
{
	size_t kept = 0;

	for (size_t i = 0; i < world->count; i++)
		if (!world->actors[i].gone)
			world->actors[kept++] = world->actors[i];
	world->count = kept;
}

static const struct desired *wish_of(const struct world *world, const struct observed *seen)
{
	long s = observed_service(&world->stack, seen->service);

	return s < 0 ? NULL : &world->desired[s];
}

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
	const struct desired *wish = wish_of(world, one);

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

/* Nobody is kept who is less useful than one who is not, and as many are kept as are wanted. */
static void check_marks(const struct world *world, const struct observed *seen, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct desired *wish = wish_of(world, &seen[i]);
		unsigned better = 0;

		for (size_t j = 0; wish && j < count; j++)
			better += j != i && strcmp(seen[i].service, seen[j].service) == 0 &&
				  is_kept_before(world, &seen[j], &seen[i]);
		assert_int_equal(seen[i].surplus, !wish || better >= wish->replicas);
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
	return world->count;
}

/* Only what is in the manifest or has instances can pass the order of stopping on. */
static bool is_known(const struct world *world, size_t service)
{
	for (size_t i = 0; i < world->count; i++)
		if (world->actors[i].service == service)
			return true;
	return observed_service(&world->stack, services[service].name) >= 0;
}

/* Is there a running, unwanted instance of anything that depends on @service, at any distance? */
static bool dependents_still_leave(const struct world *world, size_t service)
{
	for (size_t s = 0; s < SERVICES; s++) {
		bool depends = false;

		for (size_t i = 0; i < services[s].depends_on_count; i++)
			depends |= strcmp(services[s].depends_on[i].service,
					  services[service].name) == 0;
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

static void check_replacement(const struct world *world, const struct actor *actor)
{
	if (actor->seen.replace || !actor->process)
		return;
	for (size_t i = 0; i < world->count; i++) {
		const struct actor *other = &world->actors[i];

		if (other == actor || other->service != actor->service || other->seen.surplus)
			continue;
		/* Whoever is as new as it shall be serves, and nobody is on its way out. */
		assert_int_not_equal(other->seen.state, INSTANCE_STOPPING);
		assert_false(other->gone);
		if (strcmp(other->seen.revision, actor->seen.revision) != 0 &&
		    !observed_outdated(
			    &other->seen,
			    &world->desired[observed_service(&world->stack, other->seen.service)]))
			assert_true(other->seen.state == INSTANCE_READY ||
				    other->seen.state == INSTANCE_COMPLETED);
	}
}

static void create(struct world *world, const struct reconcile_action *action)
{
	size_t service = world->origin[action->service];
	unsigned living = 0;

	assert_in_range(action->index, 1, world->wanted[service]);
	for (size_t i = 0; i < world->count; i++) {
		const struct actor *actor = &world->actors[i];

		if (actor->gone || actor->service != service)
			continue;
		living++;
		assert_int_not_equal(actor->seen.index, action->index);
	}
	assert_true(living < world->wanted[service]);
	assert_true(world->count < INSTANCES_MAX);
	world->actors[world->count++] = (struct actor){
		.service = service,
		.seen = {.service = services[service].name,
			 .index = action->index,
			 .state = INSTANCE_WAITING,
			 .revision = world->desired[action->service].revision,
			 .spec = &services[service]},
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
		feed(world, actor, INSTANCE_EV_STOP);
	}
	sweep(world);
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
		dependency_check(&world->stack, &services[actor->service], counts, &verdict);
		actor->seen.blocked = verdict.answer != DEPENDENCY_MET;
		if (!actor->seen.blocked) {
			feed(world, actor, INSTANCE_EV_DEPS_MET);
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
		assert_int_equal(world->published[s], ready_of(world, s));
}

static void change_wishes(struct world *world)
{
	size_t service = draw(world, SERVICES);

	switch (draw(world, 6)) {
	case 0:
		world->revision[service]++;
		break;
	case 1:
		write_manifest(world, draw(world, 3) ? SERVICES : service);
		break;
	case 2:
		for (size_t i = 0; i < world->count; i++)
			world->actors[i].seen.replace |= world->actors[i].service == service;
		break;
	case 3:
		if (draw(world, 8) == 0)
			memset(world->wanted, 0, sizeof(world->wanted));
		break;
	default:
		world->wanted[service] = (unsigned)draw(world, REPLICAS_MAX + 1);
		break;
	}
	wish(world);
}

/* Something that can happen to this instance, wished for or not. */
static void disturb(struct world *world, struct actor *actor)
{
	uint64_t dice = draw(world, 12);

	actor->seen.connections = (unsigned)draw(world, 3);
	if (actor->backoff_timer && dice < 8) {
		actor->backoff_timer = false;
		feed(world, actor, INSTANCE_EV_BACKOFF_OVER);
	} else if (actor->draining && dice < 6) {
		feed(world, actor, INSTANCE_EV_DRAINED);
	} else if (actor->grace_timer && dice < 2) {
		actor->grace_timer = false;
		feed(world, actor, INSTANCE_EV_GRACE_OVER);
		actor->grace_timer = actor->seen.state == INSTANCE_STOPPING;
	} else if (actor->process && !actor->executed && dice < 8) {
		executed(world, actor);
	} else if (actor->process && dice < 4) {
		ended(world, actor, (int)draw(world, 2));
	} else if (actor->probing && dice < 8) {
		feed(world, actor, INSTANCE_EV_HEALTHY);
	} else if (actor->probing) {
		feed(world, actor,
		     dice < 10 ? INSTANCE_EV_UNHEALTHY : INSTANCE_EV_UNHEALTHY_RESTART);
	} else {
		/* Late and meaningless ones must do no harm. */
		const enum instance_event late[] = {INSTANCE_EV_DEPS_BROKEN, INSTANCE_EV_STOP};

		if (dice == 11 || actor->seen.state == INSTANCE_STOPPING)
			feed(world, actor, late[draw(world, 2)]);
	}
	sweep(world);
}

/* What happens when nothing goes wrong any more. Returns whether it did anything. */
static bool go_well(struct world *world, struct actor *actor)
{
	if (actor->backoff_timer) {
		actor->backoff_timer = false;
		feed(world, actor, INSTANCE_EV_BACKOFF_OVER);
	} else if (actor->process && actor->seen.state == INSTANCE_STOPPING) {
		ended(world, actor, 0);
	} else if (actor->process && !actor->executed) {
		executed(world, actor);
	} else if (actor->seen.state == INSTANCE_UNREADY && !actor->probing) {
		ended(world, actor, 1);
	} else if (actor->probing && actor->seen.state != INSTANCE_READY) {
		feed(world, actor, INSTANCE_EV_HEALTHY);
	} else if (actor->process && is_task(actor->service)) {
		ended(world, actor, 0);
	} else if (actor->seen.state == INSTANCE_FAILED ||
		   (actor->seen.state == INSTANCE_COMPLETED && !is_task(actor->service))) {
		/* Somebody starts it again by hand. */
		actor->seen.replace = true;
	} else {
		return false;
	}
	sweep(world);
	return true;
}

static void calm_down(struct world *world)
{
	struct observed seen[INSTANCES_MAX];
	autostrv struct strv faults = {0};
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
	if (!settled_ok(&world->stack, world->desired, seen, look(world, seen), &faults))
		fail_msg("not as wanted: %s", faults.count ? faults.items[0] : "?");
	assert_true(settled_idle(&world->stack, world->desired, seen, look(world, seen)));
}

static uint64_t pick_seed(void)
{
	const char *given = getenv("DAVIT_TEST_SEED");
	uint64_t seed = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);

	print_message("DAVIT_TEST_SEED=%llu\n", (unsigned long long)seed);
	return seed * 2654435761u + 88172645463325252u;
}

static void a_storm_breaks_no_rule_and_ends_in_what_is_wanted(void **unused)
{
	(void)unused;
	static struct world world;

	world.random = pick_seed();
	write_manifest(&world, SERVICES);
	wish(&world);
	for (size_t step = 1; step <= STEPS; step++) {
		world.now_ms += (int64_t)draw(&world, 3000);
		if (draw(&world, 10) == 0 || world.count == 0)
			change_wishes(&world);
		else
			disturb(&world, &world.actors[draw(&world, world.count)]);
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
