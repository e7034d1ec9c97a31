// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The beginning of a run: cgroup, network, log and streams, then the process. Private to instance.c
 * and run_end.c.
 */
#pragma once

#include "launcher/supervisor/instance.h"

/* Starts a run. One that fails before there is a process ends at once, which may free the instance;
 * else the watches go on. */
void run_begin(struct instance *instance);

/* Opens its log, unless it is open; @pipes as log_open() has it. */
int run_begin_log(struct instance *instance, const struct log_pipes *pipes,
		  struct err *err) must_check;

/* Listens to the process that instance->pidfd is. */
int run_begin_watch(struct instance *instance, struct err *err) must_check;

/* Its program runs. */
void run_begin_done(struct instance *instance);

/* Reads how far the start has come, if that is not known yet. */
void run_begin_status(struct instance *instance);
