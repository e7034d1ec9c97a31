// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is known of a stack's instances: the last answer of /v1/stats and what has come of the ones
 * before it. Pure: it is fed answers and the time, and never asks.
 */
#pragma once

#include "launcher/js.h"

#define MODEL_HISTORY 64 /* looks that are remembered */

enum model_wait { MODEL_WAIT_CPU, MODEL_WAIT_MEMORY, MODEL_WAIT_IO, MODEL_WAITS };

/* Numbers over time, the newest last. */
struct model_history {
	float values[MODEL_HISTORY];
	size_t count;
};

/* What only those are asked for that are on the screen; below 0: not known. */
struct model_detail {
	double waits[MODEL_WAITS]; /* shares of the time */
	double throttled;	   /* likewise */
	double read_per_s;
	double written_per_s;
	double limit_bytes;
	double pids;
	double established; /* connections */
};

struct model_instance {
	char *name;
	char *service;
	char *state;
	char *reason; /* NULL: none, or not known */
	int64_t restarts;
	double cpu; /* processors in use */
	double memory_bytes;
	struct model_detail detail;
	struct model_history cpus;
	struct model_history memories;
	/* To compare with: */
	double cpu_seconds;
	double cpu_s;		    /* when that was; below 0: never */
	struct json_t *last_detail; /* the whole of it; NULL: none of this run */
	double detail_s;	    /* when it was told last */
	unsigned details;	    /* how often it was, so far */
};

struct model {
	struct model_instance *instances; /* in the order of the answer */
	size_t count;
	unsigned looks;
	double cpu; /* of all of them */
	double memory_bytes;
	struct model_history cpus;
	struct model_history memories;
};

/*
 * Takes in an answer.
 *
 * Returns 0; -EBADMSG when it is not one; -ENOMEM, with less known than before.
 */
int model_apply(struct model *model, const struct json_t *answer, double now_s,
		struct err *err) must_check;

/* How many have this state; NULL: that are neither ready nor completed. */
size_t model_count(const struct model *model, const char *state);

/* Whether all about it is to be asked for again: it costs many times what the rest does, so where
 * its rates are known that is done at every other look. */
bool model_wants_detail(const struct model_instance *instance, double now_s);

void model_close(struct model *model);
#define automodel __attribute__((cleanup(model_close)))
