// SPDX-License-Identifier: GPL-2.0-or-later
/* Durations in buckets; see histogram.h. */
#include "launcher/policy/histogram.h"

#include <inttypes.h>

/* From what a turn of the loop takes to what a slow start does. */
static const int64_t bounds_us[HISTOGRAM_BUCKETS] = {
	100,   250,    500,    1000,   2500,	5000,	 10000,	  25000,
	50000, 100000, 250000, 500000, 1000000, 2500000, 5000000, 10000000,
};

void histogram_add(struct histogram *histogram, int64_t duration_us)
{
	unsigned i = 0;

	while (i < HISTOGRAM_BUCKETS && duration_us > bounds_us[i])
		i++;
	histogram->counts[i]++;
	histogram->sum_us += duration_us > 0 ? (uint64_t)duration_us : 0;
}

void histogram_print(const struct histogram *histogram, const char *name, struct buf *text)
{
	uint64_t total = 0;

	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
		total += histogram->counts[i];
		buf_printf(text, "%s_bucket{le=\"%g\"} %" PRIu64 "\n", name,
			   (double)bounds_us[i] / 1e6, total);
	}
	total += histogram->counts[HISTOGRAM_BUCKETS];
	buf_printf(text, "%s_bucket{le=\"+Inf\"} %" PRIu64 "\n", name, total);
	buf_printf(text, "%s_sum %.6f\n", name, (double)histogram->sum_us / 1e6);
	buf_printf(text, "%s_count %" PRIu64 "\n", name, total);
}
