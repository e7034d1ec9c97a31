// SPDX-License-Identifier: GPL-2.0-or-later
/* Connections of instances on their way out; see drain.h. */
#include "launcher/supervisor/drain.h"

#include "launcher/js.h"
#include "launcher/policy/drain.h"
#include "launcher/supervisor/events.h"
#include "launcher/supervisor/save.h"
#include "launcher/supervisor/supervisor.h"

#include <stdio.h>

/* Who was led to it at the last moment is on the way for so long, on a busy host. */
#define ARRIVAL_MS 20
/* What the timer's turn may take. */
#define TURN_BUDGET_US 4000

static int64_t limit_of(const struct instance *instance)
{
	return drain_limit_ms(instance->plan->service, instance->grace_ms);
}

void drain_begin(struct instance *instance)
{
	int64_t now_ms = loop_now_ms(instance->sup->loop);
	int64_t limit_ms = limit_of(instance);

	instance->draining = true;
	instance->connections = 0;
	instance->drain_begun_ms = instance->drain_due_ms = now_ms;
	if (!instance->endpoint || limit_ms == 0) {
		drain_end(instance);
		return;
	}
	instance_hasten(instance, limit_ms);
	/* A successor that did not know of it would go on with who is to be replaced. */
	save_instance_now(instance);
}

void drain_end(struct instance *instance)
{
	int64_t waited_ms = loop_now_ms(instance->sup->loop) - instance->drain_begun_ms;
	char why[64];

	snprintf(why, sizeof(why), "%u still open", instance->connections);
	if (instance->drain_told)
		events_instance(instance, "drained", instance->connections ? why : NULL,
				js_pack("{s:I, s:i}", "waited_ms", (long long)waited_ms,
					"connections", (int)instance->connections));
	instance->draining = instance->drain_told = false;
	instance_event(instance, INSTANCE_EV_DRAINED);
}

/* The reason is for who looks at it meanwhile. */
static void tell(struct instance *instance, unsigned connections)
{
	char why[64];

	if (connections == instance->connections)
		return;
	instance->connections = connections;
	snprintf(why, sizeof(why), "%u connection%s open", connections, connections > 1 ? "s" : "");
	if (connections)
		instance_set_reason(instance, why);
	if (!instance->drain_told)
		events_instance(instance, "drain", NULL,
				js_pack("{s:i, s:I}", "connections", (int)connections, "limit_ms",
					(long long)limit_of(instance)));
	instance->drain_told = true;
}

/* The first look, when nobody is led to it any more. */
static void wait_for_last(struct instance *instance, int64_t now_ms)
{
	int64_t limit_ms = limit_of(instance);

	instance->drain_due_ms = now_ms + (limit_ms < ARRIVAL_MS ? limit_ms : ARRIVAL_MS);
}

/* Whoever cannot be asked is not waited for. */
static void look_at(struct instance *instance, int64_t now_ms)
{
	unsigned connections = 0;
	struct err err = {0};

	if (net_connections(net_endpoint_netns(instance->endpoint), &connections, &err) < 0)
		supervisor_log(instance->sup, "instance=%s event=drain-failed error=\"%s\"",
			       instance->name, err.text);
	int64_t pause_ms =
		drain_pause_ms(connections, now_ms - instance->drain_begun_ms, limit_of(instance));

	tell(instance, connections);
	instance->drain_due_ms = now_ms + pause_ms;
	if (pause_ms == 0)
		drain_end(instance);
}

void drain_look(struct supervisor *sup, int64_t end_us)
{
	int64_t now_ms = loop_now_ms(sup->loop);
	int64_t next_ms = INT64_MAX;

	/* One publishing takes away all that were to be taken away until then. */
	if (sup->publishing.ports_due)
		return;
	for (struct instance *one = sup->instances; one; one = one->next) {
		if (!one->draining)
			continue;
		if (one->drain_due_ms == one->drain_begun_ms)
			wait_for_last(one, now_ms);
		else if (one->drain_due_ms <= now_ms && loop_clock_us() < end_us)
			look_at(one, now_ms);
		if (one->draining && one->drain_due_ms < next_ms)
			next_ms = one->drain_due_ms;
	}
	if (next_ms != INT64_MAX)
		watch_arm(sup->drain_timer, next_ms > now_ms ? next_ms - now_ms : 1);
}

void drain_on_timer(void *data)
{
	drain_look(data, loop_clock_us() + TURN_BUDGET_US);
}
