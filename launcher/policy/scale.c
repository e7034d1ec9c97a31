// SPDX-License-Identifier: GPL-2.0-or-later
/* The decision; see scale.h. The queue's proposal is reckoned in scale_queue.c. */
#include "launcher/policy/scale.h"
#include "launcher/policy/scale_queue.h"

#define HOLD_MIN_MS INT64_C(60000)
#define HOLD_MAX_MS INT64_C(300000)

/* A use in per cent of what an instance may have is never more than this. */
static int64_t full_milli(enum scale_signal signal)
{
	switch (signal) {
	case SCALE_CPU:
	case SCALE_MEMORY:
	case SCALE_PRESSURE:
		return 100 * SCALE_MILLI;
	case SCALE_CONNECTIONS:
	case SCALE_BACKLOG:
	case SCALE_RATE:
	case SCALE_COMMAND:
	case SCALE_PROMETHEUS:
	case SCALE_SIGNALS:
		break;
	}
	return 0;
}

/* False: the signal has a target, and nothing was measured. */
static bool propose(struct scaler *scaler, const struct autoscale *autoscale,
		    const struct scale_input *input, enum scale_signal signal,
		    struct scale_decision *decision)
{
	const struct scale_reading *reading = &input->readings[signal];
	struct scale_rule rule = {
		.target_milli = autoscale->targets[signal].milli,
		.full_milli = full_milli(signal),
		.up_tolerance_milli = autoscale->up.tolerance_milli,
		.down_tolerance_milli = autoscale->down.tolerance_milli,
	};
	unsigned proposal = 0;
	unsigned lasting;

	if (!autoscale->targets[signal].present)
		return true;
	if (signal == SCALE_BACKLOG) {
		if (!input->has_queue)
			return false;
		proposal = scale_queue_propose(scaler, autoscale, input, decision, &lasting);
	} else if (scale_ratio_propose(reading->samples, reading->count, &rule, input->current,
				       &proposal) < 0) {
		return false;
	} else {
		lasting = scale_queue_is_draining(scaler, input->now_ms) ? 0 : proposal;
	}
	if (lasting > decision->lasting)
		decision->lasting = lasting;
	decision->proposals[signal] = proposal ? proposal : 1;
	if (decision->proposals[signal] > decision->proposal) {
		decision->proposal = decision->proposals[signal];
		decision->decisive = signal;
	}
	return true;
}

static unsigned bounded(const struct autoscale *autoscale, const struct scale_input *input,
			unsigned wish, struct scale_decision *decision)
{
	unsigned least = autoscale->min ? autoscale->min : 1;

	if (wish > autoscale->max) {
		wish = autoscale->max;
		decision->limit = SCALE_BY_MAX;
	}
	if (wish > input->room && wish > input->current) {
		wish = input->room > input->current ? input->room : input->current;
		decision->limit = SCALE_BY_ROOM;
	}
	if (wish < least) {
		wish = least;
		decision->limit = SCALE_BY_MIN;
	}
	return wish;
}

static int64_t within(int64_t value, int64_t least, int64_t most)
{
	if (value > most)
		value = most;
	return value < least ? least : value;
}

/*
 * The window before instances are taken away, where the manifest does not say it. Half of what was
 * taken away needed again within five minutes: it should have been held for that long. Not needed:
 * the window was too long. So a load that comes back is waited for, and one that went is not. A
 * few instances of many, more or less, teach nothing.
 */
static void learn_hold(struct scaler *scaler, const struct scale_input *input, unsigned proposal)
{
	int64_t gone_ms = input->now_ms - scaler->removed_ms;
	unsigned missed = proposal > input->current ? proposal - input->current : 0;
	unsigned removed =
		scaler->removed_from > input->current ? scaler->removed_from - input->current : 0;

	if (!scaler->hold_ms)
		scaler->hold_ms = HOLD_MIN_MS;
	if (!scaler->removed_ms || (gone_ms <= HOLD_MAX_MS && 2 * missed <= removed))
		return;
	if (4 * removed >= scaler->removed_from)
		scaler->hold_ms = gone_ms <= HOLD_MAX_MS ? (scaler->hold_ms + gone_ms) * 5 / 4
							 : scaler->hold_ms * 4 / 5;
	scaler->hold_ms = within(scaler->hold_ms, HOLD_MIN_MS, HOLD_MAX_MS);
	scaler->removed_ms = 0;
	scaler->removed_from = 0;
}

static void note_removal(struct scaler *scaler, const struct scale_input *input)
{
	scaler->removed_ms = input->now_ms;
	if (input->current > scaler->removed_from)
		scaler->removed_from = input->current;
}

struct scale_decision scale_decide(struct scaler *scaler, const struct autoscale *autoscale,
				   const struct scale_input *input)
{
	struct scale_decision decision = {.desired = input->current};
	struct autoscale effective = *autoscale;
	bool complete = true;

	scale_queue_observe(scaler, autoscale, input);
	for (size_t i = 0; i < SCALE_SIGNALS; i++)
		complete &= propose(scaler, autoscale, input, (enum scale_signal)i, &decision);
	if (!decision.proposal || (!complete && decision.proposal < input->current)) {
		decision.limit = SCALE_BY_MISSING;
		decision.proposal = decision.lasting = input->current;
	}
	learn_hold(scaler, input, decision.proposal);
	if (autoscale->down.learned)
		effective.down.stabilization_ms = scaler->hold_ms;
	struct scale_limited limited = scale_history_limit(
		&scaler->history, input->now_ms, &effective, input->current, decision.proposal);

	scale_history_propose(&scaler->history, input->now_ms, &effective, decision.lasting);
	if (limited.by_window)
		decision.limit = SCALE_BY_WINDOW;
	if (limited.by_rate)
		decision.limit = SCALE_BY_RATE;
	decision.desired = bounded(autoscale, input, limited.instances, &decision);
	if (decision.desired < input->current && !scale_queue_is_draining(scaler, input->now_ms))
		note_removal(scaler, input);
	if (decision.desired != input->current)
		scale_history_change(&scaler->history, input->now_ms, autoscale, input->current,
				     decision.desired);
	return decision;
}
