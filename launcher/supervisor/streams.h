// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a run has as its standard streams: a client's, or the log's pipes or a terminal of its own
 * that the log reads, and /dev/null or a pipe that stays open as its input.
 */
#pragma once

#include "launcher/supervisor/instance.h"

/* Ours until the run has its own copies. */
struct streams {
	int null_fd;
	int terminal_fd;
	int input_fd;
};

#define STREAMS_NONE ((struct streams){-1, -1, -1})

/* Fills @run's stdio and terminal_fd; opens what has to be new for every run. streams_close() after
 * the start, also after a failure. */
int streams_open(struct instance *instance, struct container_run *run, struct streams *ret,
		 struct err *err) must_check;

/*
 * The run, or one that a predecessor has started, has its terminal, if any: what it shows goes to
 * the log from here, or all of it to the client. 0 also when there is none.
 */
int streams_terminal(struct instance *instance, struct err *err) must_check;

void streams_close(struct streams *streams);
#define autostreams __attribute__((cleanup(streams_close)))
