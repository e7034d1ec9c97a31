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
 * @signal	SCALE_COMMAND or SCALE_PROMETHEUS, with a target in the manifest that is in force
 *
 * False: it is not known.
 */
bool gauge_read(struct instance *instance, enum scale_signal signal, int64_t *ret_milli);

/* Ends what runs, and forgets; before another manifest comes into force, too. Nothing where nothing
 * was asked. */
void gauge_stop(struct instance *instance);
