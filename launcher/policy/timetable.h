// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * When a task runs that x-schedule names times for, and what such a time does to the runs that
 * there are. Pure.
 *
 * Times are seconds on the clock of the task's time zone, as timegm() counts them.
 */
#pragma once

#include "manifests/stack.h"

struct timetable_run {
	int64_t time;  /* that the line names; -1: there is none */
	int64_t begin; /* the same, and what jitter adds: less than there is until the next time */
};

/*
 * The run that is next: of the last time after @seen, if there is one, else of the next one to
 * come. So what was missed is made up for, but once. A clock that is put back repeats an hour at
 * the end of summer time: lines for every hour run in it, others have run already. One that is put
 * back further was wrong before.
 *
 * @random	the run is late by the part of the jitter that this says
 * @seen	the last time that was seen to
 */
struct timetable_run timetable_next(const struct run_schedule *schedule, uint32_t random,
				    int64_t now, int64_t seen);

/* A task whose runs do not end fills no host. */
#define TIMETABLE_RUNNING_MAX 64

struct timetable_verdict {
	const char *left_out; /* why there is no run; NULL: there is one. Static */
	bool replace;	      /* those that run are stopped */
	unsigned wanted;      /* instances, those that go on included */
};

/*
 * What to do when a run is due.
 *
 * @each	instances of one run
 * @running	that have not ended
 */
struct timetable_verdict timetable_judge(enum schedule_concurrency concurrency, unsigned each,
					 unsigned running);
