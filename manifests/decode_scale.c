// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * `x-autoscale`: between how many and how many instances, by which signals, how fast, and when.
 */
#include "manifests/decode_probes.h"
#include "manifests/metric.h"
#include "manifests/scalar.h"

#include "runtime/base/cleanup.h"

#include <string.h>

#define CPU_DEFAULT_MILLI     70000
#define BACKLOG_DEFAULT_MILLI 1000

static struct autoscale *autoscale_of(struct decoder *decoder)
{
	return &decoder->service->autoscale;
}

/* ---- bounds ---- */

static void decode_min(struct decoder *decoder, const struct node *node, const char *key)
{
	int64_t min = 0;

	if (decode_int(decoder, node, key, (struct decode_range){0, DECODE_REPLICAS_MAX}, &min) &&
	    min == 0)
		decode_error(decoder, node, key,
			     "is at least 1: to run none while nobody needs it write idle: 5m");
	else if (min > 0)
		autoscale_of(decoder)->min = (unsigned)min;
}

static void decode_max(struct decoder *decoder, const struct node *node, const char *key)
{
	int64_t max = 0;

	if (!decode_int(decoder, node, key, (struct decode_range){1, DECODE_REPLICAS_MAX}, &max))
		return;
	autoscale_of(decoder)->max = (unsigned)max;
	autoscale_of(decoder)->max_pos = node->pos;
}

static void decode_idle(struct decoder *decoder, const struct node *node, const char *key)
{
	decode_period(decoder, node, key, &autoscale_of(decoder)->idle_ms);
}

static void decode_forecast(struct decoder *decoder, const struct node *node, const char *key)
{
	static const char *const words[] = {[SCALE_FORECAST_NONE] = "none",
					    [SCALE_FORECAST_DAILY] = "daily",
					    [SCALE_FORECAST_WEEKLY] = "weekly",
					    NULL};
	unsigned index = SCALE_FORECAST_NONE;

	if (decode_choice(decoder, node, key, words, &index))
		autoscale_of(decoder)->forecast = (enum scale_forecast)index;
}

/* ---- targets ---- */

static void set_target(struct decoder *decoder, const struct node *node, enum scale_signal signal,
		       int64_t milli)
{
	autoscale_of(decoder)->targets[signal] =
		(struct scale_target){.present = true, .milli = milli, .pos = node->pos};
}

/* A number with a unit behind it: "70%", "200/s". False, with an error, for anything else. */
static bool decode_unit(struct decoder *decoder, const struct node *node, const char *key,
			const char *unit, int64_t *ret_milli)
{
	const char *text = decode_scalar(decoder, node, key);
	size_t len = text ? strlen(text) : 0;
	size_t unit_len = strlen(unit);
	int64_t max = strcmp(unit, "%") == 0 ? 10000 : 1000000000;
	struct err err;

	if (!text)
		return false;
	if (len <= unit_len || strcmp(text + len - unit_len, unit) != 0) {
		decode_error(decoder, node, key, "'%.60s' has no unit: write for example %s%s",
			     text, unit_len == 1 ? "70" : "200", unit);
		return false;
	}
	const char *number = arena_copy(decoder->scratch, text, len - unit_len);

	if (scalar_milli(number, 0, max, ret_milli, &err) < 0) {
		decode_error(decoder, node, key, "%s", err.text);
		return false;
	}
	if (*ret_milli == 0)
		decode_error(decoder, node, key, "is more than 0");
	return *ret_milli != 0;
}

static void decode_percent(struct decoder *decoder, const struct node *node, const char *key,
			   enum scale_signal signal)
{
	int64_t milli = 0;

	if (decode_unit(decoder, node, key, "%", &milli))
		set_target(decoder, node, signal, milli);
}

static void decode_cpu(struct decoder *decoder, const struct node *node, const char *key)
{
	decode_percent(decoder, node, key, SCALE_CPU);
}

static void decode_memory(struct decoder *decoder, const struct node *node, const char *key)
{
	decode_percent(decoder, node, key, SCALE_MEMORY);
}

static void decode_pressure(struct decoder *decoder, const struct node *node, const char *key)
{
	decode_percent(decoder, node, key, SCALE_PRESSURE);
}

static void decode_rate(struct decoder *decoder, const struct node *node, const char *key)
{
	int64_t milli = 0;

	if (decode_unit(decoder, node, key, "/s", &milli))
		set_target(decoder, node, SCALE_RATE, milli);
}

static void decode_count(struct decoder *decoder, const struct node *node, const char *key,
			 enum scale_signal signal)
{
	const char *text = decode_scalar(decoder, node, key);
	int64_t milli = 0;
	struct err err;

	if (text && scalar_milli(text, 0, 1000000000, &milli, &err) < 0)
		decode_error(decoder, node, key, "%s", err.text);
	else if (text && milli == 0)
		decode_error(decoder, node, key, "is more than 0");
	else if (text)
		set_target(decoder, node, signal, milli);
}

static void decode_connections(struct decoder *decoder, const struct node *node, const char *key)
{
	decode_count(decoder, node, key, SCALE_CONNECTIONS);
}

static void decode_backlog(struct decoder *decoder, const struct node *node, const char *key)
{
	decode_count(decoder, node, key, SCALE_BACKLOG);
}

static void command_test(struct decoder *decoder, const struct node *node, const char *key)
{
	if (!decode_program(decoder, node, key, &autoscale_of(decoder)->command))
		decode_error(decoder, node, key,
			     "must be text, [CMD, program, …] or [CMD-SHELL, text]");
}

static void command_target(struct decoder *decoder, const struct node *node, const char *key)
{
	decode_count(decoder, node, key, SCALE_COMMAND);
}

static void gauge_port(struct decoder *decoder, const struct node *node, const char *key)
{
	int64_t port = 0;

	if (decode_int(decoder, node, key, (struct decode_range){1, 65535}, &port))
		autoscale_of(decoder)->gauge.port = (uint16_t)port;
}

static void gauge_path(struct decoder *decoder, const struct node *node, const char *key)
{
	const char *text = decode_scalar(decoder, node, key);

	if (text && text[0] != '/')
		decode_error(decoder, node, key, "'%.60s' must start with /", text);
	else if (text)
		autoscale_of(decoder)->gauge.path = arena_text(decoder->keep, text);
}

static void gauge_metric(struct decoder *decoder, const struct node *node, const char *key)
{
	const char *text = decode_scalar(decoder, node, key);
	struct err err;

	if (text && metric_check(text, &err) < 0)
		decode_error(decoder, node, key, "%s", err.text);
	else if (text)
		autoscale_of(decoder)->gauge.metric = arena_text(decoder->keep, text);
}

static void gauge_target(struct decoder *decoder, const struct node *node, const char *key)
{
	decode_count(decoder, node, key, SCALE_PROMETHEUS);
}

/* Every one of @keys must be there. */
static void require(struct decoder *decoder, const struct node *node, const char *key,
		    const char *const *keys)
{
	for (; node->kind == NODE_MAPPING && *keys; keys++)
		if (node_is_null(node_get(node, *keys)))
			decode_error(decoder, node, key, "needs a %s", *keys);
}

static void decode_command_signal(struct decoder *decoder, const struct node *node, const char *key)
{
	static const struct decode_field fields[] = {{"test", command_test},
						     {"target", command_target}};
	static const struct decode_schema schema = {keys_scale_command, fields, ARRAY_SIZE(fields)};

	decode_mapping(decoder, node, key, &schema);
	require(decoder, node, key, (const char *const[]){"test", "target", NULL});
}

static void decode_prometheus(struct decoder *decoder, const struct node *node, const char *key)
{
	static const struct decode_field fields[] = {{"port", gauge_port},
						     {"path", gauge_path},
						     {"metric", gauge_metric},
						     {"target", gauge_target}};
	static const struct decode_schema schema = {keys_scale_prometheus, fields,
						    ARRAY_SIZE(fields)};

	autoscale_of(decoder)->gauge.path = arena_text(decoder->keep, "/metrics");
	decode_mapping(decoder, node, key, &schema);
	require(decoder, node, key, (const char *const[]){"port", "metric", "target", NULL});
}

/* ---- how fast ---- */

static void decode_window(struct decoder *decoder, const struct node *node, const char *key)
{
	int64_t ms = decoder->scaling->stabilization_ms;

	decode_duration(decoder, node, key, &ms);
	if (ms > 3600000)
		decode_error(decoder, node, key, "is at most 1h");
	else
		decoder->scaling->stabilization_ms = ms;
	decoder->scaling->learned = false;
}

static void decode_tolerance(struct decoder *decoder, const struct node *node, const char *key)
{
	int64_t milli = 0;

	if (decode_unit(decoder, node, key, "%", &milli))
		decoder->scaling->tolerance_milli = (unsigned)(milli / 100);
}

static void decode_select(struct decoder *decoder, const struct node *node, const char *key)
{
	static const char *const words[] = {[SCALE_SELECT_MAX] = "max",
					    [SCALE_SELECT_MIN] = "min",
					    [SCALE_SELECT_DISABLED] = "disabled",
					    NULL};
	unsigned index = SCALE_SELECT_MAX;

	if (decode_choice(decoder, node, key, words, &index))
		decoder->scaling->select = (enum scale_select)index;
}

/* "100%/15s" or "4/15s". */
static void add_policy(struct decoder *decoder, const struct node *node, const char *key)
{
	struct scale_behavior *scaling = decoder->scaling;
	const char *text = decode_scalar(decoder, node, key);
	size_t len = text ? strcspn(text, "%/") : 0;
	struct scale_policy policy = {.percent = text && text[len] == '%'};
	int64_t amount = 0;

	if (!text)
		return;
	const char *period = text + len + policy.percent;
	bool good = scalar_int(arena_copy(decoder->scratch, text, len), 1, 1000000, &amount,
			       NULL) == 0 &&
		    *period == '/' && scalar_duration_ms(period + 1, &policy.period_ms, NULL) == 0;

	policy.amount = (unsigned)amount;
	if (!good)
		decode_error(decoder, node, key,
			     "'%.60s' is not a policy: write for example 4/15s or 100%%/15s", text);
	else if (policy.period_ms < 1000 || policy.period_ms > 1800000)
		decode_error(decoder, node, key, "the period of '%.60s' is not from 1s to 30m",
			     text);
	else if (scaling->policy_count == SCALE_POLICIES_MAX)
		decode_error(decoder, node, key, "has more than %d entries", SCALE_POLICIES_MAX);
	else
		scaling->policies[scaling->policy_count++] = policy;
}

static void decode_policies(struct decoder *decoder, const struct node *node, const char *key)
{
	decoder->scaling->policy_count = 0;
	if (node->kind == NODE_SCALAR)
		add_policy(decoder, node, key);
	else if (node->kind == NODE_MAPPING)
		decode_error(decoder, node, key, "must be a list, this is a mapping");
	for (size_t i = 0; node->kind == NODE_SEQUENCE && i < node->count; i++)
		add_policy(decoder, node->items[i], key);
}

static void decode_behavior(struct decoder *decoder, const struct node *node, const char *key)
{
	static const struct decode_field fields[] = {
		{"stabilization_window", decode_window},
		{"tolerance", decode_tolerance},
		{"select_policy", decode_select},
		{"policies", decode_policies},
	};
	static const struct decode_schema schema = {keys_scale_behavior, fields,
						    ARRAY_SIZE(fields)};

	decode_mapping(decoder, node, key, &schema);
}

static void decode_up(struct decoder *decoder, const struct node *node, const char *key)
{
	decoder->scaling = &autoscale_of(decoder)->up;
	decode_behavior(decoder, node, key);
}

static void decode_down(struct decoder *decoder, const struct node *node, const char *key)
{
	decoder->scaling = &autoscale_of(decoder)->down;
	decode_behavior(decoder, node, key);
}

/* ---- when ---- */

static struct scale_period *last_period(struct decoder *decoder)
{
	struct autoscale *autoscale = autoscale_of(decoder);

	return &autoscale->schedule[autoscale->schedule_count - 1];
}

static void period_cron(struct decoder *decoder, const struct node *node, const char *key)
{
	decode_cron(decoder, node, key, &last_period(decoder)->cron);
}

static void period_tz(struct decoder *decoder, const struct node *node, const char *key)
{
	decode_tz(decoder, node, key, &last_period(decoder)->tz);
}

static void period_min(struct decoder *decoder, const struct node *node, const char *key)
{
	int64_t min = 0;

	if (decode_int(decoder, node, key, (struct decode_range){1, DECODE_REPLICAS_MAX}, &min))
		last_period(decoder)->min = (unsigned)min;
	last_period(decoder)->pos = node->pos;
}

static void decode_schedule(struct decoder *decoder, const struct node *node, const char *key)
{
	static const struct decode_field fields[] = {
		{"cron", period_cron}, {"tz", period_tz}, {"min", period_min}};
	static const struct decode_schema schema = {keys_scale_schedule, fields,
						    ARRAY_SIZE(fields)};
	struct autoscale *autoscale = autoscale_of(decoder);

	if (node->kind != NODE_SEQUENCE) {
		decode_error(decoder, node, key, "must be a list, this is %s",
			     node_kind_name(node));
		return;
	}
	autoscale->schedule = arena_new(decoder->keep, struct scale_period, node->count);
	for (size_t i = 0; i < node->count && decode_room(decoder, node); i++) {
		const struct node *item = node->items[i];

		autoscale->schedule[autoscale->schedule_count++] =
			(struct scale_period){.tz = arena_text(decoder->keep, "UTC"), .min = 1};
		decode_mapping(decoder, item, key, &schema);
		require(decoder, item, key, (const char *const[]){"cron", "min", NULL});
	}
}

/* ---- the whole ---- */

static void set_defaults(struct autoscale *autoscale)
{
	*autoscale = (struct autoscale){
		.present = true,
		.min = 1,
		.up = {.tolerance_milli = 50,
		       .policies = {{4, false, 1000}, {900, true, 1000}},
		       .policy_count = 2},
		.down = {.tolerance_milli = 50,
			 .stabilization_ms = 120000,
			 .learned = true,
			 .policies = {{100, true, 15000}},
			 .policy_count = 1},
	};
}

static void set_default_targets(struct autoscale *autoscale)
{
	for (size_t i = 0; i < SCALE_SIGNALS; i++)
		if (autoscale->targets[i].present)
			return;
	autoscale->targets[SCALE_CPU] =
		(struct scale_target){.present = true, .milli = CPU_DEFAULT_MILLI};
	autoscale->targets[SCALE_BACKLOG] =
		(struct scale_target){.present = true, .milli = BACKLOG_DEFAULT_MILLI};
}

void decode_x_autoscale(struct decoder *decoder, const struct node *node, const char *key)
{
	static const struct decode_field fields[] = {
		{"min", decode_min},
		{"max", decode_max},
		{"idle", decode_idle},
		{"cpu", decode_cpu},
		{"memory", decode_memory},
		{"pressure", decode_pressure},
		{"connections", decode_connections},
		{"backlog", decode_backlog},
		{"rate", decode_rate},
		{"command", decode_command_signal},
		{"prometheus", decode_prometheus},
		{"scale_up", decode_up},
		{"scale_down", decode_down},
		{"schedule", decode_schedule},
		{"forecast", decode_forecast},
	};
	static const struct decode_schema schema = {keys_x_autoscale, fields, ARRAY_SIZE(fields)};
	struct autoscale *autoscale = autoscale_of(decoder);
	size_t errors = decoder->report->list->error_count;

	set_defaults(autoscale);
	autoscale->pos = node->pos;
	decode_mapping(decoder, node, key, &schema);
	require(decoder, node, key, (const char *const[]){"max", NULL});
	set_default_targets(autoscale);
	/* What is faulty already is not checked against the rest. */
	if (decoder->report->list->error_count > errors)
		*autoscale = (struct autoscale){.pos = node->pos};
}
