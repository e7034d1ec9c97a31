// SPDX-License-Identifier: GPL-2.0-or-later
/* See scale_outlook.h. */
#include "launcher/policy/scale_outlook.h"
#include "launcher/policy/scale_queue.h"

/* What each must have so that one fewer would do, and the tolerance is left. */
static int64_t fewer_than(const struct autoscale *autoscale, int64_t target_milli, unsigned current)
{
	int64_t rest_milli = target_milli * (current - 1) / current;
	int64_t edge_milli =
		target_milli * (SCALE_MILLI - autoscale->down.tolerance_milli) / SCALE_MILLI;

	return rest_milli < edge_milli ? rest_milli : edge_milli;
}

struct scale_outlook scale_outlook(const struct autoscale *autoscale,
				   const struct scale_decision *decision, unsigned current)
{
	unsigned least = autoscale->min ? autoscale->min : 1;
	struct scale_outlook outlook = {0};

	for (size_t i = 0; i < SCALE_SIGNALS && current; i++) {
		int64_t target_milli = autoscale->targets[i].milli;
		int64_t times = 1;

		if (!autoscale->targets[i].present)
			continue;
		if (i == SCALE_BACKLOG) {
			target_milli = decision->capacity_milli *
				       scale_queue_load_milli(autoscale) / SCALE_MILLI;
			times = current;
		}
		if (current < autoscale->max)
			outlook.more_milli[i] = times * target_milli *
						(SCALE_MILLI + autoscale->up.tolerance_milli) /
						SCALE_MILLI;
		if (current > least)
			outlook.fewer_milli[i] =
				times * fewer_than(autoscale, target_milli, current);
	}
	return outlook;
}
