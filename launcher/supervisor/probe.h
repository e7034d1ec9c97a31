// SPDX-License-Identifier: GPL-2.0-or-later
/* The probes of an instance: its health check and what x-probe asks for. */
#pragma once

#include <stdbool.h>

struct instance;
struct notify_message;
struct supervisor;

/* Whether a run is ready only once a probe has succeeded. */
bool probe_gates(const struct instance *instance);

/* Begins the probes of a run that has just begun, if its service has any. */
void probe_start(struct instance *instance);

struct record_vitals;

/* What they have found so far, for a successor. */
void probe_save(const struct instance *instance, struct record_vitals *ret);

/* Goes on with what a predecessor has found, instead of probe_start(). */
void probe_resume(struct instance *instance, const struct record_vitals *vitals);

/* Begins those that could not begin when they should have, for want of memory or descriptors. */
void probe_start_missing(struct supervisor *sup);

/* Ends them; what runs is abandoned without a result. */
void probe_stop(struct instance *instance);

/* The instance has said something of itself. May stop the probes. */
void probe_notified(struct instance *instance, const struct notify_message *said);

/* "starting", "healthy", "unhealthy"; NULL where nothing is asked. Valid for ever. */
const char *probe_health(const struct instance *instance);
