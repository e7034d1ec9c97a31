// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * `x-schedule`, and how connections are handed out: `x-drain`, `x-balance`, `x-allow`.
 */
#include "manifests/cron.h"
#include "manifests/decode_probes.h"

#include "runtime/base/cleanup.h"

#include <ctype.h>
#include <string.h>

void decode_cron(struct decoder *decoder, const struct node *node, const char *key,
		 struct cron_times *ret_cron)
{
	const char *text = decode_scalar(decoder, node, key);
	struct err err;

	if (text && cron_parse(text, ret_cron, &err) < 0)
		decode_error(decoder, node, key, "%s", err.text);
	else if (text && !cron_is_ever(ret_cron))
		decode_error(decoder, node, key, "'%.60s' is no day of any year", text);
	else if (text)
		ret_cron->text = arena_text(decoder->keep, text);
}

/* What names a file below the system's zoneinfo: whether it is there, the launch finds out. */
static bool is_tz(const char *text)
{
	if (!isalpha((unsigned char)text[0]) || strlen(text) > 64 || strstr(text, ".."))
		return false;
	for (; *text; text++)
		if (!isalnum((unsigned char)*text) && !strchr("/_+-", *text))
			return false;
	return true;
}

void decode_tz(struct decoder *decoder, const struct node *node, const char *key, char **ret_tz)
{
	const char *text = decode_scalar(decoder, node, key);

	if (text && !is_tz(text))
		decode_error(decoder, node, key,
			     "'%.60s' is not a time zone: write for example Europe/Berlin", text);
	else if (text)
		*ret_tz = arena_text(decoder->keep, text);
}

/* ---- x-schedule ---- */

static void schedule_cron(struct decoder *decoder, const struct node *node, const char *key)
{
	decode_cron(decoder, node, key, &decoder->service->schedule.cron);
}

static void schedule_tz(struct decoder *decoder, const struct node *node, const char *key)
{
	decode_tz(decoder, node, key, &decoder->service->schedule.tz);
}

static void schedule_jitter(struct decoder *decoder, const struct node *node, const char *key)
{
	decode_duration(decoder, node, key, &decoder->service->schedule.jitter_ms);
}

static void schedule_concurrency(struct decoder *decoder, const struct node *node, const char *key)
{
	static const char *const words[] = {[SCHEDULE_FORBID] = "forbid",
					    [SCHEDULE_ALLOW] = "allow",
					    [SCHEDULE_REPLACE] = "replace",
					    NULL};
	unsigned index = SCHEDULE_FORBID;

	if (decode_choice(decoder, node, key, words, &index))
		decoder->service->schedule.concurrency = (enum schedule_concurrency)index;
}

void decode_x_schedule(struct decoder *decoder, const struct node *node, const char *key)
{
	static const struct decode_field fields[] = {
		{"cron", schedule_cron},
		{"tz", schedule_tz},
		{"concurrency", schedule_concurrency},
		{"jitter", schedule_jitter},
	};
	static const struct decode_schema schema = {keys_x_schedule, fields, ARRAY_SIZE(fields)};
	struct run_schedule *schedule = &decoder->service->schedule;

	*schedule = (struct run_schedule){
		.present = true, .tz = arena_text(decoder->keep, "UTC"), .pos = node->pos};
	if (node->kind != NODE_MAPPING) {
		schedule_cron(decoder, node, key);
		return;
	}
	decode_mapping(decoder, node, key, &schema);
	if (node_is_null(node_get(node, "cron")))
		decode_error(decoder, node, key, "needs a cron, for example 0 3 * * *");
}

/* ---- connections ---- */

void decode_x_drain(struct decoder *decoder, const struct node *node, const char *key)
{
	decode_duration(decoder, node, key, &decoder->service->traffic.drain_ms);
}

void decode_x_balance(struct decoder *decoder, const struct node *node, const char *key)
{
	static const char *const words[] = {
		[BALANCE_ROUND_ROBIN] = "round_robin", [BALANCE_SOURCE] = "source", NULL};
	unsigned index = BALANCE_ROUND_ROBIN;

	if (decode_choice(decoder, node, key, words, &index))
		decoder->service->traffic.balance = (enum balance)index;
}

void decode_x_allow(struct decoder *decoder, const struct node *node, const char *key)
{
	struct traffic *traffic = &decoder->service->traffic;

	decode_list(decoder, node, key, true, &traffic->allow);
	traffic->restricted = true;
}
