// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Processor time of one decision about a service with so many instances, all signals and a history
 * that is full, a forecast included. usage: decide [INSTANCES [ROUNDS]]
 */
#include "launcher/policy/forecast.h"
#include "launcher/policy/scale.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define TICK_MS	  250
#define GOAL_USEC 20.0

static const struct autoscale rules = {
	.present = true,
	.min = 1,
	.max = 10000,
	.up = {.tolerance_milli = 50,
	       .policies = {{4, false, 1000}, {900, true, 1000}},
	       .policy_count = 2},
	.down = {.tolerance_milli = 50,
		 .learned = true,
		 .policies = {{100, true, 15000}},
		 .policy_count = 1},
	.forecast = SCALE_FORECAST_WEEKLY,
};

static double cpu_usec(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

/* What a tick may cost: all that is remembered is looked through. */
static unsigned decide(struct scaler *scaler, struct forecast *forecast,
		       const struct scale_input *like, int64_t tick)
{
	struct autoscale autoscale = rules;
	struct scale_input input = *like;
	int64_t now_s = 1000000000 + tick * TICK_MS / 1000;

	for (size_t i = 0; i < SCALE_SIGNALS; i++)
		autoscale.targets[i] = (struct scale_target){.present = true, .milli = 70000};
	input.now_ms = 1 + tick * TICK_MS;
	input.arrived = tick % 97;
	input.finished = tick % 89;
	input.waiting = tick % 5;
	input.expected = forecast_least(forecast, autoscale.forecast, now_s);
	struct scale_decision decision = scale_decide(scaler, &autoscale, &input);

	forecast_record(forecast, now_s, decision.lasting);
	return decision.desired;
}

int main(int argc, char **argv)
{
	unsigned instances = argc > 1 ? (unsigned)atoi(argv[1]) : 64;
	int64_t rounds = argc > 2 ? atoll(argv[2]) : 100000;
	struct scale_sample *samples = calloc(instances, sizeof(*samples));
	struct forecast *forecast = calloc(1, sizeof(*forecast));
	struct scaler scaler = {0};
	uint64_t sum = 0;

	if (!samples || !forecast)
		return EXIT_FAILURE;
	struct scale_input input = {.current = instances,
				    .ready = instances,
				    .room = UINT_MAX,
				    .start_ms = 500,
				    .has_queue = true,
				    .span_ms = TICK_MS,
				    .cpu_milli = 70000};

	for (unsigned i = 0; i < instances; i++)
		samples[i] = (struct scale_sample){SAMPLE_READY, 60000 + 1000 * (i % 20)};
	for (size_t i = 0; i < SCALE_SIGNALS; i++)
		input.readings[i] = (struct scale_reading){samples, instances};
	double begun_usec = cpu_usec();

	for (int64_t tick = 0; tick < rounds; tick++)
		sum += decide(&scaler, forecast, &input, tick);
	double each_usec = (cpu_usec() - begun_usec) / (double)rounds;

	printf("%.2f us for one decision about %u instances by all signals (mean wish %.1f); goal "
	       "%.0f "
	       "us: %s\n",
	       each_usec, instances, (double)sum / (double)rounds, GOAL_USEC,
	       each_usec <= GOAL_USEC ? "met" : "MISSED");
	free(samples);
	free(forecast);
	return EXIT_SUCCESS;
}
