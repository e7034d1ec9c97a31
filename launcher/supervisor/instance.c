// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One instance: what happens to it becomes an event, the table says what to do, and it is done
 * here. The only place where the state of an instance changes (instance_enter). Its runs begin in
 * run_begin.c and end in run_end.c.
 */
#include "launcher/js.h"
#include "launcher/supervisor/drain.h"
#include "launcher/supervisor/events.h"
#include "launcher/supervisor/gauge.h"
#include "launcher/supervisor/hosts.h"
#include "launcher/supervisor/join.h"
#include "launcher/supervisor/kept.h"
#include "launcher/supervisor/learn.h"
#include "launcher/supervisor/measure.h"
#include "launcher/supervisor/probe.h"
#include "launcher/supervisor/record.h"
#include "launcher/supervisor/run_begin.h"
#include "launcher/supervisor/save.h"
#include "launcher/supervisor/supervisor.h"
#include "launcher/supervisor/watch.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/fs.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/random.h>

static bool instance_runs(const struct instance *instance)
{
	return instance->pidfd >= 0;
}

static char no_words[] = "";

void instance_say(char **text, const char *words)
{
	if (strcmp(*text, words) == 0)
		return;
	if (*text != no_words)
		free(*text);
	*text = words[0] ? strdup(words) : no_words;
	if (!*text)
		*text = no_words;
}

/* Whoever looks at a running instance wants to know why it is not the first run any more. */
static void reason_of_ready(struct instance *instance)
{
	char text[REASON_MAX] = "";

	if (instance->has_end)
		snprintf(text, sizeof(text), "restarted: %.*s", (int)sizeof(text) - 16,
			 instance->end_why);
	instance_say(&instance->reason, text);
}

static void instance_enter(struct instance *instance, enum instance_state state)
{
	instance->state = state;
	/* What the table promises: whoever is ready or unready has a process, whoever waits has
	 * none. */
	assert((state != INSTANCE_READY && state != INSTANCE_UNREADY) || instance_runs(instance));
	assert(state != INSTANCE_WAITING || !instance_runs(instance));
	if (state == INSTANCE_READY || state == INSTANCE_COMPLETED)
		instance->placed_ms = loop_now_ms(instance->sup->loop);
	if (state == INSTANCE_READY)
		reason_of_ready(instance);
	else if (state == INSTANCE_STOPPING)
		instance_say(&instance->reason, "");
	instance->blocked = state == INSTANCE_WAITING && instance->blocked;
	supervisor_log(instance->sup, "service=%s instance=%u state=%s%s%s%s",
		       instance->plan->service->name, instance->index, instance_state_name(state),
		       instance->reason[0] ? " reason=\"" : "", instance->reason,
		       instance->reason[0] ? "\"" : "");
	watch_instance(instance, instance_state_name(state));
	save_instance(instance);
	if (state == INSTANCE_COMPLETED)
		save_stack(instance->sup);
	supervisor_touch(instance->sup);
}

void instance_set_reason(struct instance *instance, const char *reason)
{
	if (strcmp(instance->reason, reason) == 0)
		return;
	instance_say(&instance->reason, reason);
	watch_instance(instance, instance_state_name(instance->state));
	save_instance(instance);
}

bool instance_reached(const struct instance *instance)
{
	return instance_runs(instance) && instance->status_fd < 0 && !instance->exec_failed;
}

bool instance_is_one_off(const struct instance *instance)
{
	return instance->plan->own != NULL;
}

struct instance *instance_find(struct supervisor *sup, const char *name)
{
	for (struct instance *instance = sup->instances; instance; instance = instance->next)
		if (strcmp(instance->name, name) == 0)
			return instance;
	return NULL;
}

int instance_exec(struct instance *instance, struct container_exec *exec,
		  struct container_process *ret_process, struct container_fault *fault)
{
	int r = plan_ready(instance->sup, instance->plan, fault);

	if (r == 0)
		r = cg_join_open(instance->cg, &fault->err);
	if (r < 0)
		return r;
	exec->pidfd = instance->pidfd;
	exec->cg = instance->cg;
	exec->recorder = learn_recorder(instance->sup, instance->plan->service);
	r = container_exec(instance->plan->container, exec, ret_process, fault);
	cg_join_close(instance->cg);
	return r;
}

int instance_signal(struct instance *instance, int signal_number, struct err *err)
{
	if (!instance_runs(instance))
		return err_say(err, ESRCH, "%s is not running", instance->name);
	if (pidfd_send_signal(instance->pidfd, signal_number, NULL, 0) < 0)
		return err_set(err, errno, "signal %s", instance->name);
	return 0;
}

static void on_timer(void *data)
{
	struct instance *instance = data;

	instance->deadline_ms = 0;
	if (instance->draining) {
		drain_end(instance);
		return;
	}
	/* The timer is the back-off in that state and the grace period everywhere else. */
	instance_event(instance, instance->state == INSTANCE_BACKOFF ? INSTANCE_EV_BACKOFF_OVER
								     : INSTANCE_EV_GRACE_OVER);
}

static void instance_free(struct instance *instance)
{
	struct supervisor *sup = instance->sup;
	struct instance **link = &sup->instances;

	while (*link != instance)
		link = &(*link)->next;
	*link = instance->next;
	sup->instance_count--;
	save_skip(instance);
	watch_free(instance->timer);
	for (int part = 0; part < KEPT_PARTS; part++)
		kept_drop(instance, (enum kept_part)part);
	fd_drop(&instance->terminal_fd);
	log_close(instance->log);
	measure_free(instance->measure);
	gauge_stop(instance);
	join_leave(instance);
	if (sup->ending)
		net_leave(instance->endpoint);
	else
		net_detach(instance->endpoint);
	if (instance->layer_dir && fs_remove_tree(instance->layer_dir, NULL) < 0)
		supervisor_log(sup, "instance=%s event=layer-kept path=%s", instance->name,
			       instance->layer_dir);
	plan_unref(instance->plan);
	instance_say(&instance->reason, "");
	instance_say(&instance->end_why, "");
	free(instance->layer_dir);
	free(instance->retired);
	free(instance->fault);
	free(instance);
}

static void instance_gone(struct instance *instance)
{
	struct supervisor *sup = instance->sup;

	save_forget(instance);
	if (instance->own_hosts)
		hosts_forget(instance);
	watch_instance(instance, "removed");
	instance_free(instance);
	publish_names(sup, false);
	publish_ports(sup);
	supervisor_touch(sup);
}

static void instance_kill(struct instance *instance)
{
	struct err err = {0};

	/* On v1 the group's members do not include a child that has not joined it yet; and when a
	 * first process dies its whole pid namespace does. */
	if (instance->pidfd >= 0)
		(void)pidfd_send_signal(instance->pidfd, SIGKILL, NULL, 0); /* dead: as wanted */
	if (instance->cg && cg_kill(instance->cg, &err) < 0)
		supervisor_log(instance->sup, "instance=%s event=kill-failed error=\"%s\"",
			       instance->name, err.text);
}

/* What would not end by itself, or must not go on. */
static void instance_end(struct instance *instance)
{
	if (instance_runs(instance))
		events_instance(instance, "kill",
				instance->state == INSTANCE_STOPPING ? "the grace period is over"
								     : instance->reason,
				js_pack("{s:s}", "signal", "SIGKILL"));
	instance_kill(instance);
}

static void instance_stop_signal(struct instance *instance)
{
	struct err err = {0};

	/* That it is to be replaced: a successor that only finds its end must not take that for the
	 * program's own. */
	if (instance->changed_link)
		save_instance_now(instance);
	if (instance_signal(instance, instance->plan->service->stop_signal, &err) < 0)
		instance_kill(instance);
}

static void arm(struct instance *instance, int64_t delay_ms)
{
	instance->deadline_ms = loop_now_ms(instance->sup->loop) + delay_ms;
	watch_arm(instance->timer, delay_ms);
}

static void instance_act(struct instance *instance, unsigned actions)
{
	const struct service *service = instance->plan->service;

	if (actions & ACT_CANCEL_TIMERS) {
		watch_disarm(instance->timer);
		instance->deadline_ms = 0;
	}
	if (actions & ACT_STOP_HEALTH) {
		probe_stop(instance);
		gauge_stop(instance);
	}
	if (actions & ACT_PUBLISH)
		publish_ports(instance->sup);
	if (actions & ACT_SIGNAL_STOP)
		instance_stop_signal(instance);
	if (actions & ACT_KILL)
		instance_end(instance);
	if (actions & ACT_ARM_BACKOFF)
		arm(instance, instance->backoff_ms);
	if (actions & ACT_ARM_GRACE)
		arm(instance,
		    instance->grace_ms >= 0 ? instance->grace_ms : service->stop_grace_ms);
	if (actions & ACT_START_HEALTH)
		probe_start(instance);
}

void instance_event(struct instance *instance, enum instance_event event)
{
	const struct instance_step *step = instance_step(instance->state, event);

	if (step->kind == STEP_IGNORE || (step->next == instance->state && step->actions == 0))
		return;
	instance_act(instance, step->actions);
	/* These come last: each may end the instance's life or begin its next event. */
	if (step->actions & ACT_GONE) {
		instance_gone(instance);
		return;
	}
	instance_enter(instance, step->next);
	if (step->actions & ACT_START)
		run_begin(instance);
	if (step->actions & ACT_DRAIN)
		drain_begin(instance);
}

void instance_replace(struct instance *instance)
{
	instance->replace = true;
	save_instance(instance);
}

void instance_hasten(struct instance *instance, int64_t grace_ms)
{
	arm(instance, grace_ms);
	save_instance(instance);
}

void instance_restore(struct instance *instance, const struct record *record)
{
	int64_t left_ms = record->deadline_ms - loop_now_ms(instance->sup->loop);

	instance->state = record->state;
	instance->replace = record->replace;
	instance->started = record->started;
	instance->unhealthy = record->unhealthy;
	instance->draining = record->draining && record->state == INSTANCE_STOPPING;
	instance->drain_begun_ms = loop_now_ms(instance->sup->loop);
	instance->run = record->run;
	instance->history = record->history;
	instance->grace_ms = record->grace_ms;
	instance->begun_us = record->begun_us;
	instance->start_seen = true; /* its time may have gone by with nobody here */
	instance->started_ms = record->started_ms;
	instance->placed_ms = record->placed_ms;
	instance->started_at = record->started_at;
	instance->has_end = record->has_end;
	instance_say(&instance->end_why, record->end_why);
	instance->end = (struct run_end){.kind = record->end_kind,
					 .code = record->end_code,
					 .signal = record->end_signal,
					 .oom = record->end_oom,
					 .fault = instance->end_why};
	instance_say(&instance->reason, record->reason);
	hosts_restore(instance);
	if (record->deadline_ms)
		arm(instance, left_ms > 0 ? left_ms : 0);
	save_instance(instance);
}

static int instance_dirs(struct instance *instance)
{
	const struct service *service = instance->plan->service;
	const char *layers = instance->sup->layers_dir;

	if (service->rootfs != ROOTFS_HOST && !service->read_only &&
	    asprintf(&instance->layer_dir, "%s/%s", layers, instance->name) < 0)
		return -ENOMEM;
	return 0;
}

/* People and scripts see the instances in the order of their names, whenever each was made. */
static bool is_before(const struct instance *instance, const char *service, unsigned index)
{
	int order = strcmp(instance->plan->service->name, service);

	return order < 0 || (order == 0 && instance->index < index);
}

/* With its name, and nothing else. The name begins in the padding of the struct, which is therefore
 * never assigned as a whole. */
static struct instance *instance_new(const char *service, unsigned index)
{
	char name[INSTANCE_NAME_MAX];

	snprintf(name, sizeof(name), "%s-%u", service, index);
	struct instance *instance = calloc(1, sizeof(*instance) + strlen(name) + 1);

	if (instance)
		memcpy(instance->name, name, strlen(name) + 1);
	return instance;
}

int instance_create(struct supervisor *sup, struct plan *plan, unsigned index, struct err *err)
{
	struct instance *instance = instance_new(plan->service->name, index);
	struct instance **link = &sup->instances;

	if (!instance)
		return err_set(err, ENOMEM, "instance of %s", plan->service->name);
	instance->sup = sup;
	instance->plan = plan_ref(plan);
	instance->index = index;
	instance->state = INSTANCE_WAITING;
	instance->reason = instance->end_why = no_words;
	if (getrandom(&instance->history.seed, sizeof(instance->history.seed), GRND_NONBLOCK) < 0)
		instance->history.seed = index; /* early in boot: spread is all that is wanted */
	plan->used = true;
	instance->grace_ms = -1;
	instance->oom_ms = -1;
	instance->pidfd = -1;
	instance->terminal_fd = -1;
	instance->status_fd = -1;
	while (*link && is_before(*link, plan->service->name, index))
		link = &(*link)->next;
	instance->next = *link;
	*link = instance;
	sup->instance_count++;
	int r = instance_dirs(instance) < 0 ? err_set(err, ENOMEM, "%s", instance->name) : 0;

	if (r == 0)
		r = loop_watch_timer(sup->loop, on_timer, instance, &instance->timer, err);
	if (r < 0) {
		instance_free(instance);
		return r;
	}
	/* Names must be known before a program asks for them, so the address comes before the first
	 * start. A failure is met again there, where the restart policy deals with it. */
	(void)!join_endpoint(instance, NULL);
	watch_instance(instance, instance_state_name(instance->state));
	save_instance(instance);
	supervisor_touch(sup);
	return 0;
}
