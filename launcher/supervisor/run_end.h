// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The end of a run: the status taken, the verdict of the policy asked for, and what the run held of
 * the kernel given back. What follows is an event of the instance. Private to instance.c and
 * run_begin.c.
 */
#pragma once

#include "launcher/supervisor/instance.h"

#include <signal.h>

/* The watch of the first process: it may have ended. */
void run_end_on_exit(void *data, int fd, uint32_t events);

/* Notes that the run ends because its program could not be started; instance->fault says why. */
void run_end_unstarted(struct instance *instance);

/* A predecessor's run that ended while nobody watched. May free the instance. */
void run_end_from_wait(struct instance *instance, const siginfo_t *info);

/* As wait(2) has it, as waitid(2) has it. */
void run_end_from_status(int status, siginfo_t *info);

/* The run is over, and its end noted; a one-off instance is over with it. May free the instance. */
void run_end_now(struct instance *instance);
