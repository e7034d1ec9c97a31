// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Scaling with the load: measures the services with x-autoscale, asks policy/scale, and sets how
 * many instances are wanted; the rest is settle()'s, as after any command. Each decision that
 * changes something is an event that says why.
 *
 * Looked at every 250 ms. Of a service at rest (as few instances as may be, and idle) that is the
 * processor time alone, and its connections every two seconds.
 */
#pragma once

#include "launcher/supervisor/instance.h"

struct json_t;
struct scaling;

/* Makes the timer, so that it is not lacking later. */
int scaler_open(struct supervisor *sup, struct err *err) must_check;

/* What is wanted has changed: begins to measure, or stops when no service is scaled. */
void scaler_update(struct supervisor *sup);

/* The service at @i, which is asleep, is needed. */
void scaler_wake(struct supervisor *sup, size_t i, const char *why);

/* Forgets everything. */
void scaler_close(struct supervisor *sup);

/* What `inspect` tells of a service with so many instances: why, and what would change it; NULL:
 * not scaled, or nothing was decided yet. */
struct json_t *scaler_explain(const struct supervisor *sup, const struct service *service,
			      unsigned current);

/* What `status` tells of a service; NULL: not scaled. */
struct json_t *scaler_view(const struct supervisor *sup, const struct service *service);
