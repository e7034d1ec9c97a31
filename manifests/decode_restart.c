// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * `x-restart`: how long to wait between restarts, how many are too many, and which exit statuses
 * decide by themselves.
 */
#include "manifests/decode.h"
#include "manifests/scalar.h"

#include "runtime/base/cleanup.h"

#include <ctype.h>
#include <string.h>

static struct restart_tuning *tuning_of(struct decoder *decoder)
{
	return &decoder->service->restart.tuning;
}

static void decode_delay(struct decoder *decoder, const struct node *node, const char *key)
{
	decode_duration(decoder, node, key, &tuning_of(decoder)->delay_ms);
}

static void decode_max_delay(struct decoder *decoder, const struct node *node, const char *key)
{
	decode_duration(decoder, node, key, &tuning_of(decoder)->max_delay_ms);
}

static void decode_reset_after(struct decoder *decoder, const struct node *node, const char *key)
{
	decode_duration(decoder, node, key, &tuning_of(decoder)->reset_after_ms);
}

static void decode_milli(struct decoder *decoder, const struct node *node, const char *key,
			 struct decode_range range, unsigned *ret_milli)
{
	const char *text = decode_scalar(decoder, node, key);
	int64_t milli = 0;
	struct err err;

	if (text && scalar_milli(text, range.min, range.max, &milli, &err) < 0)
		decode_error(decoder, node, key, "%s", err.text);
	else if (text)
		*ret_milli = (unsigned)milli;
}

static void decode_factor(struct decoder *decoder, const struct node *node, const char *key)
{
	decode_milli(decoder, node, key, (struct decode_range){1, 100},
		     &tuning_of(decoder)->factor_milli);
}

static void decode_jitter(struct decoder *decoder, const struct node *node, const char *key)
{
	decode_milli(decoder, node, key, (struct decode_range){0, 1},
		     &tuning_of(decoder)->jitter_milli);
}

static void decode_burst(struct decoder *decoder, const struct node *node, const char *key)
{
	int64_t burst = 0;

	if (decode_int(decoder, node, key, (struct decode_range){1, RESTART_BURST_MAX}, &burst))
		tuning_of(decoder)->burst = (unsigned)burst;
}

static void decode_interval(struct decoder *decoder, const struct node *node, const char *key)
{
	int64_t ms = 0;

	decode_duration(decoder, node, key, &ms);
	if (ms > 0)
		tuning_of(decoder)->interval_ms = ms;
	else
		decode_error(decoder, node, key, "must be at least 1ms");
}

static void add_end(struct decoder *decoder, const struct node *node, const char *key,
		    struct end_set *set)
{
	const char *text = decode_scalar(decoder, node, key);
	bool digits = text && isdigit((unsigned char)text[0]);
	int64_t code = 0;
	int number = 0;

	if (!text)
		return;
	if (digits && scalar_int(text, 0, 255, &code, NULL) == 0)
		set->codes[code / 64] |= UINT64_C(1) << (code % 64);
	else if (!digits && scalar_signal(text, &number, NULL) == 0)
		set->signals |= UINT64_C(1) << (number - 1);
	else
		decode_error(decoder, node, key,
			     "'%.60s' is neither an exit status from 0 to 255 nor a signal such as "
			     "SIGTERM",
			     text);
}

static void decode_ends(struct decoder *decoder, const struct node *node, const char *key,
			struct end_set *set)
{
	if (node->kind == NODE_SCALAR)
		add_end(decoder, node, key, set);
	else if (node->kind == NODE_MAPPING)
		decode_error(decoder, node, key, "must be a list, this is a mapping");
	for (size_t i = 0; node->kind == NODE_SEQUENCE && i < node->count; i++)
		add_end(decoder, node->items[i], key, set);
}

static void decode_prevent(struct decoder *decoder, const struct node *node, const char *key)
{
	decode_ends(decoder, node, key, &tuning_of(decoder)->prevent);
}

static void decode_force(struct decoder *decoder, const struct node *node, const char *key)
{
	decode_ends(decoder, node, key, &tuning_of(decoder)->force);
}

/* Where a value contradicts another one: the later of the two is what has to change. */
static void check_curve(struct decoder *decoder, const struct node *node)
{
	struct restart_tuning *tuning = tuning_of(decoder);
	const struct node *max_delay = node_get(node, "max_delay");
	static const char *const curve[] = {"delay", "factor", "max_delay"};

	if (node_is_null(max_delay) && tuning->max_delay_ms < tuning->delay_ms)
		tuning->max_delay_ms = tuning->delay_ms;
	else if (tuning->max_delay_ms < tuning->delay_ms)
		decode_error(decoder, max_delay, "x-restart.max_delay", "is less than the delay");
	for (size_t i = 0; i < ARRAY_SIZE(curve); i++) {
		const struct node *value = node_get(node, curve[i]);

		if (node_is_null(value) || decoder->service->restart.delay_ms < 0)
			continue;
		decode_error(decoder, value, "x-restart",
			     "%s contradicts deploy.restart_policy.delay: write one of them",
			     curve[i]);
		return;
	}
}

static void check_burst(struct decoder *decoder, const struct node *node)
{
	const struct node *burst = node_get(node, "burst");
	const struct node *interval = node_get(node, "interval");

	if (!node_is_null(burst) && node_is_null(interval))
		decode_error(decoder, burst, "x-restart.burst",
			     "needs an interval, for example interval: 1m");
	else if (node_is_null(burst) && !node_is_null(interval))
		decode_error(decoder, interval, "x-restart.interval",
			     "needs a burst: how many restarts it may contain");
}

static bool is_empty(const struct end_set *set)
{
	return !(set->codes[0] | set->codes[1] | set->codes[2] | set->codes[3] | set->signals);
}

static void check_ends(struct decoder *decoder, const struct node *node)
{
	struct restart_tuning *tuning = tuning_of(decoder);
	bool both = (tuning->prevent.signals & tuning->force.signals) != 0;

	for (size_t i = 0; i < ARRAY_SIZE(tuning->prevent.codes); i++)
		both = both || (tuning->prevent.codes[i] & tuning->force.codes[i]);
	if (both)
		decode_error(decoder, node_get(node, "force_exit_codes"),
			     "x-restart.force_exit_codes",
			     "shares a status with prevent_exit_codes");
	if (decoder->service->restart.condition == RESTART_NO && is_empty(&tuning->force) &&
	    !decoder->report->list->error_count)
		report_warning(decoder->report, node->pos,
			       "%s.x-restart has no effect without restart: always, on-failure or "
			       "unless-stopped",
			       decoder->path);
}

void decode_x_restart(struct decoder *decoder, const struct node *node, const char *key)
{
	static const struct decode_field fields[] = {
		{"delay", decode_delay},
		{"factor", decode_factor},
		{"max_delay", decode_max_delay},
		{"reset_after", decode_reset_after},
		{"jitter", decode_jitter},
		{"burst", decode_burst},
		{"interval", decode_interval},
		{"prevent_exit_codes", decode_prevent},
		{"force_exit_codes", decode_force},
	};
	static const struct decode_schema schema = {keys_x_restart, fields, ARRAY_SIZE(fields)};
	size_t errors = decoder->report->list->error_count;

	*tuning_of(decoder) = (struct restart_tuning){.present = true,
						      .delay_ms = 100,
						      .max_delay_ms = 60000,
						      .reset_after_ms = 10000,
						      .factor_milli = 2000,
						      .jitter_milli = 100};
	decode_mapping(decoder, node, key, &schema);
	if (decoder->report->list->error_count > errors || node->kind != NODE_MAPPING)
		return;
	check_curve(decoder, node);
	check_burst(decoder, node);
	check_ends(decoder, node);
}
