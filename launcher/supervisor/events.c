// SPDX-License-Identifier: GPL-2.0-or-later
/* The one source of events; see events.h. Here they get their numbers and causes. */
#include "launcher/supervisor/events.h"

#include "launcher/js.h"
#include "launcher/supervisor/event.h"
#include "launcher/supervisor/event_log.h"
#include "launcher/supervisor/supervisor.h"
#include "launcher/supervisor/watch.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/sig.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct events {
	struct supervisor *sup;
	struct event_log *log;
	uint64_t command; /* what is being carried out; 0: nothing */
	bool failed;	  /* the history misses the last event */
	bool silent;	  /* what is made now was there before */
};

int events_open(struct supervisor *sup, const char *run_dir, struct events **ret_events,
		struct err *err)
{
	struct events *events = calloc(1, sizeof(*events));

	if (!events)
		return err_set(err, ENOMEM, "events");
	events->sup = sup;
	int r = event_log_open(run_dir, &events->log, err);

	if (r < 0) {
		free(events);
		return r;
	}
	*ret_events = events;
	return 0;
}

void events_recent(const struct events *events, size_t max_bytes, struct buf *lines)
{
	event_log_recent(events->log, max_bytes, lines);
}

void events_close(struct events *events)
{
	if (!events)
		return;
	event_log_close(events->log);
	free(events);
}

/* Takes the attributes. Returns the event's number. */
static uint64_t emit(struct events *events, struct event *event, struct json_t *attributes)
{
	autobuf struct buf line = {0};
	autojs struct json_t *owned = attributes;

	event->seq = event_log_number(events->log);
	event->attributes = attributes;
	clock_gettime(CLOCK_REALTIME, &event->at);
	event_print_within(event, EVENT_LINE_MAX, &line);
	if (line.failed)
		return event->seq;
	bool written = event_log_append(events->log, line.data, line.len);

	if (!written && !events->failed)
		supervisor_log(events->sup, "event=history-failed seq=%llu error=\"%m\"",
			       (unsigned long long)event->seq);
	events->failed = !written;
	watch_event(events->sup, event->seq, &line);
	return event->seq;
}

/* ---- instances ---- */

static const char *action_of(const char *state)
{
	static const char *const actions[][2] = {
		{"waiting", "create"},	{"starting", "starting"},  {"ready", "ready"},
		{"unready", "unready"}, {"stopping", "stop"},	   {"backoff", "restart"},
		{"failed", "fail"},	{"completed", "complete"}, {"removed", "destroy"}};

	for (size_t i = 0; i < ARRAY_SIZE(actions); i++)
		if (strcmp(state, actions[i][0]) == 0)
			return actions[i][1];
	return state;
}

static struct json_t *attributes_of(const struct instance *instance, const char *state)
{
	const struct service *service = instance->plan->service;
	char name[SIG_NAME_MAX];

	if (strcmp(state, "backoff") == 0)
		return js_pack("{s:I, s:I}", "delay_ms", (long long)instance->backoff_ms,
			       "restarts", (long long)instance->history.restarts);
	if (strcmp(state, "stopping") != 0)
		return NULL;
	sig_name(service->stop_signal, name);
	return js_pack(
		"{s:s, s:I}", "signal", name, "grace_ms",
		(long long)(instance->grace_ms >= 0 ? instance->grace_ms : service->stop_grace_ms));
}

static uint64_t emit_instance(struct instance *instance, const char *action, const char *reason,
			      struct json_t *attributes)
{
	struct event event = {
		.type = "instance",
		.action = action,
		.service = instance->plan->service->name,
		.instance = instance->name,
		.state = instance->told_state,
		.reason = reason && reason[0] ? reason : NULL,
		.cause = instance->cause,
	};

	return emit(instance->sup->events, &event, attributes);
}

void events_state(struct instance *instance, const char *state)
{
	const char *before = instance->told_state;
	uint64_t command = instance->sup->events->command;
	bool is_same = before && strcmp(before, state) == 0;
	bool is_stop = instance->state == INSTANCE_STOPPING;

	/* Only who waits has a reason that changes with the stack. */
	if (is_same && instance->state != INSTANCE_WAITING)
		return;
	instance->told_state = state;
	if (instance->sup->events->silent)
		return;
	if (command && !is_same && (!before || is_stop))
		instance->cause = command;
	uint64_t seq =
		emit_instance(instance, is_same ? "wait" : action_of(state), instance->reason,
			      is_same ? NULL : attributes_of(instance, state));

	if (instance->state == INSTANCE_UNREADY || instance->unhealthy)
		instance->cause = seq;
	else if (instance->state == INSTANCE_READY)
		instance->cause = 0;
}

void events_adopted(struct instance *instance)
{
	instance->told_state = instance_state_name(instance->state);
	(void)emit_instance(instance, "adopt", instance->reason,
			    js_pack("{s:o?, s:I}", "pid",
				    instance->pid > 0 ? js_pack("i", (int)instance->pid) : NULL,
				    "restarts", (long long)instance->history.restarts));
}

void events_instance(struct instance *instance, const char *action, const char *reason,
		     struct json_t *attributes)
{
	uint64_t seq = emit_instance(instance, action, reason, attributes);

	if (strcmp(action, "die") == 0 || strcmp(action, "oom") == 0 || strcmp(action, "kill") == 0)
		instance->cause = seq;
}

/* ---- the rest ---- */

void events_service(struct supervisor *sup, const char *service, const char *action,
		    const char *reason, struct json_t *attributes)
{
	struct event event = {.type = "service",
			      .action = action,
			      .service = service,
			      .reason = reason,
			      .cause = sup->events->command};

	(void)emit(sup->events, &event, attributes);
}

void events_supervisor(struct supervisor *sup, const char *action, const char *reason,
		       struct json_t *attributes)
{
	struct event event = {.type = "supervisor", .action = action, .reason = reason};

	(void)emit(sup->events, &event, attributes);
}

/* What a command asks for, without what may be secret: environments and programs' arguments. */
static struct json_t *told_members(const struct json_t *request)
{
	static const char *const members[] = {"services", "scale",	  "service",	"instance",
					      "signal",	  "volumes",	  "timeout_ms", "profiles",
					      "address",  "allow_control"};
	struct json_t *told = js_pack("{}");

	for (size_t i = 0; told && i < ARRAY_SIZE(members); i++) {
		struct json_t *value = js_get(request, members[i]);

		if (js_kind(value) != JS_NULL && !js_put(told, members[i], js_pack("O", value)))
			break;
	}
	return told;
}

static const char *command_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

void events_command(struct supervisor *sup, const char *path, const struct json_t *request)
{
	static const char *const deciding[] = {"up", "down", "scale", "stop", "start", "restart"};
	struct event event = {.type = "command", .action = command_of(path)};
	uint64_t seq = emit(sup->events, &event, told_members(request));

	for (size_t i = 0; i < ARRAY_SIZE(deciding); i++)
		if (strcmp(deciding[i], event.action) == 0)
			sup->events->command = seq;
}

void events_refused(struct supervisor *sup, const char *path, const char *error)
{
	struct event event = {.type = "command",
			      .action = "refuse",
			      .reason = error,
			      .cause = sup->events->command};

	(void)emit(sup->events, &event, js_pack("{s:s}", "command", command_of(path)));
	sup->events->command = 0;
}

void events_at_rest(struct supervisor *sup)
{
	sup->events->command = 0;
}

void events_silence(struct supervisor *sup, bool silent)
{
	sup->events->silent = silent;
}
