// SPDX-License-Identifier: GPL-2.0-or-later
/* Startup, readiness and liveness as one state; see vitals.h. */
#include "launcher/policy/vitals.h"

#define BIT(role) (1u << (role))

#define LISTEN_MS 30000 /* after which a program that does not listen is called all the same */

static struct probe_use *add(struct probe_set *set, enum probe_method method, unsigned roles)
{
	struct probe_use *use = &set->uses[set->count++];

	*use = (struct probe_use){.method = method, .roles = roles};
	return use;
}

static void add_probe(struct probe_set *set, const struct probe_spec *spec, enum probe_role role)
{
	bool silent = spec->method == PROBE_NOTIFY;

	/* (a listener is another matter, below) */
	if (spec->method == PROBE_UNWRITTEN || spec->method == PROBE_NONE ||
	    spec->method == PROBE_LISTEN)
		return;
	struct probe_use *use = add(set, spec->method, BIT(role));

	use->spec = spec;
	use->test = &spec->test;
	/* An instance that speaks for itself is not asked: its silence counts at once. */
	use->timing = (struct probe_timing){
		.interval_ms = silent ? 0 : spec->interval_ms,
		.timeout_ms = spec->timeout_ms,
		.start_period_ms = spec->start_period_ms,
		.start_interval_ms = spec->start_interval_ms,
		.retries = spec->retries,
	};
}

static void add_healthcheck(struct probe_set *set, const struct service *service)
{
	const struct healthcheck *check = &service->healthcheck;
	unsigned roles = 0;

	if (service->probes[PROBE_READINESS].method == PROBE_UNWRITTEN)
		roles |= BIT(PROBE_READINESS);
	if (service->probes[PROBE_LIVENESS].method == PROBE_UNWRITTEN)
		roles |= BIT(PROBE_LIVENESS);
	if (!check->present || !roles)
		return;
	struct probe_use *use = add(set, PROBE_EXEC, roles);

	use->test = &check->test;
	use->timing = (struct probe_timing){
		.interval_ms = check->interval_ms,
		.timeout_ms = check->timeout_ms,
		.start_period_ms = check->start_period_ms,
		.start_interval_ms = check->start_interval_ms,
		.retries = check->retries,
	};
}

void probe_set_of(const struct service *service, struct probe_set *ret_set)
{
	ret_set->count = 0;
	for (unsigned role = 0; role < PROBE_ROLES; role++)
		add_probe(ret_set, &service->probes[role], (enum probe_role)role);
	add_healthcheck(ret_set, service);
}

static bool has_role(const struct probe_set *set, unsigned roles)
{
	for (size_t i = 0; i < set->count; i++)
		if (set->uses[i].roles & roles)
			return true;
	return false;
}

bool probe_set_gates(const struct probe_set *set)
{
	return has_role(set, BIT(PROBE_STARTUP) | BIT(PROBE_READINESS));
}

static bool has_method(const struct probe_set *set, enum probe_method method)
{
	for (size_t i = 0; i < set->count; i++)
		if (set->uses[i].method == method)
			return true;
	return false;
}

bool probe_set_notifies(const struct probe_set *set)
{
	return has_method(set, PROBE_NOTIFY);
}

void probe_set_await_listener(struct probe_set *set)
{
	if (has_role(set, BIT(PROBE_STARTUP)))
		return;
	add(set, PROBE_LISTEN, BIT(PROBE_STARTUP))->timing =
		(struct probe_timing){.timeout_ms = LISTEN_MS, .retries = 1};
}

bool probe_set_awaits_listener(const struct probe_set *set)
{
	return has_method(set, PROBE_LISTEN);
}

static bool is_ready(const struct probe_set *set, const struct vitals *vitals)
{
	for (size_t i = 0; i < set->count; i++) {
		enum health_status status = vitals->of[i].status;

		if (set->uses[i].roles & BIT(PROBE_READINESS) && status != HEALTH_HEALTHY)
			return false;
		if (set->uses[i].roles & BIT(PROBE_LIVENESS) && status == HEALTH_UNHEALTHY)
			return false;
	}
	return vitals->started;
}

void vitals_init(const struct probe_set *set, struct vitals *vitals, int64_t now_ms)
{
	*vitals = (struct vitals){.started = !has_role(set, BIT(PROBE_STARTUP))};
	for (size_t i = 0; i < set->count; i++)
		health_init(&vitals->of[i], now_ms);
	vitals->ready = is_ready(set, vitals);
}

bool vitals_due(const struct probe_set *set, const struct vitals *vitals, size_t index)
{
	return vitals->started == !(set->uses[index].roles & BIT(PROBE_STARTUP));
}

/* The gate opens: the time of the others begins. */
static void start(const struct probe_set *set, struct vitals *vitals, int64_t now_ms)
{
	vitals->started = true;
	for (size_t i = 0; i < set->count; i++)
		if (!(set->uses[i].roles & BIT(PROBE_STARTUP)))
			health_init(&vitals->of[i], now_ms);
}

enum vitals_change vitals_result(const struct probe_set *set, struct vitals *vitals, size_t index,
				 const struct probe_result *result)
{
	const struct probe_use *use = &set->uses[index];
	bool was_ready = vitals->ready;
	bool was_started = vitals->started;
	enum health_change change = health_result(&use->timing, &vitals->of[index], result->outcome,
						  result->start_ms, result->end_ms);

	if (change == HEALTH_BECAME_HEALTHY && use->roles & BIT(PROBE_STARTUP))
		start(set, vitals, result->end_ms);
	vitals->ready = is_ready(set, vitals);
	if (change == HEALTH_BECAME_UNHEALTHY)
		return use->roles & (BIT(PROBE_STARTUP) | BIT(PROBE_LIVENESS)) ? VITALS_FAILED
									       : VITALS_UNREADY;
	if (vitals->ready != was_ready)
		return vitals->ready ? VITALS_READY : VITALS_UNREADY;
	return vitals->started != was_started ? VITALS_STARTED : VITALS_SAME;
}

enum health_status vitals_status(const struct probe_set *set, const struct vitals *vitals)
{
	for (size_t i = 0; i < set->count; i++)
		if (vitals->of[i].status == HEALTH_UNHEALTHY)
			return HEALTH_UNHEALTHY;
	return vitals->ready ? HEALTH_HEALTHY : HEALTH_STARTING;
}
