// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Tasks that run at times: x-schedule. Between runs nothing is wanted of such a service, and what
 * has ended stays to be looked at; at each time policy/timetable says what is, and the rest is
 * settle()'s. One timer by the clock on the wall, for the earliest of all times: nothing is polled.
 */
#pragma once

#include "runtime/base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct json_t;
struct supervisor;

/* Makes the timer, so that it is not lacking later. */
int scheduler_open(struct supervisor *sup, struct err *err) must_check;

/* What is wanted has changed, or the time has come: begins what is due, and sets the timer. */
void scheduler_update(struct supervisor *sup);

/* Runs the service at @i as if it were due. */
void scheduler_run(struct supervisor *sup, size_t i, const char *why);

/* Has a run of the service at @i not ended? */
bool scheduler_runs(const struct supervisor *sup, size_t i);

/* Names of services that will run by themselves. NULL: no memory. */
struct json_t *scheduler_names(const struct supervisor *sup);

/* Forgets everything. */
void scheduler_close(struct supervisor *sup);

/* What `status` tells of the service at @i; NULL: it has no schedule. */
struct json_t *scheduler_view(const struct supervisor *sup, size_t i);
