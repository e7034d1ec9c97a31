// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * When to probe an instance and what its results add up to. Pure; times are milliseconds of
 * CLOCK_MONOTONIC that the caller read.
 *
 * A result counts exactly when the engine would have had it: failures of probes started before
 * start_period is over, or before the engine's first probe would have run, are not counted.
 * Ours alone: until that first counted moment we probe after 100 ms, then whenever the run is twice
 * as old, at least every min(interval, start_interval), so that an instance is ready about when it
 * is, not one `interval` after its start. Such an early probe can only bring good news.
 */
#pragma once

#include <stdint.h>

#define HEALTH_STATUS_LIST(X)                                                                      \
	X(STARTING, "starting")                                                                    \
	X(HEALTHY, "healthy")                                                                      \
	X(UNHEALTHY, "unhealthy")

#define HEALTH_ENUM_STATUS(id, name) HEALTH_##id,

enum health_status { HEALTH_STATUS_LIST(HEALTH_ENUM_STATUS) HEALTH_STATUSES };

enum probe_outcome {
	PROBE_OK,     /* exit 0 */
	PROBE_FAILED, /* any other end, also a probe that could not be started */
	PROBE_TIMEOUT,
};

/* How often, and how many failures count: of a health check or of an x-probe. */
struct probe_timing {
	int64_t interval_ms;
	int64_t timeout_ms;
	int64_t start_period_ms;
	int64_t start_interval_ms;
	unsigned retries;
};

enum health_change {
	HEALTH_NOTHING,
	HEALTH_BECAME_HEALTHY,
	HEALTH_BECAME_UNHEALTHY,
};

/* One run of one instance; plain data, may be stored and read back. */
struct health {
	enum health_status status;
	unsigned streak;     /* counted failures in a row */
	int64_t started_ms;  /* when the program started */
	int64_t last_end_ms; /* when the last probe ended; started_ms before the first */
};

/* Begins a run: "starting", nothing probed. @now_ms is when the exec worked. */
void health_init(struct health *health, int64_t now_ms);

/* When the next probe is to be started; may lie in the past: then at once. Not to be asked while
 * a probe runs: the spacing is measured from its end. */
int64_t health_next_probe_ms(const struct probe_timing *spec, const struct health *health);

/*
 * Takes the result of a probe.
 *
 * @probe_start_ms	when it was started: decides whether a failure counts
 * @now_ms		when it ended
 *
 * Returns what the caller has to tell the instance's state machine.
 */
enum health_change health_result(const struct probe_timing *spec, struct health *health,
				 enum probe_outcome outcome, int64_t probe_start_ms,
				 int64_t now_ms);

/* "starting", "healthy", "unhealthy". */
const char *health_status_name(enum health_status status);
