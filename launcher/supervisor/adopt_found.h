// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a new supervisor finds: the records of its predecessor and the groups of the stack with
 * their processes, as policy/adopt.h wants to be told. Reads, changes nothing. Private to adopt.c.
 */
#pragma once

#include "launcher/policy/adopt.h"
#include "launcher/supervisor/record.h"
#include "launcher/supervisor/restore.h"

/* One group of a run. */
struct found_group {
	char *group; /* "web-1.3" */
	char *name;  /* "web-1" */
	struct adopt_process *processes;
};

/* What the keeper knows of the process that a record tells of. */
struct found_process {
	int pidfd;  /* stored; -1: not */
	int status; /* of its end, where it is known */
};

struct found {
	struct keep *keep;     /* borrowed; NULL: nothing has come of it yet */
	int64_t patient_until; /* of the clock, in microseconds; 0: nobody has been waited for */
	struct record *records;
	struct found_process *processes; /* parallel to the records */
	size_t record_count;
	struct found_group *groups; /* parallel to situation.groups */
	struct adopt_situation situation;
	struct adopt_record *views; /* of the records; situation.records */
	struct adopt_group *lists;  /* situation.groups */
};

int found_collect(struct supervisor *sup, const struct restored *restored, struct found *ret,
		  struct err *err) must_check;

/* Accepts a zeroed one. With a keeper the pidfds that were not taken are no longer stored; else the
 * next one to look may need them. */
void found_free(struct found *found);
#define autofound __attribute__((cleanup(found_free)))
