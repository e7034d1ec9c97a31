// SPDX-License-Identifier: GPL-2.0-or-later
/* Windows and rates; see scale_history.h. */
#include "launcher/policy/scale_history.h"

#include <limits.h>

#define SLOTS_PER_WINDOW 64

/* The slot of @now_ms: the newest one while it is young enough, else a new one. */
static struct scale_slot *slot_of(struct scale_ring *ring, int64_t now_ms, int64_t keep_ms,
				  unsigned low)
{
	size_t last = (ring->next + SCALE_HISTORY_SLOTS - 1) % SCALE_HISTORY_SLOTS;
	struct scale_slot *slot = &ring->slots[last];

	if (ring->count && now_ms - slot->first_ms <= keep_ms / SLOTS_PER_WINDOW) {
		slot->last_ms = now_ms;
		return slot;
	}
	slot = &ring->slots[ring->next];
	ring->next = (ring->next + 1) % SCALE_HISTORY_SLOTS;
	if (ring->count < SCALE_HISTORY_SLOTS)
		ring->count++;
	*slot = (struct scale_slot){.first_ms = now_ms, .last_ms = now_ms, .low = low};
	return slot;
}

static int64_t longest_window_ms(const struct autoscale *autoscale)
{
	int64_t up_ms = autoscale->up.stabilization_ms;
	int64_t down_ms = autoscale->down.stabilization_ms;

	return up_ms > down_ms ? up_ms : down_ms;
}

static int64_t longest_period_ms(const struct scale_behavior *behavior, int64_t longest_ms)
{
	for (size_t i = 0; i < behavior->policy_count; i++)
		if (behavior->policies[i].period_ms > longest_ms)
			longest_ms = behavior->policies[i].period_ms;
	return longest_ms;
}

void scale_history_propose(struct scale_history *history, int64_t now_ms,
			   const struct autoscale *autoscale, unsigned proposal)
{
	struct scale_slot *slot =
		slot_of(&history->proposals, now_ms, longest_window_ms(autoscale), UINT_MAX);

	if (proposal < slot->low)
		slot->low = proposal;
	if (proposal > slot->high)
		slot->high = proposal;
}

void scale_history_change(struct scale_history *history, int64_t now_ms,
			  const struct autoscale *autoscale, unsigned from, unsigned to)
{
	int64_t keep_ms = longest_period_ms(&autoscale->up, longest_period_ms(&autoscale->down, 0));
	struct scale_slot *slot = slot_of(&history->changes, now_ms, keep_ms, 0);

	if (to > from)
		slot->high += to - from;
	else
		slot->low += from - to;
}

static unsigned least_since(const struct scale_ring *ring, int64_t begin_ms, unsigned least)
{
	for (size_t i = 0; i < ring->count; i++)
		if (ring->slots[i].last_ms > begin_ms && ring->slots[i].low < least)
			least = ring->slots[i].low;
	return least;
}

static unsigned most_since(const struct scale_ring *ring, int64_t begin_ms, unsigned most)
{
	for (size_t i = 0; i < ring->count; i++)
		if (ring->slots[i].last_ms > begin_ms && ring->slots[i].high > most)
			most = ring->slots[i].high;
	return most;
}

/* How many instances there were before the changes since @begin_ms. */
static int64_t before_changes(const struct scale_ring *ring, int64_t begin_ms, unsigned current)
{
	int64_t before = current;

	for (size_t i = 0; i < ring->count; i++)
		if (ring->slots[i].last_ms > begin_ms)
			before += (int64_t)ring->slots[i].low - ring->slots[i].high;
	return before;
}

static int64_t allowed_by(const struct scale_policy *policy, int64_t before, bool up)
{
	int64_t amount = policy->amount;

	if (!policy->percent)
		return up ? before + amount : before - amount;
	return up ? (before * (100 + amount) + 99) / 100 : before * (100 - amount) / 100;
}

/* How far one direction may go now: never the other way. */
static int64_t rate_limit(const struct scale_ring *changes, int64_t now_ms,
			  const struct scale_behavior *behavior, unsigned current, bool up)
{
	bool greatest = (behavior->select == SCALE_SELECT_MAX) == up;
	int64_t limit = up ? UINT_MAX : 0;

	if (behavior->select == SCALE_SELECT_DISABLED)
		return current;
	for (size_t i = 0; i < behavior->policy_count; i++) {
		const struct scale_policy *policy = &behavior->policies[i];
		int64_t before = before_changes(changes, now_ms - policy->period_ms, current);
		int64_t allowed = allowed_by(policy, before, up);

		if (i == 0 || (greatest ? allowed > limit : allowed < limit))
			limit = allowed;
	}
	if (up)
		return limit > current ? limit : current;
	return limit < current ? limit : current;
}

/*
 * The most of the window; of its last quarter where the proposals fell by about as much in each:
 * what goes slowly is not back at once.
 */
static unsigned follow(const struct scale_ring *proposals, int64_t now_ms, int64_t window_ms,
		       unsigned proposal)
{
	unsigned most = most_since(proposals, now_ms - window_ms, proposal);
	unsigned before = most;
	unsigned steepest = 0;
	unsigned after = most;

	for (int64_t quarters = 3; quarters >= 0; quarters--) {
		before = after;
		after = quarters
				? most_since(proposals, now_ms - quarters * window_ms / 4, proposal)
				: proposal;
		if (before - after > steepest)
			steepest = before - after;
	}
	return 20 * (uint64_t)steepest <= 9 * (uint64_t)(most - proposal) ? before : most;
}

struct scale_limited scale_history_limit(const struct scale_history *history, int64_t now_ms,
					 const struct autoscale *autoscale, unsigned current,
					 unsigned proposal)
{
	const struct scale_ring *proposals = &history->proposals;
	unsigned up = least_since(proposals, now_ms - autoscale->up.stabilization_ms, proposal);
	unsigned down =
		autoscale->down.learned
			? follow(proposals, now_ms, autoscale->down.stabilization_ms, proposal)
			: most_since(proposals, now_ms - autoscale->down.stabilization_ms,
				     proposal);
	int64_t wish = current;
	int64_t limited;

	if (wish < up)
		wish = up;
	if (wish > down)
		wish = down;
	limited = wish;
	if (wish > current) {
		int64_t most = rate_limit(&history->changes, now_ms, &autoscale->up, current, true);

		limited = wish < most ? wish : most;
	} else if (wish < current) {
		int64_t least =
			rate_limit(&history->changes, now_ms, &autoscale->down, current, false);

		limited = wish > least ? wish : least;
	}
	return (struct scale_limited){
		.instances = (unsigned)limited,
		.by_window = wish != proposal,
		.by_rate = limited != wish,
	};
}
