// SPDX-License-Identifier: GPL-2.0-or-later
/* See rollout.h. */
#include "launcher/policy/rollout.h"

static const struct rollout_spec one_at_a_time = {.parallelism = 1};

static const struct rollout_spec *spec_of(const struct desired *desired)
{
	return desired->rollout && desired->rollout->present ? desired->rollout : &one_at_a_time;
}

bool rollout_concerns(const struct observed *instance, const struct desired *desired)
{
	return !instance->replace && observed_outdated(instance, desired);
}

static bool has_failed(const struct observed *instance)
{
	return instance->state == INSTANCE_FAILED || instance->state == INSTANCE_BACKOFF ||
	       instance->state == INSTANCE_UNREADY;
}

static bool is_settled(const struct observed *instance)
{
	return (instance->state == INSTANCE_READY || instance->state == INSTANCE_COMPLETED) &&
	       !instance->watched;
}

void rollout_count(const struct observed *instance, const struct desired *desired,
		   struct rollout_progress *progress)
{
	if (instance->state == INSTANCE_STOPPING) {
		progress->stopping++;
	} else if (!observed_outdated(instance, desired)) {
		progress->current++;
		progress->settled += is_settled(instance);
		progress->failed += has_failed(instance);
	} else if (!instance->replace && observed_running(instance)) {
		progress->outdated++;
	}
}

unsigned rollout_parallelism(const struct desired *desired)
{
	unsigned most = desired->replicas ? desired->replicas : 1;
	unsigned wanted = spec_of(desired)->parallelism;

	return wanted && wanted < most ? wanted : most;
}

bool rollout_starts_first(const struct desired *desired)
{
	return spec_of(desired)->start_first;
}

bool rollout_has_failed(const struct desired *desired, const struct rollout_progress *progress)
{
	uint64_t tolerated_milli =
		(uint64_t)spec_of(desired)->max_failure_ratio_milli * desired->replicas;

	return progress->failed * UINT64_C(1000) > tolerated_milli;
}

bool rollout_is_paused(const struct desired *desired, const struct rollout_progress *progress)
{
	return spec_of(desired)->failure != ROLLOUT_CONTINUE &&
	       rollout_has_failed(desired, progress);
}

unsigned rollout_done(const struct desired *desired, const struct rollout_progress *progress)
{
	return progress->settled + (rollout_is_paused(desired, progress) ? 0 : progress->failed);
}

unsigned rollout_surge(const struct desired *desired, const struct rollout_progress *progress)
{
	unsigned coming = progress->current - progress->settled - progress->failed;
	unsigned missing =
		desired->replicas > progress->current ? desired->replicas - progress->current : 0;
	unsigned parallelism = rollout_parallelism(desired);
	unsigned room = parallelism > coming ? parallelism - coming : 0;

	if (!rollout_starts_first(desired) || !progress->outdated ||
	    rollout_is_paused(desired, progress))
		return 0;
	return room < missing ? room : missing;
}
