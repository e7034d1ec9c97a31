// SPDX-License-Identifier: GPL-2.0-or-later
/* Who decides in a simulation; see simulate_policies.h. */
#include "launcher/policy/simulate_policies.h"

#include <limits.h>
#include <math.h>

#define SAMPLES_MAX 4096
#define S	    INT64_C(1000)
#define PERCENT	    (100.0 * SCALE_MILLI)
#define BEGIN_S	    (INT64_C(11574) * 86400) /* a midnight: a load begins with its day */

static unsigned bounded(const struct autoscale *autoscale, unsigned wish)
{
	unsigned least = autoscale->min ? autoscale->min : 1;

	if (wish > autoscale->max)
		wish = autoscale->max;
	return wish < least ? least : wish;
}

/* Every ready one works as much as the others; those that start are known to do so. */
static size_t put_samples(const struct sim_view *view, unsigned ready, double busy,
			  struct scale_sample samples[SAMPLES_MAX])
{
	size_t count = 0;

	for (unsigned i = 0; i < view->wanted && count < SAMPLES_MAX; i++)
		samples[count++] = (struct scale_sample){
			.state = i < ready ? SAMPLE_READY : SAMPLE_UNREADY,
			.milli = (int64_t)(busy * PERCENT),
		};
	return count;
}

/* What all did in the last 15 seconds, in instances: new ones did nothing before they were there.
 */
static double mean_busy(struct sim_state *state, double busy)
{
	double sum = 0;

	state->busy[state->busy_next] = busy;
	state->busy_next = (state->busy_next + 1) % SIM_BUSY_SLOTS;
	if (state->busy_used < SIM_BUSY_SLOTS)
		state->busy_used++;
	for (size_t i = 0; i < state->busy_used; i++)
		sum += state->busy[i];
	return sum / (double)state->busy_used;
}

static unsigned decide_davit(void *opaque, const struct sim_view *view)
{
	struct sim_state *state = opaque;
	struct scale_sample samples[SAMPLES_MAX];
	int64_t now_s = BEGIN_S + view->now_ms / S;
	struct scale_input input = {
		.now_ms = view->now_ms,
		.current = view->wanted,
		.ready = view->ready,
		.room = UINT_MAX,
		.start_ms = state->service->start_ms,
		.has_queue = true,
		.span_ms = view->span_ms,
		.arrived = llround(view->arrived),
		.waiting = llround(view->waiting),
		.finished = llround(view->finished),
		.cpu_milli = llround(view->busy * PERCENT),
	};
	double busy = mean_busy(state, view->busy * view->ready) / (view->ready ? view->ready : 1);

	input.readings[SCALE_CPU] = (struct scale_reading){
		.samples = samples, .count = put_samples(view, view->ready, busy, samples)};
	input.expected = forecast_least(&state->forecast, state->own.forecast, now_s);
	struct scale_decision decision = scale_decide(&state->scaler, &state->own, &input);

	if (state->own.forecast != SCALE_FORECAST_NONE)
		forecast_record(&state->forecast, now_s, decision.lasting);
	return decision.desired;
}

static unsigned decide_hpa(void *opaque, const struct sim_view *view)
{
	struct sim_state *state = opaque;
	struct scale_sample samples[SAMPLES_MAX];
	/* Who became ready in the span has no sample of a whole one. */
	unsigned ready = view->ready < state->was_ready ? view->ready : state->was_ready;
	struct scale_rule rule = {
		.target_milli = state->own.targets[SCALE_CPU].milli,
		.full_milli = 100 * SCALE_MILLI,
		.up_tolerance_milli = 100,
		.down_tolerance_milli = 100,
	};
	unsigned proposal = view->wanted;
	size_t count = put_samples(view, ready, view->busy, samples);

	state->was_ready = view->ready;
	if (scale_ratio_propose(samples, count, &rule, view->wanted, &proposal) < 0)
		return view->wanted;
	struct scale_limited limited = scale_history_limit(&state->history, view->now_ms,
							   &state->own, view->wanted, proposal);
	unsigned desired = bounded(&state->own, limited.instances);

	scale_history_propose(&state->history, view->now_ms, &state->own, proposal);
	if (desired != view->wanted)
		scale_history_change(&state->history, view->now_ms, &state->own, view->wanted,
				     desired);
	return desired;
}

static unsigned decide_kpa(void *opaque, const struct sim_view *view)
{
	struct sim_state *state = opaque;
	double total = state->service->concurrency;
	struct scale_panic_rule rule = scale_panic_defaults(
		(int64_t)(total * (double)state->own.targets[SCALE_CPU].milli / 100.0));
	unsigned proposal = view->wanted;

	scale_panic_record(&state->panic, view->now_ms - 1, llround(view->in_flight * SCALE_MILLI));
	if (view->now_ms - state->asked_ms < 2 * S)
		return view->wanted;
	state->asked_ms = view->now_ms;
	if (scale_panic_propose(&state->panic, &rule, view->now_ms - 1, view->ready, &proposal) < 0)
		return view->wanted;
	return bounded(&state->own, proposal);
}

static unsigned decide_fixed(void *opaque, const struct sim_view *view)
{
	const struct sim_state *state = opaque;

	(void)view;
	return state->fixed;
}

static void begin(struct sim_state *state, const struct autoscale *autoscale,
		  const struct sim_service *service)
{
	*state = (struct sim_state){
		.own = *autoscale, .service = service, .was_ready = autoscale->min};
	if (!state->own.targets[SCALE_CPU].present)
		state->own.targets[SCALE_CPU] =
			(struct scale_target){.present = true, .milli = 70 * SCALE_MILLI};
}

struct sim_policy sim_policy_davit(struct sim_state *state, const struct autoscale *autoscale,
				   const struct sim_service *service)
{
	begin(state, autoscale, service);
	state->own = *autoscale;
	return (struct sim_policy){decide_davit, state, 250};
}

struct sim_policy sim_policy_hpa(struct sim_state *state, const struct autoscale *autoscale,
				 const struct sim_service *service)
{
	begin(state, autoscale, service);
	state->own.up = (struct scale_behavior){
		.policies = {{4, false, 15 * S}, {100, true, 15 * S}},
		.policy_count = 2,
	};
	state->own.down = (struct scale_behavior){
		.stabilization_ms = 300 * S,
		.policies = {{100, true, 15 * S}},
		.policy_count = 1,
	};
	return (struct sim_policy){decide_hpa, state, 15 * S};
}

struct sim_policy sim_policy_kpa(struct sim_state *state, const struct autoscale *autoscale,
				 const struct sim_service *service)
{
	begin(state, autoscale, service);
	return (struct sim_policy){decide_kpa, state, 1 * S};
}

struct sim_policy sim_policy_fixed(struct sim_state *state, unsigned instances)
{
	*state = (struct sim_state){.fixed = instances};
	return (struct sim_policy){decide_fixed, state, 1 * S};
}
