// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A supervisor that succeeds another: what has become of each instance it is told of, and which of
 * the processes it finds are these instances. Pure.
 *
 * An instance's run is told by three things: the group it is in (its name and number), its pid, and
 * when that process was started. Where the record of an instance is missing or older than what
 * there is, the group tells: nothing that runs is ever started a second time.
 */
#pragma once

#include "runtime/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* What the predecessor has written of one instance. */
struct adopt_record {
	const char *name;
	unsigned run;	   /* number of its last run; 0: none yet */
	pid_t pid;	   /* of its first process; 0: none runs */
	uint64_t start;	   /* when that was started */
	bool ended;	   /* the end of this run is in the record, too */
	bool status_known; /* somebody else has seen how this process ended */
};

struct adopt_process {
	pid_t pid;
	pid_t parent;
	uint64_t start;
	bool first;	/* of a pid namespace of its own */
	bool unstarted; /* has not got to its program yet */
};

/* One control group of a run, in the order of pids. */
struct adopt_group {
	const char *name; /* of the instance */
	unsigned run;
	const struct adopt_process *processes;
	size_t count;
};

struct adopt_situation {
	const struct adopt_record *records; /* at most one of a name */
	size_t record_count;
	const struct adopt_group *groups;
	size_t group_count;
};

enum adopt_fate {
	ADOPT_RUNS,	   /* as `process` in `group` */
	ADOPT_RESTS,	   /* no process, and none is missed */
	ADOPT_AGAIN,	   /* its start had not come to an end: it is to be started anew */
	ADOPT_ENDED_NOTED, /* the end is in the record */
	ADOPT_ENDED_KNOWN, /* the status is to be had */
	ADOPT_ENDED_UNKNOWN,
};

struct adopt_verdict {
	enum adopt_fate fate;
	size_t group;	/* ADOPT_RUNS */
	size_t process; /* in the group */
};

/* What is to be done about a group. */
struct adopt_group_verdict {
	bool kept;	 /* else everything in it is to be killed, and it is to go */
	bool unrecorded; /* of an instance that no record tells of */
	size_t process;	 /* kept: the first process of the run */
};

struct adopt_plan {
	struct adopt_verdict *records;	    /* parallel to the records */
	struct adopt_group_verdict *groups; /* parallel to the groups */
};

/* @ret_plan: the caller's, adopt_plan_free(). Returns 0 or -ENOMEM. */
int adopt_decide(const struct adopt_situation *situation, struct adopt_plan *ret_plan,
		 struct err *err) must_check;

/* Accepts a zeroed one. */
void adopt_plan_free(struct adopt_plan *plan);
#define autoadopt __attribute__((cleanup(adopt_plan_free)))

/*
 * A process of a kept group that came there from outside: of an exec or a probe, whose caller is
 * gone. Only where the run has a pid namespace of its own: elsewhere what the run itself has left
 * behind looks the same.
 */
bool adopt_is_stray(const struct adopt_group *group, size_t leader, size_t process);
