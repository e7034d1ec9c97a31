// SPDX-License-Identifier: GPL-2.0-or-later
/* Out-of-memory kills of a run: noticed when they happen, so that they are blamed for the end that
 * follows and for no other. */
#pragma once

#include "launcher/supervisor/instance.h"

/* Begins with the run's group. */
int oom_listen(struct instance *instance, struct err *err) must_check;

/* Goes on with that of a run that is adopted: what was killed before has been told. */
int oom_resume(struct instance *instance, struct err *err) must_check;

void oom_forget(struct instance *instance);

/* To be asked when the first process has ended: whether a kill of just now is to blame. */
bool oom_blamed(struct instance *instance);
