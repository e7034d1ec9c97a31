// SPDX-License-Identifier: GPL-2.0-or-later
/* See model.h. */
#include "tests/unit/policy/model.h"

#include "tests/unit/cmocka_all.h"
#include "tests/unit/policy/fixture.h"

#include <string.h>

struct service model_services[SERVICES] = {
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

uint64_t model_draw(struct world *world, uint64_t below)
{
	world->random ^= world->random << 13;
	world->random ^= world->random >> 7;
	world->random ^= world->random << 17;
	return world->random % below;
}

bool model_is_task(size_t service)
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
		.condition = model_is_task(service) ? RESTART_NO
			     : service == LONER_    ? RESTART_ON_FAILURE
						    : RESTART_ALWAYS,
		.max_attempts = service == LONER_ || service == CACHE ? 3 : 0,
		.window_ms = service == CACHE ? 500 : 0,
		.delay_ms = -1,
	};
}

void model_write(struct world *world, size_t without)
{
	size_t n = 0;

	for (size_t s = 0; s < SERVICES; s++) {
		if (s == without)
			continue;
		world->members[n] = model_services[s];
		world->origin[n++] = s;
	}
	world->stack = (struct stack){.services = world->members, .service_count = n};
}

void model_wish(struct world *world)
{
	for (size_t i = 0; i < world->stack.service_count; i++)
		world->desired[i] = (struct desired){
			.replicas = world->wanted[world->origin[i]],
			.revision = revisions[world->revision[world->origin[i]] % REVISIONS],
			.rollout = &world->rollouts[world->origin[i]],
		};
}

unsigned model_ready(const struct world *world, size_t service)
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
		actor->seen.watched = model_draw(world, 2);
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

void model_feed(struct world *world, struct actor *actor, enum instance_event event)
{
	const struct instance_step *step = instance_step(actor->seen.state, event);

	if (step->kind == STEP_IGNORE)
		return;
	actor->seen.state = step->next;
	if (actor->seen.state != INSTANCE_WAITING)
		actor->seen.blocked = false;
	carry_out(world, actor, step->actions);
	if (step->actions & ACT_PUBLISH)
		world->published[actor->service] = model_ready(world, actor->service);
}

void model_executed(struct world *world, struct actor *actor)
{
	actor->executed = true;
	actor->seen.started = true;
	model_feed(world, actor,
		   has_health_check(actor->service) ? INSTANCE_EV_EXEC_OK_PROBED
						    : INSTANCE_EV_EXEC_OK);
}

/* The process ends; before its exec has worked that means the start failed. */
void model_ended(struct world *world, struct actor *actor, int code)
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
		model_feed(world, actor, exits[verdict.decision]);
	else
		model_feed(world, actor,
			   again ? INSTANCE_EV_START_FAILED_RETRY
				 : INSTANCE_EV_START_FAILED_FOR_GOOD);
}

void model_sweep(struct world *world)
{
	size_t kept = 0;

	for (size_t i = 0; i < world->count; i++)
		if (!world->actors[i].gone)
			world->actors[kept++] = world->actors[i];
	world->count = kept;
}

const struct desired *model_desired(const struct world *world, const struct observed *seen)
{
	long s = observed_service(&world->stack, seen->service);

	return s < 0 ? NULL : &world->desired[s];
}
