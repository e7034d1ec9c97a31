// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Numbers that x-autoscale asks an instance for: what a program prints in it, and a gauge that it
 * shows over HTTP. Asked as probes are, in the loop and never waited for, every two seconds as long
 * as somebody wants to know; an answer that is older than fifteen seconds counts as none.
 */
#pragma once

#include "launcher/supervisor/instance.h"

/* Kept from one question to the next, in instance->gauges; ended with the run. */
struct gauges;

/*
 * The number, as it is known now; asks anew when it is time.
 *
 * @signal	SCALE_COMMAND or SCALE_PROMETHEUS, with a target in the instance's manifest
 *
 * False: it is not known.
 */
bool gauge_read(struct instance *instance, enum scale_signal signal, int64_t *ret_milli);

/* Why it is not known: "exit 1: no such queue"; NULL: it is, or was not asked for. */
const char *gauge_trouble(const struct instance *instance, enum scale_signal signal);

/* Ends what runs, and forgets. Nothing where nothing was asked. */
void gauge_stop(struct instance *instance);
