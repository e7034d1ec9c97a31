// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The policies that a simulation compares: davit's own controller, the same code that runs in a
 * supervisor; Kubernetes' HPA and Knative's KPA as their sources and defaults say; a fixed number.
 * All have the manifest's bounds and target of cpu, and see what their originals see: HPA the cpu
 * of 15 seconds every 15 seconds, KPA what is in flight every 2 seconds. Pure.
 */
#pragma once

#include "launcher/policy/forecast.h"
#include "launcher/policy/scale.h"
#include "launcher/policy/scale_panic.h"
#include "launcher/policy/simulate.h"

#define SIM_BUSY_SLOTS 60

/* State of any of them; begun by a sim_policy_*, which also says whose it is. */
struct sim_state {
	struct autoscale own; /* with behaviours of the policy's own */
	const struct sim_service *service;
	struct scaler scaler;
	struct forecast forecast;
	struct scale_panic panic;
	struct scale_history history;
	double busy[SIM_BUSY_SLOTS]; /* of the last 15 seconds, a ring */
	size_t busy_next, busy_used;
	unsigned fixed;
	int64_t asked_ms;
	unsigned was_ready;
};

struct sim_policy sim_policy_davit(struct sim_state *state, const struct autoscale *autoscale,
				   const struct sim_service *service);
struct sim_policy sim_policy_hpa(struct sim_state *state, const struct autoscale *autoscale,
				 const struct sim_service *service);
struct sim_policy sim_policy_kpa(struct sim_state *state, const struct autoscale *autoscale,
				 const struct sim_service *service);
struct sim_policy sim_policy_fixed(struct sim_state *state, unsigned instances);
