// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Desired against observed, once per turn of the loop in which something has changed: policy
 * decides, settle() carries its decisions to the instances. Level-triggered, so nothing can be
 * missed.
 */
#pragma once

#include "launcher/policy/observed.h"
#include "launcher/supervisor/instance.h"

struct json_t;

/* When a service with x-schedule runs; see scheduler.h. */
struct unit_times {
	int64_t seen_s;	 /* the last time that was seen to, as timetable.h counts; 0: none yet */
	uint32_t random; /* of the jitter */
	int64_t next_s;	 /* CLOCK_REALTIME: when the next run begins; 0: never */
};

/* What is wanted of one service; parallel to the stack's services. */
struct unit {
	unsigned replicas;
	bool selected; /* part of what `up` was asked for */
	bool stopped;  /* by `stop` */
	bool asleep;   /* replicas is 0 as nobody needs it: the next call wakes it */
	bool held;     /* who calls waits, see hold.h, until the first one is served */
	struct unit_times times;
	struct plan *plan;
	struct plan *previous;	/* that of the revision a rollout replaces; NULL: none is on */
	bool rolled_back;	/* the rollout on is that back to `plan` */
	bool turned_back;	/* `plan` is not what the last up asked for, which has failed */
	struct json_t *changed; /* since the revision before, as inspect tells it; NULL: nothing */
};

/* Accepts NULL. */
void units_free(struct unit *units, size_t count);

/* Makes what settles: the deferred watch, and timers, so that none is lacking later. */
int settle_open(struct supervisor *sup, struct err *err) must_check;
void settle_close(struct supervisor *sup);

/* Makes and stops what policy decides now, as far as a turn allows; the rest follows by itself. */
void settle_begin(struct supervisor *sup);

/* What is wanted; an empty stack before the first `up`. Borrowed. */
const struct stack *settle_stack(const struct supervisor *sup);

/* What policy is told at one moment: not of one-off instances, before the stack ends. The arrays
 * are owned, what they point to is borrowed from the supervisor. */
struct situation {
	struct supervisor *sup;
	struct desired *desired; /* parallel to the stack's services */
	struct observed *observed;
	struct instance **instances; /* parallel to observed */
	size_t count;		     /* of both */
	const struct stack *stack;   /* borrowed */
	struct observed **scratch;   /* for surplus_mark() */
};

int situation_collect(struct supervisor *sup, struct situation *ret, struct err *err) must_check;

/* The instances may have changed since; they are the same ones. */
void situation_refresh(struct situation *situation);

/* Accepts a zeroed one. */
void situation_free(struct situation *situation);
#define autosituation __attribute__((cleanup(situation_free)))
