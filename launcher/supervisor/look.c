// SPDX-License-Identifier: GPL-2.0-or-later
/* See look.h. */
#include "launcher/supervisor/look.h"

#include "launcher/supervisor/gauge.h"
#include "launcher/supervisor/measure.h"
#include "launcher/supervisor/supervisor.h"
#include "runtime/base/cleanup.h"
#include "runtime/cgroup/cg_load.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CORE_MCPU 1000

static int64_t request_mcpu(const struct service *service)
{
	const struct limits *limits = &service->limits;

	return limits->cpu_reserved_mcpu ? limits->cpu_reserved_mcpu
	       : limits->cpu_mcpu	 ? limits->cpu_mcpu
					 : CORE_MCPU;
}

struct look_all look_at_stack(struct supervisor *sup)
{
	int64_t now_us = loop_clock_us();
	struct look_all all = {0};
	uint64_t usec = 0;

	if (cg_load_cpu_all(sup->cgroups, &usec, NULL) < 0) {
		sup->scale_looked_us = 0;
		return all;
	}
	if (sup->scale_looked_us)
		all = (struct look_all){(int64_t)(usec - sup->scale_cpu_usec),
					now_us - sup->scale_looked_us};
	sup->scale_cpu_usec = usec;
	sup->scale_looked_us = now_us;
	return all;
}

bool look_is_quiet(const struct look_all *all, const struct service *service, int least_milli)
{
	return all->span_us > 0 &&
	       all->used_usec * 1000 <=
		       least_milli * (all->span_us * request_mcpu(service) / CORE_MCPU);
}

int64_t look_request_bytes(const struct service *service)
{
	const struct limits *limits = &service->limits;

	return limits->memory_reserved_bytes ? limits->memory_reserved_bytes : limits->memory_bytes;
}

/* Instances of a service follow one another. */
struct instance *look_next(const struct instance *instance)
{
	struct instance *next = instance->next;

	return next && strcmp(next->plan->service->name, instance->plan->service->name) == 0 ? next
											     : NULL;
}

void look_at_cpu(struct look *look)
{
	int64_t full_usec = look->span_us * request_mcpu(look->service) / CORE_MCPU;

	look->cpu_known = full_usec > 0;
	for (struct instance *one = look->first; one; one = look_next(one)) {
		if (one->state != INSTANCE_READY)
			continue;
		int64_t used_usec = measure_cpu_usec(one);

		look->ready++;
		if (used_usec >= 0 && full_usec > 0)
			look->busy_milli += used_usec * 1000 / full_usec;
		else
			look->cpu_known = false;
	}
}

void look_note_start(struct look *look)
{
	struct scaling *scaling = look->scaling;

	if (look->ready <= scaling->was_ready)
		return;
	for (struct instance *one = look->first; one; one = look_next(one)) {
		int64_t age_ms = (look->now_us - one->begun_us) / 1000;

		if (one->state != INSTANCE_READY || one->start_seen)
			continue;
		one->start_seen = true;
		scaling->start_ms =
			scaling->start_ms ? (3 * scaling->start_ms + age_ms) / 4 : age_ms;
	}
}

/* The means of the last ticks, per ready instance, in thousandths of a per cent. */
static struct tick means_of(const struct scaling *scaling, unsigned ready)
{
	struct tick sum = {0};
	int64_t count = (int64_t)scaling->tick_count * ready;

	for (unsigned i = 0; i < scaling->tick_count; i++) {
		sum.busy_milli += scaling->ticks[i].busy_milli;
		sum.waited_milli += scaling->ticks[i].waited_milli;
	}
	if (count == 0)
		return (struct tick){0};
	return (struct tick){.busy_milli = sum.busy_milli * (LOOK_PERCENT_FULL / 1000) / count,
			     .waited_milli = sum.waited_milli * (LOOK_PERCENT_FULL / 1000) / count};
}

void look_put_tick(struct look *look)
{
	struct scaling *scaling = look->scaling;

	scaling->ticks[scaling->tick_next] = (struct tick){look->busy_milli, look->waited_milli};
	scaling->tick_next = (scaling->tick_next + 1) % LOOK_MEAN_TICKS;
	if (scaling->tick_count < LOOK_MEAN_TICKS)
		scaling->tick_count++;
}

bool look_wants(const struct look *look, enum scale_signal signal)
{
	return look->scaling->as.targets[signal].present;
}

static void put_sample(struct look *look, enum scale_signal signal, const struct instance *one,
		       bool known, int64_t milli)
{
	if (look->samples[signal])
		look->samples[signal][look->sample_count] = (struct scale_sample){
			.state = one->state != INSTANCE_READY ? SAMPLE_UNREADY
				 : known		      ? SAMPLE_READY
							      : SAMPLE_MISSING,
			.milli = milli,
		};
}

static void look_at_net(struct look *look, struct instance *one)
{
	bool open = look_wants(look, SCALE_CONNECTIONS);
	struct measured_net net = measure_net(one, open);
	struct scale_input *input = &look->input;

	put_sample(look, SCALE_CONNECTIONS, one, net.known, net.open * SCALE_MILLI);
	put_sample(look, SCALE_RATE, one, net.known && net.span_ms > 0,
		   net.span_ms > 0 ? net.arrived * 1000 * SCALE_MILLI / net.span_ms : 0);
	if (!net.known || one->state != INSTANCE_READY)
		return;
	input->has_queue = true;
	if (net.span_ms > input->span_ms)
		input->span_ms = net.span_ms;
	input->arrived += net.arrived;
	input->finished += net.finished;
	input->waiting += net.waiting;
}

static void look_at_rest(struct look *look, struct instance *one)
{
	int64_t bytes = look_request_bytes(look->service);

	if (!look_wants(look, SCALE_MEMORY) && !look_wants(look, SCALE_PRESSURE))
		return;
	struct measured_rest rest = measure_rest(one);

	put_sample(look, SCALE_MEMORY, one, rest.known && bytes > 0,
		   bytes > 0 ? rest.memory_bytes * LOOK_PERCENT_FULL / bytes : 0);
	if (one->state == INSTANCE_READY && rest.has_pressure) {
		look->has_pressure = true;
		look->waited_milli += rest.waited_milli;
	}
}

/* The first ready one's program tells the number of the whole service: all have an equal share. */
static void look_at_command(struct look *look)
{
	struct instance *asked = look->first;
	int64_t milli = 0;

	if (!look_wants(look, SCALE_COMMAND))
		return;
	while (asked && asked->state != INSTANCE_READY)
		asked = look_next(asked);
	bool known = asked && gauge_read(asked, SCALE_COMMAND, &milli);

	look->sample_count = 0;
	for (struct instance *one = look->first; one; one = look_next(one)) {
		put_sample(look, SCALE_COMMAND, one, known,
			   milli / (look->ready ? look->ready : 1));
		look->sample_count++;
	}
}

static void look_at_gauge(struct look *look, struct instance *one)
{
	int64_t milli = 0;
	bool known = look_wants(look, SCALE_PROMETHEUS) && one->state == INSTANCE_READY &&
		     gauge_read(one, SCALE_PROMETHEUS, &milli);

	put_sample(look, SCALE_PROMETHEUS, one, known, milli);
}

static int make_samples(struct look *look)
{
	static const enum scale_signal sampled[] = {SCALE_CPU,	       SCALE_MEMORY, SCALE_PRESSURE,
						    SCALE_CONNECTIONS, SCALE_RATE,   SCALE_COMMAND,
						    SCALE_PROMETHEUS};
	size_t count = 0;

	for (const struct instance *one = look->first; one; one = look_next(one))
		count++;
	for (size_t i = 0; i < ARRAY_SIZE(sampled); i++) {
		if (!look_wants(look, sampled[i]))
			continue;
		look->samples[sampled[i]] = calloc(count + 1, sizeof(struct scale_sample));
		if (!look->samples[sampled[i]])
			return -ENOMEM;
	}
	return 0;
}

void look_end(struct look *look)
{
	for (size_t i = 0; i < SCALE_SIGNALS; i++)
		free(look->samples[i]);
}

/* What all share alike, because it is a mean of all: cpu and pressure. */
static void put_means(struct look *look)
{
	struct scaling *scaling = look->scaling;
	const struct tick means = means_of(scaling, look->ready);

	scaling->cpu_milli = means.busy_milli;
	look->sample_count = 0;
	for (struct instance *one = look->first; one; one = look_next(one)) {
		put_sample(look, SCALE_CPU, one, look->cpu_known, scaling->cpu_milli);
		put_sample(look, SCALE_PRESSURE, one, look->has_pressure, means.waited_milli);
		look->sample_count++;
	}
}

static void look_at_all(struct look *look)
{
	for (struct instance *one = look->first; one; one = look_next(one)) {
		look_at_net(look, one);
		look_at_rest(look, one);
		look_at_gauge(look, one);
		look->sample_count++;
	}
}

bool look_closely(struct look *look)
{
	if (make_samples(look) < 0)
		return false;
	look_at_all(look);
	look_at_command(look);
	look_put_tick(look);
	put_means(look);
	return true;
}
