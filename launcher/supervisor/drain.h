// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Instances that are to be stopped and still have connections: looked at until policy says that it
 * is enough.
 */
#pragma once

#include "launcher/supervisor/instance.h"

/* It is not published any more from the next publishing on. Without a network, or time, it is
 * drained at once. */
void drain_begin(struct instance *instance);

/* Stops waiting: its timer is over. */
void drain_end(struct instance *instance);

/*
 * Looks at those whose turn it is, once what leads to them has been taken away.
 *
 * @end_us	where this turn of the loop is to end
 */
void drain_look(struct supervisor *sup, int64_t end_us);

/* Callback of a timer. */
void drain_on_timer(void *sup);
