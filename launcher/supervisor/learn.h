// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * `learn`: the instances of a service run with their system calls recorded for a while, and a
 * profile is made of what was seen. They are restarted to begin with and again to end: a filter
 * that asks cannot be put on a running process, and not be taken off.
 */
#pragma once

#include "launcher/supervisor/apply.h"

struct recorder;

/* {"service","timeout_ms"}: begins, or gives what is going on another time to end; 0: now. */
struct reply learn_begin(struct supervisor *sup, const struct json_t *request);

/* {"service"}: what has become of it, with the profile at its end. */
struct reply learn_result(struct supervisor *sup, const struct json_t *request);

/* Of what is started for the service now; NULL: not recorded. */
const struct recorder *learn_recorder(const struct supervisor *sup, const struct service *service);

void learn_close(struct supervisor *sup);
