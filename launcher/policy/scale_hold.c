// SPDX-License-Identifier: GPL-2.0-or-later
/* What was needed again; see scale_hold.h. */
#include "launcher/policy/scale_hold.h"
#include "launcher/policy/scale_ratio.h"

#define LEAST_MS    INT64_C(60000)
#define FIRST_MS    INT64_C(120000)
#define MOST_MS	    INT64_C(150000)
#define SPARE_MILLI (25 * SCALE_MILLI) /* per cent: who leaves less of an instance unused saves */
#define THRIFT_MAX  INT64_C(10)	       /* the shortest window is this part */

static int64_t within(int64_t value, int64_t least, int64_t most)
{
	if (value > most)
		value = most;
	return value < least ? least : value;
}

/* @ms, or the less of it the nearer the target is to all that an instance has. */
static int64_t thrifty(const struct autoscale *autoscale, int64_t ms)
{
	const struct scale_target *cpu = &autoscale->targets[SCALE_CPU];
	int64_t spare_milli = cpu->present ? 100 * SCALE_MILLI - cpu->milli : SPARE_MILLI;

	return ms * within(spare_milli, SPARE_MILLI / THRIFT_MAX, SPARE_MILLI) / SPARE_MILLI;
}

void scale_hold_learn(struct scale_hold *hold, const struct autoscale *autoscale, int64_t now_ms,
		      unsigned current, unsigned proposal)
{
	int64_t gone_ms = now_ms - hold->removed_ms;
	int64_t most_ms = thrifty(autoscale, MOST_MS);
	unsigned missed = proposal > current ? proposal - current : 0;
	unsigned removed = hold->removed_from > current ? hold->removed_from - current : 0;

	if (!hold->ms)
		hold->ms = thrifty(autoscale, FIRST_MS);
	if (!hold->removed_ms || (gone_ms <= most_ms && 2 * missed <= removed))
		return;
	if (4 * removed >= hold->removed_from)
		hold->ms = gone_ms <= most_ms ? (hold->ms + gone_ms) * 5 / 4 : hold->ms * 4 / 5;
	hold->ms = within(hold->ms, thrifty(autoscale, LEAST_MS), most_ms);
	hold->removed_ms = 0;
	hold->removed_from = 0;
}

void scale_hold_removed(struct scale_hold *hold, int64_t now_ms, unsigned current)
{
	hold->removed_ms = now_ms;
	if (current > hold->removed_from)
		hold->removed_from = current;
}
