// SPDX-License-Identifier: GPL-2.0-or-later
/* Stable and panic windows; see scale_panic.h. */
#include "launcher/policy/scale_panic.h"
#include "launcher/policy/scale_ratio.h"

#include <errno.h>

#define MS_PER_S INT64_C(1000)

struct scale_panic_rule scale_panic_defaults(int64_t target_milli)
{
	return (struct scale_panic_rule){
		.stable_s = 60,
		.panic_s = 6,
		.target_milli = target_milli,
		.threshold_percent = 200,
		.up_rate_milli = 1000 * SCALE_MILLI,
		.down_rate_milli = 2 * SCALE_MILLI,
	};
}

void scale_panic_record(struct scale_panic *panic, int64_t now_ms, int64_t total_milli)
{
	int64_t second = now_ms / MS_PER_S;
	struct scale_bucket *bucket = &panic->buckets[second % SCALE_WINDOW_MAX];

	if (!panic->begun) {
		panic->begun = true;
		panic->first_second = second;
	}
	if (!bucket->samples || bucket->second != second)
		*bucket = (struct scale_bucket){.second = second};
	bucket->sum_milli += total_milli;
	bucket->samples++;
}

int64_t scale_panic_mean_milli(const struct scale_panic *panic, int64_t now_ms, unsigned window_s)
{
	int64_t last = now_ms / MS_PER_S;
	int64_t first = last - (int64_t)window_s + 1;
	int64_t sum_milli = 0;

	if (!panic->begun)
		return 0;
	if (first < panic->first_second)
		first = panic->first_second;
	for (int64_t second = first; second <= last; second++) {
		const struct scale_bucket *bucket = &panic->buckets[second % SCALE_WINDOW_MAX];

		if (bucket->samples && bucket->second == second)
			sum_milli += bucket->sum_milli / bucket->samples;
	}
	return sum_milli / (last - first + 1);
}

void scale_panic_resume(struct scale_panic *panic, int64_t now_ms, unsigned ready)
{
	if (ready <= 1)
		return;
	panic->panicking = true;
	panic->panicked_ms = now_ms;
	panic->panic_peak = ready;
}

static unsigned clamp(unsigned value, unsigned least, unsigned most)
{
	if (value > most)
		value = most;
	return value < least ? least : value;
}

static void update_panic(struct scale_panic *panic, const struct scale_panic_rule *rule,
			 int64_t now_ms, bool over)
{
	if (over) {
		panic->panicking = true;
		panic->panicked_ms = now_ms;
	} else if (panic->panicking && panic->panicked_ms + rule->stable_s * MS_PER_S < now_ms) {
		panic->panicking = false;
		panic->panic_peak = 0;
	}
}

int scale_panic_propose(struct scale_panic *panic, const struct scale_panic_rule *rule,
			int64_t now_ms, unsigned ready, unsigned *ret)
{
	int64_t some = ready ? ready : 1;
	unsigned most = scale_instances(rule->up_rate_milli * some, SCALE_MILLI);
	unsigned least = (unsigned)(some * SCALE_MILLI / rule->down_rate_milli);
	unsigned stable = scale_instances(scale_panic_mean_milli(panic, now_ms, rule->stable_s),
					  rule->target_milli);
	unsigned burst = scale_instances(scale_panic_mean_milli(panic, now_ms, rule->panic_s),
					 rule->target_milli);

	if (!panic->begun)
		return -ENODATA;
	update_panic(panic, rule, now_ms, burst * INT64_C(100) >= some * rule->threshold_percent);
	stable = clamp(stable, least, most);
	burst = clamp(burst, least, most);
	*ret = stable;
	if (!panic->panicking)
		return 0;
	if (burst > stable)
		*ret = burst;
	if (*ret > panic->panic_peak)
		panic->panic_peak = *ret;
	*ret = panic->panic_peak;
	return 0;
}
