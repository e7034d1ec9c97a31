// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the supervisor counts, and `GET /v1/metrics` in Prometheus' text format. Counts outlive the
 * instances they are of: a counter never goes down. Runs in the loop's thread.
 */
#pragma once

#include "launcher/policy/histogram.h"
#include "launcher/supervisor/instance.h"

/* Zero-initialise. */
struct metrics {
	void *services; /* of search.h: what each service's instances have been through */
	struct histogram start_durations;
};

/* Something that happened to an instance, or its service. Without memory for it, it is not counted.
 */
enum metrics_event {
	METRICS_STARTED,      /* its program runs; the time since instance->begun_us with it */
	METRICS_START_FAILED, /* its program does not */
	METRICS_RESTARTED,    /* it ended, and will be started again by itself */
	METRICS_EXITED_ZERO,  /* how its runs ended */
	METRICS_EXITED_OTHER,
	METRICS_SIGNALLED,
	METRICS_OUT_OF_MEMORY,
	METRICS_END_UNKNOWN,
	METRICS_COMMANDED_UP, /* of the service: more instances, or fewer, are wanted */
	METRICS_COMMANDED_DOWN,
	METRICS_LOADED_UP,
	METRICS_LOADED_DOWN,
	METRICS_EVENTS,
};

void metrics_count(struct instance *instance, enum metrics_event event);

/* How many instances of a service are wanted has changed, by its load or a command. */
void metrics_count_scaling(struct supervisor *sup, const char *service, bool by_load, bool more);

/* A run that had begun has ended, as instance->end says. */
void metrics_count_end(struct instance *instance);

/* "# HELP" and "# TYPE". @type: "counter", "gauge" or "histogram" */
void metrics_head(struct buf *text, const char *name, const char *type, const char *help);

/* All that no instance has to be looked at for. */
void metrics_print(const struct supervisor *sup, struct buf *text);

struct http_answer;

/* Answers with that and what each instance uses, piece by piece (metrics_load.c). */
void metrics_answer(struct supervisor *sup, struct http_answer *answer);

void metrics_free(struct metrics *metrics);
