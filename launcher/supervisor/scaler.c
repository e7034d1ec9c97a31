// SPDX-License-Identifier: GPL-2.0-or-later
/* See scaler.h. */
#include "launcher/supervisor/scaler.h"

#include "launcher/policy/reason.h"
#include "launcher/policy/scale_outlook.h"
#include "launcher/policy/scale_text.h"
#include "launcher/policy/schedule.h"
#include "launcher/supervisor/apply.h"
#include "launcher/supervisor/events.h"
#include "launcher/supervisor/forecasts.h"
#include "launcher/supervisor/look.h"
#include "launcher/supervisor/save.h"
#include "launcher/supervisor/stamp.h"
#include "launcher/supervisor/supervisor.h"
#include "launcher/supervisor/wall.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/host.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TICK_MS	   250
#define REST_TICKS 8  /* how seldom the connections of a service at rest are looked at */
#define IDLE_MILLI 10 /* of an instance's processor time: less is nobody's load */
#define CORE_MCPU  1000
#define ASLEEP_MS  15000 /* how often the clock is looked at while nobody is awake */
#define HELD_MS	   60000 /* as long as a connection waits for an instance */

/* ---- what there is to scale ---- */

/* A number set to 0 by hand is nothing that a load could have asked for. */
static bool is_scaled(const struct supervisor *sup, size_t i)
{
	const struct unit *unit = &sup->units[i];

	return sup->manifest->stack->services[i].autoscale.present && unit->selected &&
	       !unit->stopped && (unit->replicas > 0 || unit->asleep) && unit->plan && !sup->ending;
}

static struct scaling *find(const struct supervisor *sup, const char *service)
{
	struct scaling *scaling = sup->scalings;

	while (scaling && strcmp(scaling->service, service) != 0)
		scaling = scaling->next;
	return scaling;
}

/* One that begins remembers that so many were wanted: after a supervisor's death, or at first, none
 * are taken away before the window is over. */
static struct scaling *begin(struct supervisor *sup, const struct service *service,
			     unsigned current)
{
	struct scaling *scaling = calloc(1, sizeof(*scaling));

	if (scaling)
		scaling->service = strdup(service->name);
	if (!scaling || !scaling->service) {
		free(scaling);
		return NULL;
	}
	scale_history_propose(&scaling->scaler.history, loop_now_ms(sup->loop), &service->autoscale,
			      current);
	scaling->scaler.desired = current;
	scaling->cpu_milli = -1;
	scaling->turned_ms = loop_now_ms(sup->loop);
	struct scaling **link = &sup->scalings;

	while (*link)
		link = &(*link)->next;
	*link = scaling;
	return scaling;
}

static void scaling_free(const struct supervisor *sup, struct scaling *scaling)
{
	forecasts_end(sup, scaling);
	free(scaling->service);
	free(scaling);
}

void scaler_close(struct supervisor *sup)
{
	while (sup->scalings) {
		struct scaling *first = sup->scalings;

		sup->scalings = first->next;
		scaling_free(sup, first);
	}
	watch_free(take_ptr(sup->scale_timer));
}

/* What the manifest says, by its schedule: once a minute, which is when the answer is true. */
static bool update_rules(struct scaling *scaling, const struct autoscale *autoscale)
{
	size_t count = autoscale->schedule_count;
	time_t now = time(NULL);

	if (scaling->minute == now / 60 + 1)
		return false;
	scaling->as = *autoscale;
	scaling->minute = now / 60 + 1;
	if (count == 0)
		return true;
	autofree struct tm *clocks = calloc(count, sizeof(*clocks));

	for (size_t i = 0; clocks && i < count; i++)
		clocks[i] = wall_clock(autoscale->schedule[i].tz, now);
	if (clocks)
		scaling->as.min = schedule_least(autoscale, clocks);
	return true;
}

/* One tick. Instances neither come nor go while it lasts. */
struct pass {
	struct look_all all;
	const struct scaling *last;
	struct instance **firsts; /* of each service, sorted by name, as soon as one is needed */
	size_t first_count;
};

static void pass_end(struct pass *pass)
{
	free(pass->firsts);
}
#define autopass __attribute__((cleanup(pass_end)))

/* They come in the order of the services, mostly: those that were begun later are at the end. */
static struct scaling *find_next(const struct supervisor *sup, const char *service,
				 struct pass *pass)
{
	struct scaling *next = pass->last ? pass->last->next : sup->scalings;

	if (!next || strcmp(next->service, service) != 0)
		next = find(sup, service);
	pass->last = next;
	return next;
}

static void collect_firsts(const struct supervisor *sup, struct pass *pass)
{
	const char *before = "";

	if (pass->firsts)
		return;
	pass->firsts = calloc(sup->instance_count + 1, sizeof(struct instance *));
	for (struct instance *one = sup->instances; pass->firsts && one; one = one->next) {
		if (strcmp(one->plan->service->name, before) != 0)
			pass->firsts[pass->first_count++] = one;
		before = one->plan->service->name;
	}
}

static int compare_service(const void *name, const void *first)
{
	const struct instance *instance = *(struct instance *const *)first;

	return strcmp(name, instance->plan->service->name);
}

/* NULL: it has none, or memory lacks, and then it is looked at as if it had none. */
static struct instance *first_of(const struct supervisor *sup, const char *service,
				 struct pass *pass)
{
	collect_firsts(sup, pass);
	if (pass->first_count == 0)
		return NULL;
	struct instance **first = bsearch(service, pass->firsts, pass->first_count,
					  sizeof(struct instance *), compare_service);

	return first ? *first : NULL;
}

/* ---- deciding ---- */

/* The most instances that the host has memory and, where they are reserved, processors for. */
static unsigned room_of(const struct look *look, unsigned current)
{
	const struct limits *limits = &look->service->limits;
	int64_t bytes = look_request_bytes(look->service);
	int64_t available = bytes > 0 ? host_available_bytes() : -1;
	int64_t room = INT64_MAX;

	if (available >= 0)
		room = current + available / bytes;
	if (limits->cpu_reserved_mcpu > 0) {
		int64_t fit = host_processors() * CORE_MCPU / limits->cpu_reserved_mcpu;

		room = fit < room ? fit : room;
	}
	return room < UINT_MAX ? (unsigned)room : UINT_MAX;
}

static void tell(const struct look *look, unsigned from)
{
	const struct scale_decision *decision = &look->scaling->decision;
	struct json_t *proposals = js_pack("{}");

	for (size_t i = 0; proposals && i < SCALE_SIGNALS; i++)
		if (decision->proposals[i] &&
		    !js_put(proposals, scale_signal_name((enum scale_signal)i),
			    js_pack("i", (int)decision->proposals[i])))
			break;
	metrics_count_scaling(look->sup, look->service->name, true, decision->desired > from);
	events_service(look->sup, look->service->name, "scale", look->scaling->why,
		       js_pack("{s:i, s:i, s:s, s:o?, s:s, s:I, s:I, s:I, s:I, s:i}", "from",
			       (int)from, "to", (int)decision->desired, "signal",
			       scale_signal_name(decision->decisive), "proposals", proposals,
			       "limit", scale_limit_name(decision->limit), "cpu_percent",
			       (long long)(look->scaling->cpu_milli / 1000), "waiting",
			       (long long)look->input.waiting, "arrivals_per_second",
			       (long long)(decision->rate_milli / 1000), "capacity_per_second",
			       (long long)(decision->capacity_milli / 1000), "ready",
			       (int)look->ready));
}

static void note_change(struct scaling *scaling, unsigned from, unsigned to)
{
	scaling->from = from;
	scaling->to = to;
	clock_gettime(CLOCK_REALTIME, &scaling->changed_at);
}

static void decide(struct look *look, struct unit *unit)
{
	struct scaling *scaling = look->scaling;
	struct scale_input *input = &look->input;
	unsigned from = unit->replicas;

	for (size_t i = 0; i < SCALE_SIGNALS; i++)
		input->readings[i] = (struct scale_reading){
			look->samples[i], look->samples[i] ? look->sample_count : 0};
	input->now_ms = look->now_us / 1000;
	input->current = from;
	input->ready = look->ready;
	input->room = room_of(look, from);
	input->expected = scaling->expected;
	input->start_ms = scaling->start_ms;
	input->cpu_milli = look->cpu_known && look->ready
				   ? look->busy_milli * (LOOK_PERCENT_FULL / 1000) / look->ready
				   : -1;
	scaling->decision = scale_decide(&scaling->scaler, &scaling->as, input);
	forecasts_note(scaling);
	scale_text(&scaling->as, input, &scaling->decision, scaling->cpu_milli, scaling->why);
	if (scaling->decision.desired == from)
		return;
	unit->replicas = scaling->decision.desired;
	note_change(scaling, from, unit->replicas);
	tell(look, from);
	supervisor_log(look->sup, "service=%s event=scaled from=%u to=%u", look->service->name,
		       from, unit->replicas);
	save_stack_now(look->sup);
	supervisor_touch(look->sup);
}

/* Nothing can come of looking closer: as few as may be, and nobody asks them for anything. */
static bool is_at_rest(const struct look *look, const struct unit *unit)
{
	const struct scaling *scaling = look->scaling;
	unsigned least = scaling->as.min ? scaling->as.min : 1;

	return unit->replicas == least && scaling->expected <= least && look->cpu_known &&
	       look->busy_milli <= IDLE_MILLI * look->ready && scaling->scaler.waited == 0 &&
	       !look_wants(look, SCALE_MEMORY) && !look_wants(look, SCALE_PRESSURE) &&
	       !look_wants(look, SCALE_COMMAND) && !look_wants(look, SCALE_PROMETHEUS);
}

static void look_closer(struct look *look, struct unit *unit)
{
	if (look_closely(look))
		decide(look, unit);
	look_end(look);
}

/* ---- to none and back ---- */

/* What was measured is of instances that are no more. */
static void begin_anew(struct scaling *scaling)
{
	scaling->looked_us = 0;
	scaling->tick_count = scaling->tick_next = 0;
	scaling->was_ready = 0;
	scaling->cpu_milli = -1;
	scaling->idling = (struct idling){0};
}

/* Wakes who sleeps, or puts to sleep who is awake. */
static void turn(struct supervisor *sup, struct scaling *scaling, size_t i, const char *why)
{
	struct unit *unit = &sup->units[i];
	unsigned from = unit->replicas;
	unsigned least = scaling->as.min ? scaling->as.min : 1;

	unit->asleep = !unit->asleep;
	unit->held = true;
	unit->replicas = unit->asleep ? 0 : least;
	begin_anew(scaling);
	scaling->turned_ms = loop_now_ms(sup->loop);
	note_change(scaling, from, unit->replicas);
	metrics_count_scaling(sup, scaling->service, true, unit->replicas > from);
	events_service(sup, scaling->service, "scale", why,
		       js_pack("{s:i, s:i}", "from", (int)from, "to", (int)unit->replicas));
	supervisor_log(sup, "service=%s event=scaled from=%u to=%u reason=\"%s\"", scaling->service,
		       from, unit->replicas, why);
	save_stack_now(sup);
	publish_ports(sup);
	supervisor_touch(sup);
}

/* A time at which there shall be more than at others is not slept through. NULL: it is none. */
static const char *awake_for(const struct scaling *scaling, const struct service *service)
{
	if (scaling->as.min > service->autoscale.min)
		return "the schedule asks for instances";
	return scaling->expected > service->autoscale.min ? "instances are expected at this time"
							  : NULL;
}

static void sleep_if_idle(const struct look *look, size_t i)
{
	const struct unit *unit = &look->sup->units[i];
	char span[32], why[64];

	/* Nobody waits for longer; who is woken by the clock may never be called. */
	bool awaited = unit->held && look->now_us / 1000 - look->scaling->turned_ms < HELD_MS;

	if (!idle_is_over(look, awaited || awake_for(look->scaling, look->service)))
		return;
	reason_duration(look->scaling->as.idle_ms, span, sizeof(span));
	snprintf(why, sizeof(why), "no connection for %s", span);
	turn(look->sup, look->scaling, i, why);
}

void scaler_wake(struct supervisor *sup, size_t i, const char *why)
{
	const struct service *service = &sup->manifest->stack->services[i];
	struct scaling *scaling = find(sup, service->name);

	if (!scaling)
		scaling = begin(sup, service, 0);
	if (!scaling)
		return; /* whoever waits is told of again */
	update_rules(scaling, &service->autoscale);
	turn(sup, scaling, i, why);
	scaler_update(sup);
}

/* Who was at rest, in a stack that does as good as nothing, is so still. */
static bool can_skip(const struct scaling *scaling, const struct service *service,
		     const struct look_all *all, int64_t now_ms)
{
	return scaling->looked_us && !scaling->active && scaling->rested + 1 < REST_TICKS &&
	       look_is_quiet(all, service, IDLE_MILLI) && !idle_is_due(scaling, now_ms);
}

static void scale_one(struct supervisor *sup, size_t i, struct pass *pass)
{
	const struct service *service = &sup->manifest->stack->services[i];
	struct unit *unit = &sup->units[i];
	struct scaling *scaling = find_next(sup, service->name, pass);
	struct look look = {.sup = sup, .service = service, .now_us = loop_clock_us()};

	if (!scaling)
		scaling = begin(sup, service, unit->replicas);
	if (!scaling)
		return;
	if (update_rules(scaling, &service->autoscale))
		forecasts_update(sup, scaling);
	if (unit->asleep) {
		const char *why = awake_for(scaling, service);

		scaling->decision = (struct scale_decision){0};
		forecasts_note(scaling);
		if (why)
			turn(sup, scaling, i, why);
		return;
	}
	look.scaling = scaling;
	if (can_skip(scaling, service, &pass->all, look.now_us / 1000)) {
		scaling->rested++;
		look_put_tick(&look);
		return;
	}
	look.first = first_of(sup, service->name, pass);
	look.span_us = scaling->looked_us ? look.now_us - scaling->looked_us : 0;
	scaling->looked_us = look.now_us;
	look_at_cpu(&look);
	look_note_start(&look);
	bool active = !is_at_rest(&look, unit);

	if (active || scaling->active || ++scaling->rested >= REST_TICKS) {
		look_closer(&look, unit);
		scaling->rested = 0;
	} else {
		look_put_tick(&look);
	}
	scaling->active = active;
	scaling->was_ready = look.ready;
	sleep_if_idle(&look, i);
}

static bool is_woken_by_clock(const struct service *service)
{
	const struct autoscale *as = &service->autoscale;

	return as->schedule_count > 0 || as->forecast != SCALE_FORECAST_NONE;
}

static void on_tick(void *data)
{
	struct supervisor *sup = data;

	if (!sup->manifest || sup->ending)
		return;
	autopass struct pass pass = {.all = look_at_stack(sup)};
	int64_t next_ms = 0;

	idle_count(sup, loop_clock_us() / 1000);
	for (size_t i = 0; i < sup->manifest->stack->service_count; i++) {
		if (!is_scaled(sup, i))
			continue;
		scale_one(sup, i, &pass);
		if (!sup->units[i].asleep)
			next_ms = TICK_MS;
		else if (!next_ms && is_woken_by_clock(&sup->manifest->stack->services[i]))
			next_ms = ASLEEP_MS;
	}
	if (next_ms)
		watch_arm(sup->scale_timer, next_ms);
}

/* What is wanted may be another manifest's by now. */
static void look_over(struct supervisor *sup)
{
	struct scaling **link = &sup->scalings;

	while (*link) {
		struct scaling *scaling = *link;
		const struct stack *stack = sup->manifest ? sup->manifest->stack : NULL;
		bool kept = false;

		for (size_t i = 0; stack && i < stack->service_count && !kept; i++)
			kept = strcmp(stack->services[i].name, scaling->service) == 0 &&
			       is_scaled(sup, i);
		scaling->minute = 0;
		if (kept) {
			link = &scaling->next;
			continue;
		}
		*link = scaling->next;
		scaling_free(sup, scaling);
	}
}

void scaler_update(struct supervisor *sup)
{
	const struct stack *stack = sup->manifest ? sup->manifest->stack : NULL;
	bool any = false;

	look_over(sup);
	for (size_t i = 0; stack && i < stack->service_count && !any; i++)
		any = is_scaled(sup, i);
	if (any)
		watch_arm(sup->scale_timer, TICK_MS);
}

int scaler_open(struct supervisor *sup, struct err *err)
{
	return loop_watch_timer(sup->loop, on_tick, sup, &sup->scale_timer, err);
}

/* Values by signal, where there is one. */
static struct json_t *values_of(const int64_t milli[SCALE_SIGNALS])
{
	struct json_t *values = js_pack("{}");

	for (size_t i = 0; values && i < SCALE_SIGNALS; i++)
		if (milli[i] &&
		    !js_put(values,
			    i == SCALE_BACKLOG ? "arrivals"
					       : scale_signal_name((enum scale_signal)i),
			    js_pack("f", (double)milli[i] / 1000)))
			break;
	return values;
}

struct json_t *scaler_explain(const struct supervisor *sup, const struct service *service,
			      unsigned current)
{
	const struct scaling *scaling = find(sup, service->name);

	if (!scaling || !scaling->why[0])
		return NULL;
	const struct autoscale *as = &scaling->as;
	struct scale_outlook outlook = scale_outlook(as, &scaling->decision, current);
	int64_t window_ms = as->down.learned ? scaling->scaler.hold.ms : as->down.stabilization_ms;

	return js_pack("{s:s, s:o?, s:o?, s:I, s:I, s:I}", "why", scaling->why, "more_above",
		       values_of(outlook.more_milli), "fewer_below", values_of(outlook.fewer_milli),
		       "window_ms", (long long)window_ms, "min", (long long)(as->min ? as->min : 1),
		       "max", (long long)as->max);
}

struct json_t *scaler_view(const struct supervisor *sup, const struct service *service)
{
	const struct scaling *scaling = find(sup, service->name);
	const struct autoscale *autoscale =
		scaling && scaling->minute ? &scaling->as : &service->autoscale;
	char at[STAMP_SIZE];

	if (!service->autoscale.present)
		return NULL;
	const struct scale_target *cpu = &autoscale->targets[SCALE_CPU];
	bool changed = scaling && scaling->to != scaling->from;

	return js_pack("{s:i, s:i, s:o?, s:o?, s:I, s:o?}", "min",
		       (int)(autoscale->min ? autoscale->min : 1), "max", (int)autoscale->max,
		       "cpu_percent",
		       scaling && scaling->cpu_milli >= 0
			       ? js_pack("I", (long long)(scaling->cpu_milli / 1000))
			       : NULL,
		       "cpu_target_percent",
		       cpu->present ? js_pack("I", (long long)(cpu->milli / 1000)) : NULL,
		       "waiting", (long long)(scaling ? scaling->scaler.waited : 0), "last",
		       changed ? js_pack("{s:i, s:i, s:s}", "from", (int)scaling->from, "to",
					 (int)scaling->to, "at",
					 stamp_text(&scaling->changed_at, 3, at))
			       : NULL);
}
