// SPDX-License-Identifier: GPL-2.0-or-later
/* For tests that start real containers: a busybox root, a state directory, and what a container
 * said and how it ended. Needs root; see sandbox_missing(). */
#pragma once

#include "runtime/container.h"

#include <stdbool.h>

struct sandbox {
	char base[64]; /* everything is below it */
	char root[96];
	char state[96];
	char layer[96];
	char volume[96];
};

struct outcome {
	int prepared; /* result of container_prepare() */
	int started;  /* result of container_status() */
	int status;   /* as waitpid(2) */
	struct container_fault fault;
	char out[16384]; /* stdout and stderr */
};

/* Why these tests cannot run here, or NULL. */
const char *sandbox_missing(void);

/* From now on sandbox_config() gives containers ids of their own, from SANDBOX_FIRST_ID on. False
 * where this kernel cannot map the ids of the file system they are on. */
bool sandbox_own_ids(void);
#define SANDBOX_FIRST_ID 1879048192

void sandbox_make(struct sandbox *box);
void sandbox_remove(struct sandbox *box);

/* A read-only directory root that runs `/bin/sh -c script`; @argv must have room for 4. */
struct container_config sandbox_config(const struct sandbox *box, char **argv, const char *script);

/* Prepares, starts, waits for the end, frees the plan. */
void sandbox_run(const struct sandbox *box, const struct container_config *config,
		 struct outcome *outcome);

/* The same in a control group. */
void sandbox_run_in(const struct sandbox *box, const struct container_config *config,
		    const struct cg *cg, struct outcome *outcome);

/* The same with this standard input. */
void sandbox_run_with(const struct sandbox *box, const struct container_config *config,
		      int stdin_fd, struct outcome *outcome);

/* Starts without waiting; stdout and stderr become @out_fd. */
void sandbox_start(const struct sandbox *box, const struct container_plan *plan, int out_fd,
		   struct container_process *process);

/* Reads the output to its end, the start's result, and reaps. */
void sandbox_finish(struct container_process *process, int read_fd, struct outcome *outcome);

/* Waits until the program runs or the start has failed. */
int sandbox_status(const struct container_process *process, struct container_fault *fault);

/* Kills and reaps. */
void sandbox_kill(struct container_process *process);
