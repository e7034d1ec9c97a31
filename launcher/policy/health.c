// SPDX-License-Identifier: GPL-2.0-or-later
/* The schedule of probes and their streaks. */
#include "launcher/policy/health.h"

#include "runtime/base/cleanup.h"

#include <assert.h>

/* After which a program that needs no time to start is asked. */
#define FIRST_MS 100

static int64_t smaller(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* The first moment at which the engine could have a failure that counts. */
static int64_t counted_from_ms(const struct probe_timing *spec, const struct health *health)
{
	int64_t after_ms = spec->start_period_ms > 0 ? spec->start_period_ms : spec->interval_ms;

	return health->started_ms + after_ms;
}

void health_init(struct health *health, int64_t now_ms)
{
	*health = (struct health){
		.status = HEALTH_STARTING,
		.started_ms = now_ms,
		.last_end_ms = now_ms,
	};
}

int64_t health_next_probe_ms(const struct probe_timing *spec, const struct health *health)
{
	int64_t counted_ms = counted_from_ms(spec, health);

	if (health->status != HEALTH_STARTING || health->last_end_ms >= counted_ms)
		return health->last_end_ms + spec->interval_ms;

	int64_t age_ms = health->last_end_ms - health->started_ms;
	int64_t step_ms = smaller(spec->interval_ms, spec->start_interval_ms);

	step_ms = smaller(step_ms, age_ms > FIRST_MS ? age_ms : FIRST_MS);
	return smaller(health->last_end_ms + step_ms, counted_ms);
}

static enum health_change succeeded(struct health *health)
{
	health->streak = 0;
	if (health->status == HEALTH_HEALTHY)
		return HEALTH_NOTHING;
	health->status = HEALTH_HEALTHY;
	return HEALTH_BECAME_HEALTHY;
}

static enum health_change failed(const struct probe_timing *spec, struct health *health)
{
	if (health->streak < spec->retries)
		health->streak++;
	if (health->status == HEALTH_UNHEALTHY || health->streak < spec->retries)
		return HEALTH_NOTHING;
	health->status = HEALTH_UNHEALTHY;
	return HEALTH_BECAME_UNHEALTHY;
}

enum health_change health_result(const struct probe_timing *spec, struct health *health,
				 enum probe_outcome outcome, int64_t probe_start_ms, int64_t now_ms)
{
	health->last_end_ms = now_ms;
	if (outcome == PROBE_OK)
		return succeeded(health);
	if (health->status == HEALTH_STARTING && probe_start_ms < counted_from_ms(spec, health))
		return HEALTH_NOTHING;
	return failed(spec, health);
}

#define STATUS_NAME(id, name) [HEALTH_##id] = (name),

static const char *const status_names[] = {HEALTH_STATUS_LIST(STATUS_NAME)};

_Static_assert(ARRAY_SIZE(status_names) == HEALTH_STATUSES, "every status has a name");

const char *health_status_name(enum health_status status)
{
	assert(status < HEALTH_STATUSES);
	return status_names[status];
}
