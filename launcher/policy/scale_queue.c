// SPDX-License-Identifier: GPL-2.0-or-later
/* Arrivals against capacity; see scale_queue.h. */
#include "launcher/policy/scale_queue.h"

#include <limits.h>

#define DRAIN_MS     INT64_C(1000)  /* what waits shall be served within */
#define LOAD_MILLI   INT64_C(700)   /* of what an instance manages, where no target is written */
#define MEASURED_MS  INT64_C(15000) /* over which uses are means */
#define FULL_MILLI   (100 * SCALE_MILLI)
#define LEAST_MILLI  (2 * SCALE_MILLI) /* a use of cpu below says nothing of a request's cost */
#define LEARNED_MS   INT64_C(4000)     /* a mean over about so long */
#define MILLI_PER_S  INT64_C(1000000)
#define SPARE_MILLI  INT64_C(500) /* of an instance */
#define SPARE_PART   INT64_C(10)
#define LITTLE_MILLI INT64_C(625) /* of a load that is less than an instance's, see below */

/* @mean moved towards @sample, which was seen for @span_ms. */
static int64_t move(int64_t mean, int64_t sample, int64_t span_ms)
{
	return mean ? mean + (sample - mean) * span_ms / (span_ms + LEARNED_MS) : sample;
}

static bool is_waiting(const struct autoscale *autoscale, int64_t waiting, unsigned ready)
{
	return waiting * SCALE_MILLI > autoscale->targets[SCALE_BACKLOG].milli * ready;
}

/*
 * What each manages: by what its cpu had left, and by what it did while connections waited. The
 * second knows of limits that are not cpu; doing more than it proves it wrong.
 */
static void learn(struct scaler *scaler, const struct autoscale *autoscale,
		  const struct scale_input *input)
{
	int64_t each_milli = input->finished * MILLI_PER_S / input->span_ms / input->ready;
	bool full = is_waiting(autoscale, scaler->waited, input->ready) &&
		    is_waiting(autoscale, input->waiting, input->ready);

	if (each_milli &&
	    (full || (scaler->full_capacity_milli && each_milli > scaler->full_capacity_milli)))
		scaler->full_capacity_milli =
			move(scaler->full_capacity_milli, each_milli, input->span_ms);
	if (input->cpu_milli >= LEAST_MILLI) {
		scaler->cpu_each_milli = move(scaler->cpu_each_milli, each_milli, input->span_ms);
		scaler->cpu_use_milli =
			move(scaler->cpu_use_milli, input->cpu_milli, input->span_ms);
	}
}

void scale_queue_observe(struct scaler *scaler, const struct autoscale *autoscale,
			 const struct scale_input *input)
{
	if (!input->has_queue || input->span_ms <= 0)
		return;
	scale_arrivals_record(&scaler->arrivals, input->now_ms - input->span_ms, input->now_ms,
			      input->arrived);
	if (input->ready && input->ready == scaler->was_ready)
		learn(scaler, autoscale, input);
	if (is_waiting(autoscale, input->waiting, input->ready))
		scaler->waited_ms = input->now_ms;
	scaler->waited = input->waiting;
	scaler->was_ready = input->ready;
}

bool scale_queue_is_draining(const struct scaler *scaler, int64_t now_ms)
{
	return scaler->waited_ms && now_ms - scaler->waited_ms < MEASURED_MS;
}

static int64_t capacity_milli(const struct scaler *scaler)
{
	int64_t full_milli = scaler->full_capacity_milli;
	int64_t cpu_milli = scaler->cpu_use_milli
				    ? scaler->cpu_each_milli * FULL_MILLI / scaler->cpu_use_milli
				    : 0;

	return !full_milli || (cpu_milli && cpu_milli < full_milli) ? cpu_milli : full_milli;
}

/* Whether @needed instances, in thousandths, are @current ones as nearly as asked. */
static bool is_tolerated(const struct autoscale *autoscale, int64_t needed_milli, unsigned current)
{
	return needed_milli <= current * (SCALE_MILLI + autoscale->up.tolerance_milli) &&
	       needed_milli >= current * (SCALE_MILLI - autoscale->down.tolerance_milli);
}

/*
 * How many serve that rate, in thousandths. Chance is the same for few as for many, so whatever the
 * target a part of one instance is left unused: half of one, less where the target is above 95 %.
 * Chance grows as the square root of a load, so below one instance's it is less: about five eighths
 * of what is used. One does for up to 60 % of what one manages.
 */
static int64_t needed_for(int64_t rate_milli, int64_t each_milli, int64_t load_milli)
{
	int64_t needed_milli = rate_milli * SCALE_MILLI / load_milli * SCALE_MILLI / each_milli;
	int64_t spare_milli = (SCALE_MILLI - load_milli) * SPARE_PART;

	if (spare_milli > SPARE_MILLI)
		spare_milli = SPARE_MILLI;
	if (spare_milli < 0)
		spare_milli = 0;
	int64_t busy_milli = rate_milli * SCALE_MILLI / each_milli;

	if (spare_milli > busy_milli * LITTLE_MILLI / SCALE_MILLI)
		spare_milli = busy_milli * LITTLE_MILLI / SCALE_MILLI;
	int64_t least_milli = busy_milli + spare_milli;

	return needed_milli > least_milli ? needed_milli : least_milli;
}

/*
 * How many will wait when an instance that is started now is ready: one that comes when the queue
 * is gone helps nobody.
 */
static int64_t queue_ahead_milli(const struct scale_input *input,
				 const struct scale_decision *decision)
{
	int64_t served_milli = decision->capacity_milli * input->ready;
	int64_t ahead_milli = input->waiting * SCALE_MILLI +
			      (decision->rate_milli - served_milli) * input->start_ms / 1000;

	return ahead_milli > 0 ? ahead_milli : 0;
}

int64_t scale_queue_load_milli(const struct autoscale *autoscale)
{
	const struct scale_target *cpu = &autoscale->targets[SCALE_CPU];

	return cpu->present ? cpu->milli / 100 : LOAD_MILLI;
}

unsigned scale_queue_propose(const struct scaler *scaler, const struct autoscale *autoscale,
			     const struct scale_input *input, struct scale_decision *decision,
			     unsigned *ret_lasting)
{
	int64_t each_milli = capacity_milli(scaler);
	int64_t load_milli = scale_queue_load_milli(autoscale);
	bool waiting = is_waiting(autoscale, input->waiting, input->ready);

	decision->rate_milli = scale_arrivals_rate_milli(&scaler->arrivals, input->now_ms);
	decision->capacity_milli = each_milli;
	*ret_lasting = 0;
	/* (of those that work: whoever only starts has not shown that he does not suffice) */
	if (!each_milli && waiting)
		return 2 * input->ready > input->current ? 2 * input->ready : input->current;
	if (!each_milli)
		return 0;
	int64_t needed_milli = needed_for(decision->rate_milli, each_milli, load_milli);
	int64_t drain_milli =
		queue_ahead_milli(input, decision) * 1000 / DRAIN_MS * SCALE_MILLI / each_milli;

	*ret_lasting = is_tolerated(autoscale, needed_milli, input->current)
			       ? input->current
			       : scale_instances(needed_milli, SCALE_MILLI);
	if (drain_milli)
		return scale_instances(needed_milli + drain_milli, SCALE_MILLI);
	/* Who works on what waits is needed until nothing does, and one of them for a while more:
	 * what piled up by chance does so again. */
	if (*ret_lasting >= input->current)
		return *ret_lasting;
	if (waiting)
		return input->current;
	return *ret_lasting + scale_queue_is_draining(scaler, input->now_ms);
}
