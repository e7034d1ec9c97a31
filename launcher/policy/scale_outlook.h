// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What would change a number of instances: from which value of each signal on there would be more,
 * and below which value of all of them fewer. Pure.
 */
#pragma once

#include "launcher/policy/scale.h"

/* In thousandths of the target's unit, of each ready instance; of the backlog the connections that
 * arrive per second at all of them. 0: the signal says nothing. */
struct scale_outlook {
	int64_t more_milli[SCALE_SIGNALS];
	int64_t fewer_milli[SCALE_SIGNALS];
};

/*
 * @decision	the last one, of which the capacity counts
 * @current	instances that are wanted
 *
 * Nothing is said of more at the greatest number, nor of fewer at the least.
 */
struct scale_outlook scale_outlook(const struct autoscale *autoscale,
				   const struct scale_decision *decision, unsigned current);
