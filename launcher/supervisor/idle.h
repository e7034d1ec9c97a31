// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Private to scaler.c: whether a service has been without connections for as long as
 * x-autoscale.idle says. New ones are counted by the balancer, for all services in one reading;
 * open ones are looked for in the instances, seldom.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct look;
struct scaling;
struct supervisor;

/* What is remembered of a service from one look to the next. Zero-initialise. */
struct idling {
	int64_t busy_ms;  /* CLOCK_MONOTONIC: when it had connections last, or began; 0: no look yet
			   */
	int64_t due_ms;	  /* the next look */
	uint64_t hits;	  /* that the balancer has counted */
	uint64_t counted; /* at this moment */
};

/* To be called before the services are looked at: counts for those whose look is due. */
void idle_count(struct supervisor *sup, int64_t now_ms);

/* A look at the service is due. */
bool idle_is_due(const struct scaling *scaling, int64_t now_ms);

/*
 * Takes the look at a service that is due.
 *
 * @needed	somebody wants it, whatever its connections say
 */
bool idle_is_over(const struct look *look, bool needed);
