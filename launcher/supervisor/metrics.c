// SPDX-License-Identifier: GPL-2.0-or-later
/* Counts, and what Prometheus reads; see metrics.h. */
#include "launcher/supervisor/metrics.h"

#include "launcher/supervisor/supervisor.h"
#include "runtime/base/cleanup.h"

#include <inttypes.h>
#include <search.h>
#include <string.h>

struct service_counts {
	char *name;
	uint64_t events[METRICS_EVENTS];
};

static int compare_names(const void *a, const void *b)
{
	return strcmp(((const struct service_counts *)a)->name,
		      ((const struct service_counts *)b)->name);
}

static void counts_free(void *node)
{
	struct service_counts *counts = node;

	free(counts->name);
	free(counts);
}

static struct service_counts *counts_add(struct metrics *metrics, const char *name)
{
	struct service_counts *counts = calloc(1, sizeof(*counts));

	if (counts)
		counts->name = strdup(name);
	if (counts && counts->name && tsearch(counts, &metrics->services, compare_names))
		return counts;
	if (counts)
		counts_free(counts);
	return NULL;
}

static const struct service_counts *counts_of(const struct metrics *metrics, const char *name)
{
	const struct service_counts key = {.name = (char *)name};
	struct service_counts *const *found = tfind(&key, &metrics->services, compare_names);

	return found ? *found : NULL;
}

static void count(struct metrics *metrics, const char *name, enum metrics_event event)
{
	struct service_counts *counts = (struct service_counts *)counts_of(metrics, name);

	if (!counts)
		counts = counts_add(metrics, name);
	if (counts)
		counts->events[event]++;
}

void metrics_count_scaling(struct supervisor *sup, const char *service, bool by_load, bool more)
{
	if (by_load)
		count(&sup->metrics, service, more ? METRICS_LOADED_UP : METRICS_LOADED_DOWN);
	else
		count(&sup->metrics, service, more ? METRICS_COMMANDED_UP : METRICS_COMMANDED_DOWN);
}

void metrics_count(struct instance *instance, enum metrics_event event)
{
	struct metrics *metrics = &instance->sup->metrics;

	count(metrics, instance->plan->service->name, event);
	if (event == METRICS_STARTED)
		histogram_add(&metrics->start_durations, loop_clock_us() - instance->begun_us);
}

void metrics_count_end(struct instance *instance)
{
	const struct run_end *end = &instance->end;

	if (end->kind == RUN_END_START_FAILED)
		return; /* counted where it failed */
	if (end->oom)
		metrics_count(instance, METRICS_OUT_OF_MEMORY);
	else if (end->kind == RUN_END_EXITED)
		metrics_count(instance, end->code ? METRICS_EXITED_OTHER : METRICS_EXITED_ZERO);
	else
		metrics_count(instance, end->kind == RUN_END_SIGNALLED ? METRICS_SIGNALLED
								       : METRICS_END_UNKNOWN);
}

void metrics_head(struct buf *text, const char *name, const char *type, const char *help)
{
	buf_printf(text, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* The names of services cannot need any quoting. */
static void put_counter(const struct supervisor *sup, enum metrics_event event, const char *name,
			const char *help, struct buf *text)
{
	const struct stack *stack = settle_stack(sup);

	metrics_head(text, name, "counter", help);
	for (size_t i = 0; i < stack->service_count; i++) {
		const char *service = stack->services[i].name;
		const struct service_counts *counts = counts_of(&sup->metrics, service);

		buf_printf(text, "%s{service=\"%s\"} %" PRIu64 "\n", name, service,
			   counts ? counts->events[event] : 0);
	}
}

/* Instances of one service follow one another: each service is counted in one go. */
static void put_instances(const struct supervisor *sup, struct buf *text)
{
	const struct stack *stack = settle_stack(sup);

	metrics_head(text, "davit_instances", "gauge", "Instances of a service, by state.");
	for (size_t i = 0; i < stack->service_count; i++) {
		const char *service = stack->services[i].name;
		unsigned in_state[INSTANCE_STATES] = {0};
		const struct instance *one = sup->instances;

		while (one && strcmp(one->plan->service->name, service) != 0)
			one = one->next;
		for (; one && strcmp(one->plan->service->name, service) == 0; one = one->next)
			in_state[one->state]++;
		for (unsigned state = 0; state < INSTANCE_STATES; state++)
			buf_printf(text, "davit_instances{service=\"%s\",state=\"%s\"} %u\n",
				   service, instance_state_name(state), in_state[state]);
	}
}

/* A counter that one event each is a part of. */
struct part {
	enum metrics_event event;
	const char *labels; /* from the comma on */
};

static void put_parts(const struct supervisor *sup, const char *name, const struct part *parts,
		      size_t part_count, struct buf *text)
{
	const struct stack *stack = settle_stack(sup);

	for (size_t i = 0; i < stack->service_count; i++) {
		const char *service = stack->services[i].name;
		const struct service_counts *counts = counts_of(&sup->metrics, service);

		for (size_t p = 0; p < part_count; p++)
			buf_printf(text, "%s{service=\"%s\"%s} %" PRIu64 "\n", name, service,
				   parts[p].labels, counts ? counts->events[parts[p].event] : 0);
	}
}

static void put_exits(const struct supervisor *sup, struct buf *text)
{
	static const char name[] = "davit_instance_exits_total";
	static const struct part reasons[] = {
		{METRICS_EXITED_ZERO, ",reason=\"zero\""},
		{METRICS_EXITED_OTHER, ",reason=\"status\""},
		{METRICS_SIGNALLED, ",reason=\"signal\""},
		{METRICS_OUT_OF_MEMORY, ",reason=\"out-of-memory\""},
		{METRICS_END_UNKNOWN, ",reason=\"unknown\""},
	};

	metrics_head(text, name, "counter", "Runs that ended, by how.");
	put_parts(sup, name, reasons, ARRAY_SIZE(reasons), text);
}

static void put_scalings(const struct supervisor *sup, struct buf *text)
{
	static const char name[] = "davit_service_scalings_total";
	static const struct part kinds[] = {
		{METRICS_COMMANDED_UP, ",by=\"command\",direction=\"up\""},
		{METRICS_COMMANDED_DOWN, ",by=\"command\",direction=\"down\""},
		{METRICS_LOADED_UP, ",by=\"load\",direction=\"up\""},
		{METRICS_LOADED_DOWN, ",by=\"load\",direction=\"down\""},
	};
	const struct stack *stack = settle_stack(sup);

	metrics_head(text, name, "counter", "Changes of how many instances are wanted.");
	put_parts(sup, name, kinds, ARRAY_SIZE(kinds), text);
	metrics_head(text, "davit_service_instances_wanted", "gauge",
		     "Instances that there shall be.");
	for (size_t i = 0; i < stack->service_count; i++)
		buf_printf(text, "davit_service_instances_wanted{service=\"%s\"} %u\n",
			   stack->services[i].name,
			   sup->units[i].selected && !sup->units[i].stopped ? sup->units[i].replicas
									    : 0);
}

static void put_histogram(const struct histogram *histogram, const char *name, const char *help,
			  struct buf *text)
{
	metrics_head(text, name, "histogram", help);
	histogram_print(histogram, name, text);
}

void metrics_print(const struct supervisor *sup, struct buf *text)
{
	metrics_head(text, "davit_build_info", "gauge", "Always 1; says what runs.");
	buf_printf(text, "davit_build_info{stack=\"%s\",version=\"%s\"} 1\n", sup->name,
		   DAVIT_VERSION);
	put_instances(sup, text);
	put_counter(sup, METRICS_STARTED, "davit_instance_starts_total",
		    "Runs whose program could be started.", text);
	put_counter(sup, METRICS_START_FAILED, "davit_instance_start_failures_total",
		    "Runs whose program could not be started.", text);
	put_counter(sup, METRICS_RESTARTED, "davit_instance_restarts_total",
		    "Runs that ended and were followed by another by themselves.", text);
	put_exits(sup, text);
	put_scalings(sup, text);
	put_histogram(&sup->metrics.start_durations, "davit_instance_start_duration_seconds",
		      "Time from the beginning of a start until its program runs.", text);
	put_histogram(loop_turns(sup->loop), "davit_loop_turn_seconds",
		      "Time from a wake-up of the supervisor's loop until it waits again.", text);
	put_histogram(loop_own_turns(sup->loop), "davit_loop_turn_own_seconds",
		      "The same without what it waited for a processor that others had.", text);
}

void metrics_free(struct metrics *metrics)
{
	tdestroy(metrics->services, counts_free);
	metrics->services = NULL;
}
