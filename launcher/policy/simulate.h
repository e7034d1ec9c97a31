// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A service under a load, on paper: instances that take a while to start and serve so many requests
 * per second, one queue before them, and a policy that decides how many there are. Time goes in
 * steps of 50 ms; requests arrive by a Poisson process of the load's rate and are served in the
 * order in which they came. Pure, and the same for the same seed.
 */
#pragma once

#include "runtime/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIM_STEP_MS 50

/* From @offset_ms on, until the next one's, so many requests per second. */
struct sim_rate {
	int64_t offset_ms;
	double per_s;
};

/* Offsets grow from 0; the last one only says when the end is. */
struct sim_load {
	struct sim_rate *rates;
	size_t count;
};

struct sim_service {
	double capacity_per_s; /* requests that one instance manages */
	unsigned concurrency;  /* how many of them at once */
	int64_t start_ms;      /* from the decision to the first request served */
	int64_t late_ms;       /* a request that waits longer is late */
	uint64_t seed;
};

/* What a policy may see. Everything but the state of now is since the last call. */
struct sim_view {
	int64_t now_ms, span_ms;
	unsigned wanted, ready;
	double in_flight; /* now: waiting or being served */
	double waiting;	  /* now */
	double arrived, finished;
	double busy; /* mean share of its time that a ready instance worked, 0 to 1 */
};

/* Answers how many there shall be; called every @every_ms. @begin of them are ready at first. */
struct sim_policy {
	unsigned (*decide)(void *state, const struct sim_view *view);
	void *state;
	int64_t every_ms;
	unsigned begin;
};

/* One line of what happened: a mean over a part of the time, or the most in it. */
struct sim_point {
	double per_s;
	double instances; /* wanted */
	double wait_ms;	  /* the longest that the first in the queue had waited */
};

struct sim_result {
	double requests;
	double late;	    /* requests */
	double late_s;	    /* seconds in which somebody had waited for too long */
	double instance_s;  /* of wanted instances: what it costs */
	double longest_ms;  /* wait */
	unsigned most;	    /* instances */
	unsigned changes;   /* of the number */
	unsigned reversals; /* changes in the other direction than the one before */
	struct sim_point
		*points; /* @point_count of the caller's: filled in, the time in equal parts */
	size_t point_count;
};

/*
 * Runs the whole load.
 *
 * @result	points and point_count come from the caller; all else is filled in
 *
 * -EINVAL: a load that ends before it begins; -ENOMEM.
 */
int simulate(const struct sim_load *load, const struct sim_service *service,
	     const struct sim_policy *policy, struct sim_result *result,
	     struct err *err) must_check;
