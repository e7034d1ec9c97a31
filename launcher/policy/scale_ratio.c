// SPDX-License-Identifier: GPL-2.0-or-later
/* A use against its target; see scale_ratio.h. */
#include "launcher/policy/scale_ratio.h"

#include <errno.h>
#include <limits.h>

struct totals {
	int64_t use_milli; /* of the ready ones */
	int64_t ready;
	int64_t unready;
	int64_t missing;
};

unsigned scale_instances(int64_t amount, int64_t unit)
{
	if (amount <= 0)
		return 0;
	int64_t count = amount / unit + (amount % unit != 0);

	return count > UINT_MAX ? UINT_MAX : (unsigned)count;
}

static struct totals add_up(const struct scale_sample *samples, size_t count)
{
	struct totals totals = {0};

	for (size_t i = 0; i < count; i++) {
		totals.ready += samples[i].state == SAMPLE_READY;
		totals.unready += samples[i].state == SAMPLE_UNREADY;
		totals.missing += samples[i].state == SAMPLE_MISSING;
		if (samples[i].state == SAMPLE_READY)
			totals.use_milli += samples[i].milli;
	}
	return totals;
}

/* Whether @use of @count instances is near enough to the target. */
static bool is_tolerated(const struct scale_rule *rule, int64_t use_milli, int64_t count)
{
	__int128 use = (__int128)use_milli * SCALE_MILLI;
	__int128 wanted = (__int128)rule->target_milli * count;

	return use >= wanted * (SCALE_MILLI - rule->down_tolerance_milli) &&
	       use <= wanted * (SCALE_MILLI + rule->up_tolerance_milli);
}

/* -1, 0, 1: each has less than, as much as, more than the target. */
static int direction(const struct scale_rule *rule, int64_t use_milli, int64_t count)
{
	int64_t wanted = rule->target_milli * count;

	return (use_milli > wanted) - (use_milli < wanted);
}

int scale_ratio_propose(const struct scale_sample *samples, size_t count,
			const struct scale_rule *rule, unsigned current, unsigned *ret)
{
	struct totals totals = add_up(samples, count);
	int wish = direction(rule, totals.use_milli, totals.ready);
	int64_t full_milli =
		rule->full_milli > rule->target_milli ? rule->full_milli : rule->target_milli;

	if (!totals.ready)
		return -ENODATA;
	if (!totals.missing && !(totals.unready && wish > 0)) {
		*ret = is_tolerated(rule, totals.use_milli, totals.ready)
			       ? current
			       : scale_instances(totals.use_milli, rule->target_milli);
		return 0;
	}
	int64_t use_milli = totals.use_milli + (wish < 0 ? totals.missing * full_milli : 0);
	int64_t filled = totals.ready + totals.missing + (wish > 0 ? totals.unready : 0);
	int filled_wish = direction(rule, use_milli, filled);
	unsigned proposal = scale_instances(use_milli, rule->target_milli);

	*ret = current;
	if (filled_wish != wish || is_tolerated(rule, use_milli, filled))
		return 0;
	if ((wish < 0 && proposal < current) || (wish > 0 && proposal > current))
		*ret = proposal;
	return 0;
}
