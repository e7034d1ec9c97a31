// SPDX-License-Identifier: GPL-2.0-or-later
/* See measure.h. */
#include "launcher/supervisor/measure.h"

#include "launcher/supervisor/supervisor.h"
#include "runtime/base/cleanup.h"
#include "runtime/cgroup/cg_load.h"

#define USEC_PER_MSEC 1000
/* Longer than any pause between two looks at the connections of a service that is scaled. */
#define LATELY_US 5000000

struct measure {
	unsigned run; /* what follows is of this one */
	bool cpu_known;
	uint64_t cpu_usec;
	struct net_meter *meter; /* NULL: not opened, or in vain */
	bool net_known;
	int64_t net_us; /* when */
	struct net_traffic net;
	bool uncalled; /* nobody was connected when `accepted` connections had been made */
	uint64_t accepted;
	bool rest_known;
	int64_t rest_us;
	struct cg_load rest;
};

void measure_free(struct measure *measure)
{
	if (!measure)
		return;
	net_meter_close(measure->meter);
	free(measure);
}

/* NULL without memory, and without a run to measure. */
static struct measure *measure_of(struct instance *instance)
{
	if (!instance->cg || instance->pid <= 0)
		return NULL;
	if (!instance->measure)
		instance->measure = calloc(1, sizeof(*instance->measure));
	struct measure *measure = instance->measure;

	if (measure && measure->run != instance->run) {
		measure->run = instance->run;
		measure->cpu_known = measure->net_known = measure->rest_known = false;
		measure->uncalled = false;
	}
	return measure;
}

int64_t measure_cpu_usec(struct instance *instance)
{
	struct measure *measure = measure_of(instance);
	uint64_t now_usec = 0;

	if (!measure || cg_load_cpu(instance->cg, &now_usec, NULL) < 0)
		return -1;
	int64_t used_usec = measure->cpu_known ? (int64_t)(now_usec - measure->cpu_usec) : -1;

	measure->cpu_known = true;
	measure->cpu_usec = now_usec;
	return used_usec;
}

static bool open_meter(struct instance *instance, struct measure *measure)
{
	int netns_fd = instance->endpoint ? net_endpoint_netns(instance->endpoint) : -1;

	if (!measure->meter && netns_fd >= 0)
		err_ignore(net_meter_open(netns_fd, &measure->meter, NULL));
	return measure->meter;
}

struct measured_net measure_net(struct instance *instance, bool open)
{
	struct measure *measure = measure_of(instance);
	struct measured_net answer = {0};
	struct net_traffic now;
	int64_t now_us = loop_clock_us();

	if (!measure || !open_meter(instance, measure) ||
	    net_meter_read(measure->meter, open, &now, NULL) < 0)
		return answer;
	int64_t grown = (int64_t)(now.established - measure->net.established);

	answer = (struct measured_net){
		.known = measure->net_known,
		.span_ms = (now_us - measure->net_us) / USEC_PER_MSEC,
		.arrived = (int64_t)(now.accepted - measure->net.accepted),
		.waiting = now.waiting,
		.open = now.open,
	};
	answer.finished = answer.arrived > grown ? answer.arrived - grown : 0;
	measure->net = now;
	measure->net_us = now_us;
	measure->net_known = true;
	return answer;
}

unsigned measure_open_lately(const struct instance *instance)
{
	const struct measure *measure = instance->measure;

	if (!measure || !measure->net_known || measure->run != instance->run ||
	    loop_clock_us() - measure->net_us > LATELY_US)
		return 0;
	return (unsigned)measure->net.open;
}

bool measure_is_called(struct instance *instance)
{
	int netns_fd = instance->endpoint ? net_endpoint_netns(instance->endpoint) : -1;
	struct measure *measure = measure_of(instance);
	unsigned connections = 0;
	struct net_traffic now;

	if (instance->pid <= 0 || netns_fd < 0)
		return false;
	if (!measure || !open_meter(instance, measure) ||
	    net_meter_read(measure->meter, false, &now, NULL) < 0)
		return true;
	if (measure->uncalled && now.accepted == measure->accepted)
		return false;
	/* (who comes after the reading is counted by the next one) */
	bool known = net_connections(netns_fd, &connections, NULL) == 0;

	measure->uncalled = known && connections == 0;
	measure->accepted = now.accepted;
	return !measure->uncalled;
}

static int64_t share_milli(const struct cg_pressure *now, const struct cg_pressure *before,
			   int64_t span_us)
{
	return span_us > 0 ? (int64_t)(now->some_usec - before->some_usec) * 1000 / span_us : 0;
}

static int64_t larger(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

struct measured_rest measure_rest(struct instance *instance)
{
	struct measure *measure = measure_of(instance);
	struct measured_rest answer = {0};
	struct cg_load now;
	int64_t now_us = loop_clock_us();

	if (!measure || cg_load_read(instance->cg, &now, NULL) < 0)
		return answer;
	const struct cg_load *before = &measure->rest;
	int64_t span_us = now_us - measure->rest_us;

	answer = (struct measured_rest){
		.known = measure->rest_known,
		.memory_bytes = (int64_t)now.working_set_bytes,
		.has_pressure = now.has_pressure && measure->rest_known,
		.waited_milli = larger(larger(share_milli(&now.cpu, &before->cpu, span_us),
					      share_milli(&now.memory, &before->memory, span_us)),
				       share_milli(&now.io, &before->io, span_us)),
	};
	measure->rest = now;
	measure->rest_us = now_us;
	measure->rest_known = true;
	return answer;
}

/* A meter is three descriptors: one that was opened only for a look does not stay. */
bool measure_peek(struct instance *instance, struct net_traffic *ret_traffic)
{
	int netns_fd = instance->endpoint ? net_endpoint_netns(instance->endpoint) : -1;
	struct net_meter *kept = instance->measure ? instance->measure->meter : NULL;
	struct net_meter *opened = NULL;

	if (instance->pid <= 0 || netns_fd < 0)
		return false;
	if (!kept && net_meter_open(netns_fd, &opened, NULL) < 0)
		return false;
	bool known = net_meter_read(kept ? kept : opened, false, ret_traffic, NULL) == 0;

	net_meter_close(opened);
	return known;
}
