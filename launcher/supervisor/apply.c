// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Commands on a running stack: each checks its whole request, then changes what is desired. What
 * has to be done about it is settle()'s.
 */
#include "launcher/supervisor/apply.h"
#include "launcher/js.h"
#include "launcher/policy/reconcile.h"
#include "launcher/supervisor/events.h"
#include "launcher/supervisor/fills.h"
#include "launcher/supervisor/neighbours.h"
#include "launcher/supervisor/save.h"
#include "launcher/supervisor/scaler.h"
#include "launcher/supervisor/scheduler.h"
#include "launcher/supervisor/supervisor.h"
#include "launcher/supervisor/watch.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/sig.h"

#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define REPLICAS_MAX 10000

struct reply reply_error(unsigned status, int exit_code, const char *fmt, ...)
{
	char text[ERR_TEXT_MAX * 2];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	return (struct reply){status, js_pack("{s:i, s:o, s:i}", "schema", 1, "error",
					      js_lossy(text), "exit_code", exit_code)};
}

void reply_drop(struct reply *reply)
{
	js_free(reply->document);
	reply->document = NULL;
}

static const char *action_name(enum reconcile_kind kind)
{
	static const char *const names[] = {
		[RECONCILE_CREATE] = "create",
		[RECONCILE_STOP] = "remove",
		[RECONCILE_REPLACE] = "replace",
	};

	return names[kind];
}

struct json_t *apply_print_plan(const struct stack *stack, const struct reconcile_plan *plan,
				const struct observed *observed)
{
	struct json_t *changes = js_pack("[]");

	for (size_t i = 0; changes && i < plan->count; i++) {
		const struct reconcile_action *action = &plan->items[i];
		const char *service = action->kind == RECONCILE_CREATE
					      ? stack->services[action->service].name
					      : observed[action->observed].service;
		char name[192];

		snprintf(name, sizeof(name), "%s-%u", service, action->index);
		if (!js_append(changes, js_pack("{s:s, s:s}", "action", action_name(action->kind),
						"instance", name)))
			break;
	}
	return changes;
}

struct reply apply_changes(struct supervisor *sup)
{
	autosituation struct situation now = {0};
	autoreconcile struct reconcile_plan plan = {0};
	struct err err = {0};
	int r = situation_collect(sup, &now, &err);

	if (r == 0)
		r = reconcile(settle_stack(sup), now.desired, now.observed, now.count,
			      RECONCILE_ALL, &plan, &err);
	/* What is desired is so already, whether or not it can be told what follows from that. */
	const struct reply reply =
		r < 0 ? reply_error(500, 1, "%s", err.text)
		      : (struct reply){200, js_pack("{s:i, s:o}", "schema", 1, "changes",
						    apply_print_plan(settle_stack(sup), &plan,
								     now.observed))};

	watch_idle(sup, false);
	sup->thrift_due = true;
	/* Before anything is done about it: a successor goes on with what was begun. */
	scheduler_update(sup);
	save_stack_now(sup);
	scaler_update(sup);
	settle_begin(sup); /* whoever has the answer may ask for what was made */
	return reply;
}

/* ---- which services ---- */

static size_t unit_count(const struct supervisor *sup)
{
	return sup->manifest ? sup->manifest->stack->service_count : 0;
}

/*
 * Marks the services a request names, all when it names none.
 * Returns false with @refusal filled when one is unknown.
 */
static bool mark_services(struct supervisor *sup, const struct json_t *request, bool *marks,
			  struct reply *refusal)
{
	struct json_t *names = js_get(request, "services");
	size_t count = js_count(names);

	for (size_t i = 0; count == 0 && i < unit_count(sup); i++)
		marks[i] = sup->units[i].selected;
	for (size_t i = 0; i < count; i++) {
		const char *name = js_string(js_at(names, i));
		long service =
			name && sup->manifest ? observed_service(sup->manifest->stack, name) : -1;

		if (service < 0 || !sup->units[service].selected) {
			*refusal = reply_error(404, 1, "no service '%s' in stack %s",
					       name ? name : "", sup->name);
			return false;
		}
		marks[service] = true;
	}
	return true;
}

static long service_of(const struct supervisor *sup, const struct instance *instance)
{
	return sup->manifest ? observed_service(sup->manifest->stack, instance->plan->service->name)
			     : -1;
}

/* The grace of instances that are going to be stopped, also of those that are stopping already. */
static void set_grace(struct supervisor *sup, const bool *marks, int64_t timeout_ms)
{
	for (struct instance *instance = sup->instances; instance; instance = instance->next) {
		long service = service_of(sup, instance);

		if (marks && (service < 0 || !marks[service]))
			continue;
		instance->grace_ms = timeout_ms;
		if (instance->state == INSTANCE_STOPPING && timeout_ms >= 0)
			instance_hasten(instance, timeout_ms);
	}
}

static struct reply refuse_when_ending(const struct supervisor *sup)
{
	return reply_error(409, 1, "stack %s is being taken down", sup->name);
}

/* What all commands on services check first. @ret_marks: owned by the caller. */
static bool begin(struct supervisor *sup, const struct json_t *request, bool **ret_marks,
		  struct reply *refusal)
{
	autofree bool *marks = calloc(unit_count(sup) + 1, sizeof(*marks));

	if (sup->ending) {
		*refusal = refuse_when_ending(sup);
		return false;
	}
	if (!marks) {
		*refusal = reply_error(500, 1, "out of memory");
		return false;
	}
	if (!mark_services(sup, request, marks, refusal))
		return false;
	*ret_marks = take_ptr(marks);
	return true;
}

static bool is_scheduled(const struct supervisor *sup, long service)
{
	return sup->manifest->stack->services[service].schedule.present;
}

/* Who asks for a task by its name does not wait for its time. */
static void run_tasks(struct supervisor *sup, const struct json_t *request, const bool *marks)
{
	bool named = js_count(js_get(request, "services")) > 0;

	for (size_t i = 0; named && i < unit_count(sup); i++)
		if (marks[i] && is_scheduled(sup, (long)i) && !scheduler_runs(sup, i))
			scheduler_run(sup, i, "asked for");
}

/* ---- the commands ---- */

/* Lines for who takes the stack down. */
static struct json_t *print_staying(const struct supervisor *sup)
{
	autojs struct json_t *staying = js_pack("[]");
	autostrv struct strv lines = {0};

	neighbours_staying(sup, &lines);
	for (size_t i = 0; i < lines.count; i++)
		if (!js_append(staying, js_pack("s", lines.items[i])))
			return NULL;
	return take_ptr(staying);
}

struct reply apply_down(struct supervisor *sup, const struct json_t *request)
{
	sup->ending = true;
	sup->remove_volumes = sup->remove_volumes || js_bool(request, "volumes");
	set_grace(sup, NULL, js_int(request, "timeout_ms", -1));
	save_stack_now(sup);
	watch_idle(sup, false);
	fills_end(sup);
	supervisor_touch(sup);
	return (struct reply){200,
			      js_pack("{s:i, s:o}", "schema", 1, "staying", print_staying(sup))};
}

struct reply apply_stop(struct supervisor *sup, const struct json_t *request)
{
	autofree bool *marks = NULL;
	struct reply refusal;

	if (!begin(sup, request, &marks, &refusal))
		return refusal;
	set_grace(sup, marks, js_int(request, "timeout_ms", -1));
	for (size_t i = 0; i < unit_count(sup); i++) {
		sup->units[i].stopped = sup->units[i].stopped || marks[i];
		if (marks[i] && is_scheduled(sup, (long)i))
			sup->units[i].replicas = 0; /* until its next time after the start */
	}
	return apply_changes(sup);
}

struct reply apply_start(struct supervisor *sup, const struct json_t *request)
{
	autofree bool *marks = NULL;
	bool named = js_count(js_get(request, "services")) > 0;
	struct reply refusal;

	if (!begin(sup, request, &marks, &refusal))
		return refusal;
	for (size_t i = 0; i < unit_count(sup); i++)
		sup->units[i].stopped = sup->units[i].stopped && !marks[i];
	for (struct instance *instance = sup->instances; instance; instance = instance->next) {
		long service = service_of(sup, instance);

		if (service >= 0 && marks[service] && instance->state == INSTANCE_FAILED &&
		    (named || !is_scheduled(sup, service)))
			instance_replace(instance);
	}
	run_tasks(sup, request, marks);
	return apply_changes(sup);
}

static bool restarts_with(const struct stack *stack, const struct service *service,
			  const bool *marks)
{
	for (size_t i = 0; i < service->depends_on_count; i++) {
		const struct dependency *dependency = &service->depends_on[i];
		long on = observed_service(stack, dependency->service);

		if (dependency->restart && on >= 0 && marks[on])
			return true;
	}
	return false;
}

/* `depends_on: {db: {restart: true}}`: restarting db restarts its dependents, and theirs. */
static void mark_restart_dependents(const struct stack *stack, bool *marks)
{
	for (bool more = true; more;) {
		more = false;
		for (size_t i = 0; i < stack->service_count; i++)
			if (!marks[i] && restarts_with(stack, &stack->services[i], marks))
				more = marks[i] = true;
	}
}

/* A finished task is run again only when it is asked for by name. */
static bool is_done(const struct supervisor *sup, long service, const struct instance *instance)
{
	return instance->state == INSTANCE_COMPLETED ||
	       (instance->state == INSTANCE_FAILED && is_scheduled(sup, service));
}

struct reply apply_restart(struct supervisor *sup, const struct json_t *request)
{
	autofree bool *marks = NULL;
	bool named = js_count(js_get(request, "services")) > 0;
	struct reply refusal;

	if (!begin(sup, request, &marks, &refusal))
		return refusal;
	if (sup->manifest)
		mark_restart_dependents(sup->manifest->stack, marks);
	set_grace(sup, marks, js_int(request, "timeout_ms", -1));
	for (size_t i = 0; i < unit_count(sup); i++)
		sup->units[i].stopped = sup->units[i].stopped && !marks[i];
	for (struct instance *instance = sup->instances; instance; instance = instance->next) {
		long service = service_of(sup, instance);

		if (service >= 0 && marks[service] && (named || !is_done(sup, service, instance)))
			instance_replace(instance);
	}
	run_tasks(sup, request, marks);
	return apply_changes(sup);
}

/* The load would undo at once what its bounds do not allow; none at all it leaves alone. */
static bool is_within_bounds(const struct service *service, int64_t replicas, struct reply *refusal)
{
	const struct autoscale *as = &service->autoscale;
	bool many = as->present && replicas > as->max;
	bool few = as->present && replicas > 0 && replicas < as->min;
	const struct pos *pos = many ? &as->max_pos : &as->pos;

	if (many || few)
		*refusal = reply_error(400, 2,
				       "%s:%u:%u: %s: %lld is %s than x-autoscale.%s, %u: change "
				       "that, or write another number",
				       pos->file, pos->line, pos->col, service->name,
				       (long long)replicas, many ? "more" : "fewer",
				       many ? "max" : "min", many ? as->max : as->min);
	return !many && !few;
}

bool apply_scale_fits(const struct service *service, int64_t replicas, struct reply *refusal)
{
	if (replicas < 0 || replicas > REPLICAS_MAX)
		*refusal = reply_error(400, 2, "%s: scale must be 0 to %d", service->name,
				       REPLICAS_MAX);
	else if (replicas > 1 && service->container_name.value)
		*refusal = reply_error(400, 2,
				       "%s: %lld instances cannot share the container_name '%s': "
				       "remove it from the manifest",
				       service->name, (long long)replicas,
				       service->container_name.value);
	else
		return is_within_bounds(service, replicas, refusal);
	return false;
}

void apply_tell_scale(struct supervisor *sup, const char *service, unsigned from, unsigned to)
{
	if (from == to)
		return;
	metrics_count_scaling(sup, service, false, to > from);
	events_service(sup, service, "scale", NULL,
		       js_pack("{s:i, s:i}", "from", (int)from, "to", (int)to));
}

struct reply apply_scale(struct supervisor *sup, const struct json_t *request)
{
	struct json_t *scale = js_get(request, "scale");
	struct reply refusal = {0};

	if (sup->ending)
		return refuse_when_ending(sup);
	for (int pass = 0; pass < 2; pass++) {
		for (void *it = js_first(scale); it; it = js_next(scale, it)) {
			const char *name = js_key(it);
			int64_t replicas = js_int(scale, name, -1);
			long service =
				sup->manifest ? observed_service(sup->manifest->stack, name) : -1;

			if (service < 0 || !sup->units[service].selected)
				return reply_error(404, 2, "no service '%s' in stack %s", name,
						   sup->name);
			if (!apply_scale_fits(&sup->manifest->stack->services[service], replicas,
					      &refusal))
				return refusal;
			/* The first pass checks all, so that a bad one changes nothing. */
			if (pass == 1) {
				apply_tell_scale(sup, name, sup->units[service].replicas,
						 (unsigned)replicas);
				sup->units[service].replicas = (unsigned)replicas;
				sup->units[service].stopped = false;
				sup->units[service].asleep = false;
				sup->units[service].held = false;
			}
		}
	}
	return apply_changes(sup);
}

static bool is_name_of(const char *name, const struct instance *instance)
{
	return name && (strcmp(name, instance->name) == 0 ||
			strcmp(name, instance->plan->service->name) == 0);
}

static bool is_named(const struct json_t *names, const struct instance *instance)
{
	size_t count = js_count(names);

	for (size_t i = 0; i < count; i++)
		if (is_name_of(js_string(js_at(names, i)), instance))
			return true;
	return count == 0;
}

/* The first name that neither a service nor an instance has; NULL: there is none. */
static const char *unknown_name(const struct supervisor *sup, const struct json_t *names)
{
	for (size_t i = 0; i < js_count(names); i++) {
		const char *name = js_string(js_at(names, i));
		const struct instance *instance = sup->instances;
		long service =
			name && sup->manifest ? observed_service(sup->manifest->stack, name) : -1;

		while (instance && !is_name_of(name, instance))
			instance = instance->next;
		if (!instance && (service < 0 || !sup->units[service].selected))
			return name ? name : "";
	}
	return NULL;
}

static void tell_kill(struct instance *instance, int number)
{
	char name[SIG_NAME_MAX];

	sig_name(number, name);
	events_instance(instance, "kill", "asked for", js_pack("{s:s}", "signal", name));
}

struct reply apply_kill(struct supervisor *sup, const struct json_t *request)
{
	struct json_t *names = js_get(request, "services");
	const char *signal_name = js_text(request, "signal");
	const char *unknown = unknown_name(sup, names);
	int number = signal_name ? sig_number(signal_name) : SIGKILL;

	if (!number)
		return reply_error(400, 2, "unknown signal '%s'", signal_name);
	if (unknown)
		return reply_error(404, 1, "no service or instance '%s' in stack %s", unknown,
				   sup->name);
	struct json_t *killed = js_pack("[]");

	for (struct instance *instance = sup->instances; killed && instance;
	     instance = instance->next) {
		if (!is_named(names, instance) || instance_signal(instance, number, NULL) < 0)
			continue;
		tell_kill(instance, number);
		if (!js_append(killed, js_pack("s", instance->name)))
			break;
	}
	if (js_count(killed) == 0) {
		js_free(killed);
		return reply_error(404, 1, "no such running service or instance in stack %s",
				   sup->name);
	}
	return (struct reply){200, js_pack("{s:i, s:o}", "schema", 1, "instances", killed)};
}
