// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Desired against observed, once per turn of the loop in which something has changed: policy
 * decides, this file carries its decisions to the instances. Level-triggered, so nothing can be
 * missed.
 */
#include "launcher/js.h"
#include "launcher/lower.h"
#include "launcher/policy/deps.h"
#include "launcher/policy/reconcile.h"
#include "launcher/policy/settled.h"
#include "launcher/policy/surplus.h"
#include "launcher/supervisor/drain.h"
#include "launcher/supervisor/events.h"
#include "launcher/supervisor/fills.h"
#include "launcher/supervisor/measure.h"
#include "launcher/supervisor/probe.h"
#include "launcher/supervisor/rollouts.h"
#include "launcher/supervisor/supervisor.h"
#include "launcher/supervisor/thrift.h"
#include "launcher/supervisor/watch.h"
#include "runtime/base/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * What a turn may do before others' exits, probes and requests get theirs: it goes on until so much
 * time is spent, the last piece coming on top. A start is a piece of some three milliseconds.
 */
#define TURN_BUDGET_US 3000
/* What was asked for is made before the asker is answered, unless it is very much. */
#define CREATES_MIN 64
/* What failed for want of memory or descriptors is tried again this much later. */
#define RETRY_MS 1000

static const struct stack no_stack = {.name = (char *)"", .directory = (char *)""};

const struct stack *settle_stack(const struct supervisor *sup)
{
	return sup->manifest ? sup->manifest->stack : &no_stack;
}

void units_free(struct unit *units, size_t count)
{
	for (size_t i = 0; units && i < count; i++) {
		plan_unref(units[i].plan);
		plan_unref(units[i].previous);
		js_free(units[i].changed);
	}
	free(units);
}

static void collect_desired(const struct supervisor *sup, struct desired *desired)
{
	const struct stack *stack = settle_stack(sup);

	for (size_t i = 0; i < stack->service_count; i++) {
		const struct unit *unit = &sup->units[i];
		bool wanted = unit->selected && !unit->stopped && unit->plan && !sup->ending;

		desired[i].replicas = wanted ? unit->replicas : 0;
		desired[i].asleep = unit->asleep && unit->selected && !unit->stopped;
		desired[i].waking = unit->held && !unit->asleep && wanted;
		desired[i].scheduled = wanted && stack->services[i].schedule.present;
		desired[i].rollout = unit->rolled_back ? &stack->services[i].deploy.rollback
						       : &stack->services[i].deploy.update;
		desired[i].revision = unit->plan ? unit->plan->revision.hex : "";
	}
}

void situation_refresh(struct situation *situation)
{
	for (size_t i = 0; i < situation->count; i++) {
		const struct instance *instance = situation->instances[i];

		situation->observed[i] = (struct observed){
			.service = instance->plan->service->name,
			.index = instance->index,
			.state = instance->state,
			.revision = instance->plan->revision.hex,
			.spec = instance->plan->service,
			.reason = instance->reason[0] ? instance->reason : NULL,
			.started = instance->started,
			.blocked = instance->blocked,
			.crash_looping = restart_crash_looping(&instance->history),
			.replace = instance->replace,
			.connections = measure_open_lately(instance),
			.begun_us = instance->begun_us,
		};
	}
	rollouts_watch(situation->sup, situation);
	surplus_mark(situation->stack, situation->desired, situation->observed, situation->count,
		     situation->scratch);
}

void situation_free(struct situation *situation)
{
	free(situation->desired);
	free(situation->observed);
	free(situation->instances);
	free(situation->scratch);
}

int situation_collect(struct supervisor *sup, struct situation *ret, struct err *err)
{
	size_t services = settle_stack(sup)->service_count + 1;
	size_t room = sup->instance_count + 1;
	struct situation new = {
		.sup = sup,
		.desired = calloc(services, sizeof(*new.desired)),
		.observed = calloc(room, sizeof(*new.observed)),
		.instances = calloc(room, sizeof(*new.instances)),
		.stack = settle_stack(sup),
		.scratch = calloc(room, sizeof(*new.scratch)),
	};

	if (!new.desired || !new.observed || !new.instances || !new.scratch) {
		situation_free(&new);
		return err_set(err, ENOMEM, "settle");
	}
	for (struct instance *instance = sup->instances; instance; instance = instance->next)
		if (sup->ending || !instance_is_one_off(instance))
			new.instances[new.count++] = instance;
	collect_desired(sup, new.desired);
	situation_refresh(&new);
	*ret = new;
	return 0;
}

static int make_plan(struct supervisor *sup, const struct plan_source *source,
		     struct plan **ret_plan, struct container_fault *fault)
{
	int r = fills_ready(sup, source, true, fault);

	if (r != -EINPROGRESS)
		fills_forget(sup, source);
	return r < 0 ? r : plan_make(sup, source, ret_plan, fault);
}

/* What cannot even be made has no state to show: it is tried again, but not at once. */
static bool create(struct supervisor *sup, size_t service_index, unsigned index)
{
	const struct unit *unit = &sup->units[service_index];
	struct container_fault fault = {.item = CONTAINER_ITEM_NONE};
	struct plan *plan = NULL;
	int r = 0;

	if (index == 1 || !lower_has_anonymous_volumes(unit->plan->service))
		plan = plan_ref(unit->plan);
	else
		r = make_plan(
			sup,
			&(struct plan_source){unit->plan->manifest, unit->plan->service, index},
			&plan, &fault);
	if (r == -EINPROGRESS)
		return false; /* settled again when its volumes are filled */
	if (r == 0)
		r = instance_create(sup, plan, index, &fault.err);
	plan_unref(plan);
	if (r == 0)
		return true;
	events_service(sup, unit->plan->service->name, "create-failed", fault.err.text,
		       js_pack("{s:i}", "index", (int)index));
	supervisor_log(sup, "service=%s instance=%u event=create-failed error=\"%s\"",
		       unit->plan->service->name, index, fault.err.text);
	watch_arm(sup->retry, RETRY_MS);
	return false;
}

/* What is to be done is still to be done. */
static void settle_failed(struct supervisor *sup, const char *why)
{
	supervisor_log(sup, "event=settle-failed error=\"%s\"", why);
	watch_arm(sup->retry, RETRY_MS);
}

/* Returns whether anything was done, which then may not be all that there is to do. */
static bool carry_out(struct supervisor *sup, int64_t end_us)
{
	autosituation struct situation now = {0};
	autoreconcile struct reconcile_plan plan = {0};
	struct err err = {0};
	bool done = false;
	int r = situation_collect(sup, &now, &err);

	if (r == 0)
		r = reconcile(settle_stack(sup), now.desired, now.observed, now.count,
			      RECONCILE_NOW, &plan, &err);
	if (r < 0) {
		settle_failed(sup, err.text);
		return false;
	}
	for (size_t i = 0; i < plan.count; i++) {
		const struct reconcile_action *action = &plan.items[i];

		if (done && i >= CREATES_MIN && loop_clock_us() >= end_us)
			break;
		if (action->kind == RECONCILE_CREATE) {
			done |= create(sup, action->service, action->index);
		} else {
			instance_event(now.instances[action->observed], INSTANCE_EV_STOP);
			done = true;
		}
	}
	return done;
}

static void wait_on(struct instance *instance, const struct dependency_verdict *verdict)
{
	instance->blocked = true;
	instance_set_reason(instance, verdict->reason);
	if (verdict->answer == DEPENDENCY_BROKEN)
		instance_event(instance, INSTANCE_EV_DEPS_BROKEN);
}

/* Returns false when some were left for the next turn. */
static bool start_waiting(struct supervisor *sup, const struct situation *now,
			  const struct dependency_counts *counts, int64_t end_us)
{
	const struct stack *stack = settle_stack(sup);
	bool started = false;

	for (size_t i = 0; i < now->count; i++) {
		struct instance *instance = now->instances[i];
		long service = observed_service(stack, now->observed[i].service);
		struct dependency_verdict verdict;

		if (instance->state != INSTANCE_WAITING || service < 0)
			continue;
		if (started && loop_clock_us() >= end_us)
			return false;
		dependency_check(stack, &stack->services[service], counts, &verdict);
		if (verdict.answer != DEPENDENCY_MET) {
			wait_on(instance, &verdict);
			continue;
		}
		instance->blocked = false;
		instance_say(&instance->reason, "");
		started = true;
		instance_event(instance, INSTANCE_EV_DEPS_MET);
	}
	return true;
}

/* Dependencies, then whether everything has come to rest. */
static void start_and_rest(struct supervisor *sup, int64_t end_us)
{
	const struct stack *stack = settle_stack(sup);
	autosituation struct situation now = {0};
	autofree struct dependency_counts *counts =
		calloc(stack->service_count + 1, sizeof(*counts));
	struct err err = {0};

	if (!counts || situation_collect(sup, &now, &err) < 0) {
		settle_failed(sup, "out of memory");
		return;
	}
	dependency_count(stack, now.desired, now.observed, now.count, counts);
	if (!start_waiting(sup, &now, counts, end_us)) {
		supervisor_touch(sup);
		return;
	}
	situation_refresh(&now);
	bool turned = rollouts_judge(sup, &now);
	bool due = turned || publish_is_due(sup) || fills_running(sup);
	int idle = due ? 0 : settled_idle(stack, now.desired, now.observed, now.count, &err);

	if (idle < 0) {
		settle_failed(sup, err.text);
		return;
	}
	if (idle && sup->thrift_due) {
		sup->thrift_due = false;
		if (sup->net)
			net_rest(sup->net);
		thrift_give_back(); /* before anybody hears of it, and asks */
	}
	watch_idle(sup, idle);
}

void settle_begin(struct supervisor *sup)
{
	(void)!carry_out(sup, loop_clock_us() + TURN_BUDGET_US);
	supervisor_touch(sup);
}

static void settle(void *data)
{
	struct supervisor *sup = data;
	int64_t end_us = loop_clock_us() + TURN_BUDGET_US;
	bool more = carry_out(sup, end_us); /* what it did may allow more */
	bool published = publish_all(sup);

	drain_look(sup, end_us);
	probe_start_missing(sup);
	/* A start would be a long piece on top of what was done: it has a turn of its own. */
	if ((more || published) && loop_clock_us() >= end_us)
		more = true;
	else
		start_and_rest(sup, end_us);
	if (more)
		supervisor_touch(sup);
	if (sup->ending && sup->instance_count == 0 && !sup->retired)
		loop_stop(sup->loop, 0);
}

int settle_open(struct supervisor *sup, struct err *err)
{
	int r = loop_watch_deferred(sup->loop, settle, sup, &sup->settle, err);

	if (r == 0)
		r = loop_watch_timer(sup->loop, settle, sup, &sup->retry, err);
	if (r == 0)
		r = loop_watch_timer(sup->loop, settle, sup, &sup->rollout_timer, err);
	if (r == 0)
		watch_priority(sup->settle, LOOP_SETTLE);
	return r;
}

void settle_close(struct supervisor *sup)
{
	watch_free(sup->settle);
	watch_free(sup->retry);
	watch_free(sup->rollout_timer);
}
