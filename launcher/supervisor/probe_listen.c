// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Waiting until an instance listens where it is said to: the kernel is asked, nobody connects. Who
 * still does not after the time limit is called all the same, which is told.
 */
#include "launcher/policy/reason.h"
#include "launcher/supervisor/events.h"
#include "launcher/supervisor/loop.h"
#include "launcher/supervisor/probe_run.h"
#include "launcher/supervisor/supervisor.h"
#include "manifests/listens.h"
#include "runtime/base/cleanup.h"

#include <errno.h>
#include <stdio.h>

/* A look is late by a sixteenth of what the start has taken so far. */
#define PART	 16
#define LEAST_MS 2
#define MOST_MS	 50

#define PORTS_TEXT_MAX 96

struct listen_run {
	struct watch *next; /* look; NULL: none */
	struct listens ports;
	bool found;
};

static void listen_cancel(struct probe *probe)
{
	struct listen_run *run = probe->run;

	if (run)
		watch_free(take_ptr(run->next));
}

/* The ports are as good as never needed again. */
static void listen_free(struct probe *probe)
{
	free(take_ptr(probe->run));
}

static void arm(const struct probe *probe)
{
	const struct listen_run *run = probe->run;
	const struct instance *instance = probe->instance;
	int64_t age_ms = loop_now_ms(instance->sup->loop) - instance->started_ms;
	int64_t pause_ms = age_ms / PART > MOST_MS ? MOST_MS : age_ms / PART;

	watch_arm(run->next, pause_ms < LEAST_MS ? LEAST_MS : pause_ms);
}

static void on_listener(void *data, uint16_t port)
{
	struct listen_run *run = data;

	run->found |= listens_on(&run->ports, port);
}

static void end(struct probe *probe)
{
	listen_cancel(probe);
	listen_free(probe);
	probe_done(probe, PROBE_OK, NULL);
}

static void on_look(void *data)
{
	struct probe *probe = data;
	struct listen_run *run = probe->run;
	const struct net_endpoint *endpoint = probe->instance->endpoint;

	/* Who cannot be asked now is asked again. */
	if (endpoint)
		err_ignore(net_listeners(net_endpoint_netns(endpoint), on_listener, run, NULL));
	if (run->found)
		end(probe);
	else
		arm(probe);
}

static int listen_begin(struct probe *probe, struct err *err)
{
	struct listen_run *run = calloc(1, sizeof(*run));
	const struct service *now = probe_service_now(probe->instance);

	if (!run)
		return err_set(err, ENOMEM, "ports to listen on");
	probe->run = run;
	listens_add(&run->ports, probe->instance->plan->service);
	if (now)
		listens_add(&run->ports, now);
	int r = loop_watch_timer(probe->instance->sup->loop, on_look, probe, &run->next, err);

	if (r < 0)
		listen_free(probe);
	else
		arm(probe);
	return r;
}

static bool listen_expire(struct probe *probe)
{
	const struct listen_run *run = probe->run;
	char ports[PORTS_TEXT_MAX];
	char limit[32];
	char why[REASON_MAX];

	listens_text(&run->ports, ports, sizeof(ports));
	reason_duration(probe->use->timing.timeout_ms, limit, sizeof(limit));
	snprintf(why, sizeof(why), "listens on no tcp port of %s after %s: called all the same",
		 ports, limit);
	events_instance(probe->instance, "not-listening", why, NULL);
	end(probe);
	return true;
}

const struct probe_method_ops probe_listen_ops = {listen_begin, listen_expire, listen_cancel,
						  listen_free};
