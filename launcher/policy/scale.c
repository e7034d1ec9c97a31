// SPDX-License-Identifier: GPL-2.0-or-later
/* The decision; see scale.h. The queue's proposal is reckoned in scale_queue.c, how long to wait
 * before there are fewer in scale_hold.c. */
#include "launcher/policy/scale.h"
#include "launcher/policy/scale_hold.h"
#include "launcher/policy/scale_queue.h"

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
	unsigned most = input->room > input->current ? input->room : input->current;
	unsigned expected = input->expected;

	if (expected > autoscale->max)
		expected = autoscale->max;
	if (expected > most)
		expected = most;

	if (wish > autoscale->max) {
		wish = autoscale->max;
		decision->limit = SCALE_BY_MAX;
	}
	if (wish > input->room && wish > input->current) {
		wish = most;
		decision->limit = SCALE_BY_ROOM;
	}
	if (wish < least) {
		wish = least;
		decision->limit = SCALE_BY_MIN;
	}
	if (wish < expected) {
		wish = expected;
		decision->limit = SCALE_BY_FORECAST;
	}
	return wish;
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
	decision.missing = !complete;
	if (!decision.proposal || (!complete && decision.proposal < input->current)) {
		decision.limit = SCALE_BY_MISSING;
		decision.proposal = decision.lasting = input->current;
	}
	scale_hold_learn(&scaler->hold, autoscale, input->now_ms, input->current,
			 decision.proposal);
	if (autoscale->down.learned)
		effective.down.stabilization_ms = scaler->hold.ms;
	/* Somebody has set another number than ours: that is a proposal, too, and held as one. */
	if (scaler->desired && input->current != scaler->desired)
		scale_history_propose(&scaler->history, input->now_ms, &effective, input->current);
	struct scale_limited limited = scale_history_limit(
		&scaler->history, input->now_ms, &effective, input->current, decision.proposal);

	scale_history_propose(&scaler->history, input->now_ms, &effective, decision.lasting);
	if (limited.by_window)
		decision.limit = SCALE_BY_WINDOW;
	if (limited.by_rate)
		decision.limit = SCALE_BY_RATE;
	decision.desired = bounded(autoscale, input, limited.instances, &decision);
	scaler->desired = decision.desired;
	if (decision.desired < input->current && !scale_queue_is_draining(scaler, input->now_ms))
		scale_hold_removed(&scaler->hold, input->now_ms, input->current);
	if (decision.desired != input->current)
		scale_history_change(&scaler->history, input->now_ms, autoscale, input->current,
				     decision.desired);
	return decision;
}
