// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How many instances of a service there shall be: one proposal per signal, the largest of them,
 * windows, rates, bounds, what the host has room for. Pure: everything that was measured comes in,
 * a decision with its reasons comes out.
 */
#pragma once

#include "launcher/policy/scale_arrivals.h"
#include "launcher/policy/scale_history.h"
#include "launcher/policy/scale_hold.h"
#include "launcher/policy/scale_ratio.h"

/*
 * What was measured of one signal: nothing when count is 0, although it has a target. Cpu is a mean
 * over the last 15 seconds: less is noise.
 */
struct scale_reading {
	const struct scale_sample *samples; /* one per instance that is wanted */
	size_t count;
};

/* What was measured since the last decision, and what is known of the service. */
struct scale_input {
	int64_t now_ms;	  /* CLOCK_MONOTONIC */
	unsigned current; /* instances that are wanted, the starting ones included */
	unsigned ready;
	unsigned room;	   /* the most that the host has room for; UINT_MAX: not known */
	unsigned expected; /* by a forecast: no fewer than so many; 0: none */
	int64_t start_ms;  /* how long a start takes until ready; 0: not known */
	struct scale_reading readings[SCALE_SIGNALS];
	bool has_queue;	   /* the next three were measured */
	int64_t span_ms;   /* over which */
	int64_t arrived;   /* new connections in the span */
	int64_t waiting;   /* connections not accepted yet, now */
	int64_t finished;  /* connections that ended in the span */
	int64_t cpu_milli; /* mean use of cpu of the ready ones in the span, as SCALE_CPU; -1:
			      unknown */
};

enum scale_limit {
	SCALE_FREE,	 /* the proposal itself */
	SCALE_BY_WINDOW, /* held by a stabilisation window */
	SCALE_BY_RATE,	 /* slowed down by a policy */
	SCALE_BY_MIN,
	SCALE_BY_FORECAST,
	SCALE_BY_MAX,
	SCALE_BY_ROOM,	  /* the host has no more */
	SCALE_BY_MISSING, /* fewer would do by what is known, but not everything is */
};

struct scale_decision {
	unsigned desired;
	unsigned proposals[SCALE_SIGNALS]; /* 0: none */
	bool missing;			   /* not every signal with a target was measured */
	unsigned lasting; /* the largest, without what is for work that has piled up: remembered */
	enum scale_signal decisive; /* whose proposal is the largest */
	unsigned proposal;	    /* the largest */
	enum scale_limit limit;
	int64_t rate_milli;	/* arrivals per second that the queue's proposal reckons with */
	int64_t capacity_milli; /* requests per second that one instance is known to manage */
};

/* What is remembered from one decision to the next: zero-initialise; plain data. */
struct scaler {
	unsigned desired; /* what was decided last; 0: nothing yet */
	struct scale_history history;
	struct scale_arrivals arrivals;
	int64_t cpu_each_milli;	     /* requests per second of one instance, of late */
	int64_t cpu_use_milli;	     /* and the use of cpu with which it served them */
	int64_t full_capacity_milli; /* requests per second while connections waited; 0: never seen
				      */
	int64_t waited;		     /* connections that waited at the last decision */
	unsigned was_ready;	     /* at the last decision */
	int64_t waited_ms;	     /* when connections waited last; 0: never */
	struct scale_hold hold;
};

/* @autoscale: as the manifest says; @scaler: updated. */
struct scale_decision scale_decide(struct scaler *scaler, const struct autoscale *autoscale,
				   const struct scale_input *input);
