// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The probes of one run of an instance: begins each when policy/health says so, gives its result to
 * policy/vitals, and what that makes of it to the instance's table. How a probe asks is in the
 * probe_*.c files.
 */
#include "launcher/supervisor/probe.h"
#include "launcher/js.h"
#include "launcher/policy/notify_message.h"
#include "launcher/supervisor/events.h"
#include "launcher/supervisor/probe_run.h"
#include "launcher/supervisor/record.h"
#include "launcher/supervisor/save.h"
#include "launcher/supervisor/supervisor.h"
#include "manifests/listens.h"
#include "runtime/base/cleanup.h"
#include "runtime/network/net_socket.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#define PUT_OFF_MS 500 /* until what lacked is looked for again */

struct probes {
	struct probe_set set;
	struct vitals vitals;
	struct probe of[PROBES_MAX]; /* parallel to the set */
	bool said_ready;	     /* READY=1 has come, and no STOPPING=1 */
	int64_t watchdog_ms;	     /* its own word for the time limit; 0: none */
};

static int64_t now_of(const struct instance *instance)
{
	return loop_now_ms(instance->sup->loop);
}

/* ---- results ---- */

/* "probe failed 3 times: connection refused" */
static void say_why(struct probe *probe, enum probe_outcome outcome, const char *what)
{
	const struct probes *probes = probe->instance->probes;
	char text[REASON_MAX];
	char why[REASON_MAX];

	if (outcome == PROBE_TIMEOUT && !what)
		reason_probe_end(NULL, probe->use->timing.timeout_ms, text, sizeof(text));
	else
		snprintf(text, sizeof(text), "%s", what ? what : "failed");
	reason_probe(probes->vitals.of[probe->index].streak, text, why, sizeof(why));
	instance_set_reason(probe->instance, why);
}

static bool is_liveness(const struct probe *probe)
{
	return probe->use->roles & 1u << PROBE_LIVENESS;
}

static int64_t word_limit_ms(const struct probe *probe)
{
	int64_t own_ms = is_liveness(probe) ? probe->instance->probes->watchdog_ms : 0;

	return own_ms ? own_ms : probe->use->timing.timeout_ms;
}

/* A sign of life is awaited again and again, the word that it is ready once: it may have been said
 * before anybody asked for it. */
static void await_word(struct probe *probe)
{
	const struct probes *probes = probe->instance->probes;
	enum health_status status = probes->vitals.of[probe->index].status;

	if (is_liveness(probe))
		watch_arm(probe->timer, word_limit_ms(probe));
	else if (status != HEALTH_STARTING)
		watch_disarm(probe->timer);
	else
		watch_arm(probe->timer, probes->said_ready ? 0 : word_limit_ms(probe));
}

static void schedule(struct probe *probe)
{
	struct probes *probes = probe->instance->probes;

	if (!vitals_due(&probes->set, &probes->vitals, probe->index))
		watch_disarm(probe->timer);
	else if (!probe->ops)
		await_word(probe);
	else if (!probe->running)
		watch_arm(probe->timer, health_next_probe_ms(&probe->use->timing,
							     &probes->vitals.of[probe->index]) -
						now_of(probe->instance));
}

/* The gate has opened: the startup probe ends, the others begin. */
static void schedule_all(struct probes *probes)
{
	for (size_t i = 0; i < probes->set.count; i++)
		schedule(&probes->of[i]);
}

static void unready(struct instance *instance, bool failed)
{
	instance->unhealthy = failed && instance->plan->service->restart.condition != RESTART_NO;
	instance_event(instance,
		       instance->unhealthy ? INSTANCE_EV_UNHEALTHY_RESTART : INSTANCE_EV_UNHEALTHY);
}

static void tell_health(struct instance *instance, const char *reason)
{
	const char *health = probe_health(instance);

	if (!health)
		return;
	events_instance(instance, "health", reason, js_pack("{s:s}", "status", health));
}

void probe_done(struct probe *probe, enum probe_outcome outcome, const char *what)
{
	struct instance *instance = probe->instance;
	struct probes *probes = instance->probes;
	const struct probe_result result = {outcome, probe->started_ms, now_of(instance)};
	const struct health before = probes->vitals.of[probe->index];
	bool was_started = probes->vitals.started;

	probe->running = probe->put_off = false;
	enum vitals_change change =
		vitals_result(&probes->set, &probes->vitals, probe->index, &result);
	const struct health *after = &probes->vitals.of[probe->index];

	/* When the last one was is not worth a file. */
	if (after->status != before.status || after->streak != before.streak)
		save_instance(instance);
	if (probes->vitals.started != was_started)
		schedule_all(probes);
	else
		schedule(probe);
	/* Each of these may end the life of the probes. */
	switch (change) {
	case VITALS_SAME:
	case VITALS_STARTED:
		break;
	case VITALS_READY:
		tell_health(instance, NULL);
		instance_event(instance, INSTANCE_EV_HEALTHY);
		break;
	case VITALS_UNREADY:
	case VITALS_FAILED:
		say_why(probe, outcome, what);
		tell_health(instance, instance->reason);
		unready(instance, change == VITALS_FAILED);
		break;
	}
}

/* ---- runs ---- */

/* Of the supervisor, which says nothing about whom it cannot ask. */
static bool is_shortage(int r)
{
	return err_is_shortage(r) || r == -ENOSPC || r == -EAGAIN;
}

/* Said once, until a run comes to its end. */
void probe_put_off(struct probe *probe, const struct err *err)
{
	if (!probe->put_off)
		supervisor_log(probe->instance->sup, "instance=%s event=probe-put-off error=\"%s\"",
			       probe->instance->name, err->text);
	probe->put_off = true;
	probe->running = false;
	watch_arm(probe->timer, PUT_OFF_MS);
}

static void begin(struct probe *probe)
{
	struct err err = {0};

	probe->started_ms = now_of(probe->instance);
	probe->running = true;
	watch_arm(probe->timer, probe->use->timing.timeout_ms);
	int r = probe->ops->begin(probe, &err);

	if (is_shortage(r)) {
		probe_put_off(probe, &err);
		return;
	}
	if (r == 0)
		return;
	watch_disarm(probe->timer);
	probe_done(probe, PROBE_FAILED, err.text);
}

static void on_silence(struct probe *probe)
{
	char limit[32];
	char text[96];

	probe->started_ms = now_of(probe->instance);
	if (!is_liveness(probe) && probe->instance->probes->said_ready) {
		probe_done(probe, PROBE_OK, NULL);
		return;
	}
	reason_duration(word_limit_ms(probe), limit, sizeof(limit));
	snprintf(text, sizeof(text), "no %s within %s",
		 is_liveness(probe) ? "WATCHDOG=1" : "READY=1", limit);
	probe_done(probe, PROBE_TIMEOUT, text);
}

/* The next run is due, or this one has taken too long. */
static void on_turn(void *data)
{
	struct probe *probe = data;

	if (!probe->ops) {
		on_silence(probe);
	} else if (!probe->running) {
		begin(probe);
	} else if (!probe->ops->expire(probe)) {
		probe->ops->cancel(probe);
		probe_done(probe, PROBE_TIMEOUT, NULL);
	}
}

/* ---- what an instance says ---- */

static void heard(struct probe *probe, const struct notify_message *said)
{
	probe->started_ms = now_of(probe->instance);
	if (is_liveness(probe) && said->watchdog == NOTIFY_WATCHDOG_TRIGGER)
		probe_done(probe, PROBE_FAILED, "WATCHDOG=trigger");
	else if (is_liveness(probe) && said->watchdog == NOTIFY_WATCHDOG_ALIVE)
		probe_done(probe, PROBE_OK, NULL);
	else if (!is_liveness(probe) && said->stopping)
		probe_done(probe, PROBE_FAILED, "STOPPING=1");
	else if (!is_liveness(probe) && said->ready)
		probe_done(probe, PROBE_OK, NULL);
	else if (is_liveness(probe) && said->watchdog_ms)
		schedule(probe);
}

void probe_notified(struct instance *instance, const struct notify_message *said)
{
	struct probes *probes = instance->probes;

	if (!probes)
		return;
	if (said->ready || said->stopping)
		probes->said_ready = !said->stopping;
	if (said->watchdog_ms)
		probes->watchdog_ms = said->watchdog_ms;
	/* Any of them may be the last: what it makes known may stop the probes. */
	for (size_t i = 0; instance->probes == probes && i < probes->set.count; i++)
		if (!probes->of[i].ops && vitals_due(&probes->set, &probes->vitals, i))
			heard(&probes->of[i], said);
}

/* ---- where the network methods ask ---- */

/* Whose network the instance is in: its own, or that of another one. */
static const struct instance *host_of(const struct instance *instance)
{
	return instance->joined ? instance->joined : instance;
}

struct in_addr probe_address(const struct probe *probe)
{
	const struct net_endpoint *endpoint = host_of(probe->instance)->endpoint;
	struct in_addr address = {INADDR_ANY};

	if (endpoint && !probe->use->spec->loopback)
		address = net_endpoint_address(endpoint);
	if (address.s_addr == INADDR_ANY)
		address.s_addr = htonl(INADDR_LOOPBACK);
	return address;
}

int probe_socket(const struct probe *probe, int domain, int type, int *ret_fd, struct err *err)
{
	const struct instance *instance = probe->instance;
	const struct instance *host = host_of(instance);
	enum network_mode mode = instance->plan->service->network.mode;
	bool shares = mode == NETWORK_SERVICE || mode == NETWORK_CONTAINER;

	/* Not the host's, only because there is no other. */
	if (shares && host == instance)
		return err_say(err, ENOENT, "the network it shares is gone");
	if (host->endpoint && net_endpoint_netns(host->endpoint) < 0)
		return err_say(err, ENOENT, "its network is not there yet");
	return net_socket(host->endpoint ? net_endpoint_netns(host->endpoint) : -1, domain, type,
			  ret_fd, err);
}

void probe_errno_text(int code, char *text, size_t size)
{
	snprintf(text, size, "%s", strerrordesc_np(code) ? strerrordesc_np(code) : "failed");
	text[0] = (char)tolower((unsigned char)text[0]);
}

/* ---- the life of all ---- */

static const struct probe_method_ops *ops_of(enum probe_method method)
{
	switch (method) {
	case PROBE_EXEC:
		return &probe_exec_ops;
	case PROBE_TCP:
		return &probe_tcp_ops;
	case PROBE_HTTP:
		return &probe_http_ops;
	case PROBE_LISTEN:
		return &probe_listen_ops;
	case PROBE_NOTIFY:
	case PROBE_NONE:
	case PROBE_UNWRITTEN:
		break;
	}
	return NULL;
}

static int probe_open(struct instance *instance, size_t index, struct err *err)
{
	struct probe *probe = &instance->probes->of[index];

	probe->instance = instance;
	probe->index = index;
	probe->use = &instance->probes->set.uses[index];
	probe->ops = ops_of(probe->use->method);
	return loop_watch_timer(instance->sup->loop, on_turn, probe, &probe->timer, err);
}

const struct service *probe_service_now(const struct instance *instance)
{
	const struct manifest *manifest = instance->sup->manifest;

	return manifest ? stack_service(manifest->stack, instance->plan->service->name) : NULL;
}

static struct probe_set probes_of(const struct instance *instance)
{
	const struct service *now = probe_service_now(instance);
	struct probe_set set;

	probe_set_of(instance->plan->service, &set);
	if (now && listens_first(instance->plan->service, now))
		probe_set_await_listener(&set);
	return set;
}

bool probe_gates(const struct instance *instance)
{
	struct probe_set set = probes_of(instance);

	return probe_set_gates(&set);
}

static bool probes_open(struct instance *instance, struct probe_set set)
{
	struct err err = {0};
	int r = 0;

	if (!set.count || instance->probes)
		return false;
	instance->probes = calloc(1, sizeof(*instance->probes));
	if (!instance->probes)
		r = err_set(&err, ENOMEM, "probes");
	else
		instance->probes->set = set;
	for (size_t i = 0; r == 0 && i < set.count; i++)
		r = probe_open(instance, i, &err);
	if (r == 0)
		return true;
	supervisor_log(instance->sup, "instance=%s event=probe-failed error=\"%s\"", instance->name,
		       err.text);
	probe_stop(instance);
	instance->sup->probes_due = true;
	watch_arm(instance->sup->retry, PUT_OFF_MS);
	return false;
}

void probe_start(struct instance *instance)
{
	struct probes *probes;

	if (!probes_open(instance, probes_of(instance)))
		return;
	probes = instance->probes;
	vitals_init(&probes->set, &probes->vitals, now_of(instance));
	schedule_all(probes);
}

void probe_save(const struct instance *instance, struct record_vitals *ret)
{
	const struct probes *probes = instance->probes;

	if (!probes)
		return;
	*ret = (struct record_vitals){
		.set = true,
		.started = probes->vitals.started,
		.ready = probes->vitals.ready,
		.said_ready = probes->said_ready,
		.awaits_listener = probe_set_awaits_listener(&probes->set),
		.watchdog_ms = probes->watchdog_ms,
		.count = probes->set.count,
	};
	memcpy(ret->of, probes->vitals.of, sizeof(ret->of));
}

void probe_resume(struct instance *instance, const struct record_vitals *vitals)
{
	struct probe_set set;
	struct probes *probes;

	/* What this run waits for, whatever the manifest says by now. */
	probe_set_of(instance->plan->service, &set);
	if (vitals->awaits_listener)
		probe_set_await_listener(&set);
	if (!probes_open(instance, set))
		return;
	probes = instance->probes;
	vitals_init(&probes->set, &probes->vitals, now_of(instance));
	/* The same service has the same probes: a revision includes them. */
	if (vitals->count == probes->set.count) {
		memcpy(probes->vitals.of, vitals->of, sizeof(vitals->of));
		probes->vitals.started = vitals->started;
		probes->vitals.ready = vitals->ready;
	}
	probes->said_ready = vitals->said_ready;
	probes->watchdog_ms = vitals->watchdog_ms;
	schedule_all(probes);
}

void probe_start_missing(struct supervisor *sup)
{
	if (!sup->probes_due)
		return;
	sup->probes_due = false;
	for (struct instance *instance = sup->instances; instance; instance = instance->next)
		if (instance_reached(instance) && instance->state != INSTANCE_STOPPING)
			probe_start(instance);
}

void probe_stop(struct instance *instance)
{
	struct probes *probes = take_ptr(instance->probes);

	for (size_t i = 0; probes && i < probes->set.count; i++) {
		struct probe *probe = &probes->of[i];

		if (probe->ops) {
			probe->ops->cancel(probe);
			probe->ops->free(probe);
		}
		watch_free(probe->timer);
	}
	free(probes);
}

const char *probe_health(const struct instance *instance)
{
	struct probe_set set;

	/* Whether it listens is asked once, and says nothing of its health. */
	probe_set_of(instance->plan->service, &set);
	if (instance->probes && set.count)
		return health_status_name(
			vitals_status(&instance->probes->set, &instance->probes->vitals));
	return set.count && instance->state == INSTANCE_STARTING
		       ? health_status_name(HEALTH_STARTING)
		       : NULL;
}
