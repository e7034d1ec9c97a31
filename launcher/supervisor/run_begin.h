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

/* Reads how far the start has come, if that is not known yet. */
void run_begin_status(struct instance *instance);
