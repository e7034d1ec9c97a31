// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which probes a service has, and what their results add up to for one run of one instance. Pure.
 *
 * A startup probe gates the others. An instance is ready once startup has succeeded, readiness is
 * healthy and liveness is not unhealthy. What `healthcheck` is for depends on what x-probe says:
 * it is the readiness and the liveness probe where x-probe has none.
 *
 * Waiting until an instance listens is a startup probe, too, which gives up after half a minute:
 * who is waited for is decided in manifests/listens.h.
 */
#pragma once

#include "launcher/policy/health.h"
#include "manifests/stack.h"

#define PROBES_MAX (PROBE_ROLES + 1)

/* One probe to run. */
struct probe_use {
	enum probe_method method;
	unsigned roles;		       /* bits 1 << PROBE_STARTUP, … */
	const struct probe_spec *spec; /* NULL: the health check, or nobody's */
	const struct text_list *test;  /* with PROBE_EXEC: what to run */
	struct probe_timing timing;
};

struct probe_set {
	struct probe_use uses[PROBES_MAX];
	size_t count;
};

/* The probes that are written for a service; borrows from it. */
void probe_set_of(const struct service *service, struct probe_set *ret_set);

/* Adds that an instance is awaited until it listens (listens_first()), where nothing else is asked
 * whether it has started. */
void probe_set_await_listener(struct probe_set *set);

/* It has that. */
bool probe_set_awaits_listener(const struct probe_set *set);

/* Something must succeed before an instance is ready. */
bool probe_set_gates(const struct probe_set *set);

/* Some probe is the instance's own word. */
bool probe_set_notifies(const struct probe_set *set);

struct vitals {
	struct health of[PROBES_MAX];
	bool started; /* the startup probe has succeeded, or there is none */
	bool ready;
};

enum vitals_change {
	VITALS_SAME,
	VITALS_STARTED, /* the other probes begin, but it is not ready yet */
	VITALS_READY,
	VITALS_UNREADY,
	VITALS_FAILED, /* it has to be started again, where it is started again at all */
};

struct probe_result {
	enum probe_outcome outcome;
	int64_t start_ms; /* when the probe was begun */
	int64_t end_ms;
};

/* Begins a run; @now_ms is when the exec worked. */
void vitals_init(const struct probe_set *set, struct vitals *vitals, int64_t now_ms);

/* Whether the probe is to be run at all at present. */
bool vitals_due(const struct probe_set *set, const struct vitals *vitals, size_t index);

enum vitals_change vitals_result(const struct probe_set *set, struct vitals *vitals, size_t index,
				 const struct probe_result *result);

/* All of them in one word. */
enum health_status vitals_status(const struct probe_set *set, const struct vitals *vitals);
