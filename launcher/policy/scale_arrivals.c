// SPDX-License-Identifier: GPL-2.0-or-later
/* Rates and chance; see scale_arrivals.h. */
#include "launcher/policy/scale_arrivals.h"

#include <stddef.h>

#define SLOT_MS	    INT64_C(250)
#define LONG_MS	    INT64_C(16000)
#define MILLI_PER_S INT64_C(1000000) /* thousandths of one per second, of one per millisecond */

void scale_arrivals_record(struct scale_arrivals *arrivals, int64_t begin_ms, int64_t end_ms,
			   int64_t count)
{
	uint32_t last = (arrivals->next + SCALE_ARRIVALS_SLOTS - 1) % SCALE_ARRIVALS_SLOTS;
	struct scale_arrival *slot = &arrivals->slots[last];

	if (end_ms <= begin_ms)
		return;
	if (!arrivals->used || slot->end_ms - slot->begin_ms >= SLOT_MS) {
		slot = &arrivals->slots[arrivals->next];
		arrivals->next = (arrivals->next + 1) % SCALE_ARRIVALS_SLOTS;
		if (arrivals->used < SCALE_ARRIVALS_SLOTS)
			arrivals->used++;
		*slot = (struct scale_arrival){.begin_ms = begin_ms};
	}
	slot->end_ms = end_ms;
	slot->count += count;
}

/* What arrived in the last @span_ms, over the slots that lie in it. */
static struct scale_arrival since(const struct scale_arrivals *arrivals, int64_t now_ms,
				  int64_t span_ms)
{
	struct scale_arrival sum = {.begin_ms = now_ms, .end_ms = now_ms};

	for (uint32_t i = 0; i < arrivals->used; i++) {
		const struct scale_arrival *slot = &arrivals->slots[i];

		if (slot->end_ms <= now_ms - span_ms || slot->begin_ms < now_ms - 2 * LONG_MS)
			continue;
		sum.count += slot->count;
		if (slot->begin_ms < sum.begin_ms)
			sum.begin_ms = slot->begin_ms;
	}
	return sum;
}

static int64_t rate_milli(const struct scale_arrival *sum)
{
	int64_t span_ms = sum->end_ms - sum->begin_ms;

	return span_ms > 0 ? sum->count * MILLI_PER_S / span_ms : 0;
}

/* The largest whole number whose square is at most @value. */
static int64_t square_root(int64_t value)
{
	int64_t root = 0;

	for (int64_t bit = INT64_C(1) << 31; bit; bit >>= 1)
		if ((root + bit) * (root + bit) <= value)
			root += bit;
	return root;
}

int64_t scale_arrivals_rate_milli(const struct scale_arrivals *arrivals, int64_t now_ms)
{
	struct scale_arrival all = since(arrivals, now_ms, LONG_MS);
	int64_t best_milli = rate_milli(&all);

	for (int64_t span_ms = SLOT_MS; span_ms < LONG_MS; span_ms *= 2) {
		struct scale_arrival some = since(arrivals, now_ms, span_ms);

		some.count -= square_root(9 * some.count);
		if (rate_milli(&some) > best_milli)
			best_milli = rate_milli(&some);
	}
	return best_milli;
}
