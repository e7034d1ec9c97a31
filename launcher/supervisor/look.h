// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Private to scaler.c: looking at the instances of one service, once per tick, and what is
 * remembered of it from one tick to the next. Measures, decides nothing.
 */
#pragma once

#include "launcher/policy/forecast.h"
#include "launcher/policy/scale_text.h"
#include "launcher/supervisor/idle.h"
#include "launcher/supervisor/instance.h"

#include <time.h>

#define LOOK_MEAN_TICKS	  60	 /* 15 seconds */
#define LOOK_PERCENT_FULL 100000 /* thousandths of a per cent */

/* What all ready instances did in one tick, in thousandths of an instance. */
struct tick {
	int64_t busy_milli;
	int64_t waited_milli;
};

/* One service that is scaled. */
struct scaling {
	struct scaling *next;
	char *service;
	struct scaler scaler;
	int64_t minute;	     /* of the clock, for which: */
	struct autoscale as; /* the manifest's, with the least number that there is at present */
	struct forecast *forecast; /* NULL: none is asked for */
	int64_t saved_slot;	   /* quarter of an hour in which it was written; 0: never */
	unsigned expected;	   /* by it, for this minute; 0: none */
	struct tick ticks[LOOK_MEAN_TICKS];
	unsigned tick_next, tick_count;
	int64_t looked_us;
	unsigned rested;    /* ticks since the connections were looked at */
	bool active;	    /* at the last tick */
	unsigned was_ready; /* at the last tick */
	int64_t start_ms;   /* how long a start takes until ready, of late */
	struct scale_decision decision;
	char why[SCALE_TEXT_MAX]; /* of that decision; "": there was none yet */
	int64_t cpu_milli;	  /* mean use, thousandths of a per cent; -1: not known */
	unsigned from, to;	  /* the last change; both 0: none yet */
	struct timespec changed_at;
	struct idling idling;
	int64_t turned_ms; /* when it was woken or put to sleep, or we began */
};

/* What is gathered of a service in one tick. */
struct look {
	struct supervisor *sup;
	const struct service *service;
	struct scaling *scaling;
	struct instance *first; /* of the service; NULL: there is none */
	int64_t now_us;
	int64_t span_us;
	unsigned ready;
	bool cpu_known; /* of all ready ones */
	int64_t busy_milli;
	int64_t waited_milli;
	bool has_pressure;
	struct scale_input input;
	struct scale_sample *samples[SCALE_SIGNALS];
	size_t sample_count;
};

/* What the service asks for per instance: its reservation, or else its limit; 0: nothing. */
int64_t look_request_bytes(const struct service *service);

/* The next instance of the same service; NULL: there is none. */
struct instance *look_next(const struct instance *instance);

/* What all instances of the stack have used since the last tick; span_us 0: not known. */
struct look_all {
	int64_t used_usec;
	int64_t span_us;
};

struct look_all look_at_stack(struct supervisor *sup);

/* All together have used so little that no instance of @service can have been busy for more than
 * @least_milli thousandths. */
bool look_is_quiet(const struct look_all *all, const struct service *service, int least_milli);

/* Counts the ready ones, and the processor time since the last look. */
void look_at_cpu(struct look *look);

/* Notes how long those that have become ready since the last look took to start. */
void look_note_start(struct look *look);

/* Remembers what this tick has seen. */
void look_put_tick(struct look *look);

/* The service's manifest has a target for it. */
bool look_wants(const struct look *look, enum scale_signal signal);

/* All the rest: a sample of each signal that is wanted for each instance. False without memory.
 * look_end() frees them, after either. */
bool look_closely(struct look *look);
void look_end(struct look *look);
