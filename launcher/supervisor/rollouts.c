// SPDX-License-Identifier: GPL-2.0-or-later
/* See rollouts.h. */
#include "launcher/supervisor/rollouts.h"

#include "launcher/js.h"
#include "launcher/policy/rollout.h"
#include "launcher/supervisor/events.h"
#include "launcher/supervisor/save.h"
#include "launcher/supervisor/supervisor.h"
#include "runtime/base/cleanup.h"

#include <string.h>

static bool same_revision(const struct plan *a, const struct plan *b)
{
	return strcmp(a->revision.hex, b->revision.hex) == 0;
}

void rollouts_begin(const struct unit *before, struct unit *after)
{
	struct plan *good = before->previous ? before->previous : before->plan;

	if (!before->plan || !after->plan || after->plan->service->schedule.present)
		return;
	if (same_revision(before->plan, after->plan)) {
		after->rolled_back = before->rolled_back;
		after->previous = before->previous ? plan_ref(before->previous) : NULL;
	} else if (!same_revision(good, after->plan)) {
		after->previous = plan_ref(good);
	}
}

/* ---- watching ---- */

/* When this one can be relied on, in milliseconds from now; 0: it can, or is not in place. */
static int64_t watched_ms(const struct instance *instance, const struct rollout_spec *rollout,
			  bool last)
{
	bool placed = instance->state == INSTANCE_READY || instance->state == INSTANCE_COMPLETED;
	int64_t least_ms = rollout->monitor_ms;

	if (!last && rollout->delay_ms > least_ms)
		least_ms = rollout->delay_ms;
	int64_t left_ms = instance->placed_ms + least_ms - loop_now_ms(instance->sup->loop);

	return placed && left_ms > 0 ? left_ms : 0;
}

static const struct rollout_spec *spec_of(const struct unit *unit, const struct service *service)
{
	const struct deploy_spec *deploy = &service->deploy;
	const struct rollout_spec *rollout =
		unit->rolled_back ? &deploy->rollback : &deploy->update;

	return (unit->previous || unit->rolled_back) && (rollout->monitor_ms || rollout->delay_ms)
		       ? rollout
		       : NULL;
}

/* Returns when the first of them can be relied on; 0: all can. */
static int64_t watch_service(const struct situation *situation, size_t service,
			     const struct rollout_spec *rollout)
{
	const struct desired *desired = &situation->desired[service];
	const char *name = situation->stack->services[service].name;
	int64_t first_ms = 0;
	bool last = true;

	for (size_t i = 0; i < situation->count; i++)
		if (strcmp(situation->observed[i].service, name) == 0)
			last = last && !observed_outdated(&situation->observed[i], desired);
	for (size_t i = 0; i < situation->count; i++) {
		struct observed *seen = &situation->observed[i];

		if (strcmp(seen->service, name) != 0 || observed_outdated(seen, desired))
			continue;
		int64_t left_ms = watched_ms(situation->instances[i], rollout, last);

		seen->watched = left_ms > 0;
		if (left_ms > 0 && (!first_ms || left_ms < first_ms))
			first_ms = left_ms;
	}
	return first_ms;
}

void rollouts_watch(struct supervisor *sup, struct situation *situation)
{
	int64_t first_ms = 0;

	for (size_t s = 0; s < situation->stack->service_count; s++) {
		const struct rollout_spec *rollout =
			spec_of(&sup->units[s], &situation->stack->services[s]);
		int64_t left_ms = rollout ? watch_service(situation, s, rollout) : 0;

		if (left_ms > 0 && (!first_ms || left_ms < first_ms))
			first_ms = left_ms;
	}
	if (first_ms)
		watch_arm(sup->rollout_timer, first_ms);
}

struct json_t *rollouts_turned_back(const struct supervisor *sup)
{
	const struct stack *stack = settle_stack(sup);
	struct json_t *names = js_pack("[]");

	for (size_t i = 0; names && i < stack->service_count; i++)
		if (sup->units[i].turned_back &&
		    !js_append(names, js_pack("s", stack->services[i].name)))
			break;
	return names;
}

/* ---- the end ---- */

static void tell(struct supervisor *sup, const struct unit *unit, const char *action,
		 const struct observed *why)
{
	autobuf struct buf reason = {0};

	if (why)
		buf_printf(&reason, "%s-%u %s%s%s", why->service, why->index,
			   instance_state_name(why->state), why->reason ? ": " : "",
			   why->reason ? why->reason : "");
	events_service(sup, unit->plan->service->name, action,
		       why && !reason.failed ? reason.data : NULL,
		       js_pack("{s:s#}", "to", unit->plan->revision.hex, REVISION_SHOWN));
	supervisor_log(sup, "service=%s event=%s%s%s%s", unit->plan->service->name, action,
		       why ? " reason=\"" : "", why && !reason.failed ? reason.data : "",
		       why ? "\"" : "");
}

/* The revision before is wanted again. */
static void turn_back(struct supervisor *sup, struct unit *unit, const struct observed *why)
{
	plan_unref(unit->plan);
	unit->plan = take_ptr(unit->previous);
	unit->rolled_back = unit->turned_back = true;
	js_free(unit->changed);
	unit->changed = NULL;
	tell(sup, unit, "rollback", why);
	save_stack_now(sup);
	supervisor_touch(sup);
}

static void end(struct supervisor *sup, struct unit *unit)
{
	tell(sup, unit, unit->rolled_back ? "rolled-back" : "rolled-out", NULL);
	plan_unref(take_ptr(unit->previous));
	unit->rolled_back = false;
	save_stack_now(sup);
}

/* Returns whether there is something to settle. */
static bool judge(struct supervisor *sup, const struct situation *situation, size_t s)
{
	const struct service *service = &situation->stack->services[s];
	const struct desired *desired = &situation->desired[s];
	struct unit *unit = &sup->units[s];
	struct rollout_progress progress = {0};
	const struct observed *fault = NULL;

	for (size_t i = 0; i < situation->count; i++) {
		const struct observed *seen = &situation->observed[i];
		unsigned failed = progress.failed;

		if (strcmp(seen->service, service->name) != 0)
			continue;
		rollout_count(seen, desired, &progress);
		if (progress.failed > failed)
			fault = seen;
	}
	if (unit->previous && service->deploy.update.failure == ROLLOUT_ROLLBACK &&
	    rollout_has_failed(desired, &progress)) {
		turn_back(sup, unit, fault);
		return true;
	}
	if (!progress.outdated && !progress.stopping && progress.settled == desired->replicas)
		end(sup, unit);
	return false;
}

bool rollouts_judge(struct supervisor *sup, const struct situation *situation)
{
	bool turned = false;

	/* Of a service none of which is wanted nobody can tell. */
	for (size_t s = 0; s < situation->stack->service_count; s++)
		if ((sup->units[s].previous || sup->units[s].rolled_back) &&
		    situation->desired[s].replicas > 0)
			turned |= judge(sup, situation, s);
	return turned;
}
