// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * `deploy` beyond numbers and limits: how instances are replaced, and how they are found.
 */
#include "manifests/decode_resources.h"
#include "manifests/scalar.h"

#include "runtime/base/cleanup.h"

#include <string.h>

/* The one of the two that is being decoded. */
static struct rollout_spec *current(struct decoder *decoder)
{
	struct deploy_spec *deploy = &decoder->service->deploy;

	return deploy->rollback.present ? &deploy->rollback : &deploy->update;
}

static void rollout_parallelism(struct decoder *decoder, const struct node *node, const char *key)
{
	int64_t value = 0;

	if (!decode_int(decoder, node, key, (struct decode_range){0, 100000}, &value))
		return;
	current(decoder)->parallelism = (unsigned)value;
}

static void rollout_delay(struct decoder *decoder, const struct node *node, const char *key)
{
	decode_duration(decoder, node, key, &current(decoder)->delay_ms);
}

static void rollout_monitor(struct decoder *decoder, const struct node *node, const char *key)
{
	decode_duration(decoder, node, key, &current(decoder)->monitor_ms);
}

static void rollout_failure(struct decoder *decoder, const struct node *node, const char *key)
{
	static const char *const words[] = {[ROLLOUT_PAUSE] = "pause",
					    [ROLLOUT_CONTINUE] = "continue",
					    [ROLLOUT_ROLLBACK] = "rollback"};
	struct rollout_spec *rollout = current(decoder);
	bool update = rollout == &decoder->service->deploy.update;
	const char *text = decode_scalar(decoder, node, key);

	for (size_t i = 0; text && i < ARRAY_SIZE(words) - !update; i++) {
		if (strcmp(words[i], text) != 0)
			continue;
		rollout->failure = (enum rollout_failure)i;
		return;
	}
	if (text)
		decode_error(decoder, node, key, "'%.60s' is not pause%s continue%s", text,
			     update ? "," : " or", update ? " or rollback" : "");
}

static void rollout_ratio(struct decoder *decoder, const struct node *node, const char *key)
{
	const char *text = decode_scalar(decoder, node, key);
	int64_t milli = 0;
	struct err err;

	if (!text)
		return;
	if (scalar_milli(text, 0, 1, &milli, &err) < 0)
		decode_error(decoder, node, key, "%s", err.text);
	current(decoder)->max_failure_ratio_milli = (unsigned)milli;
}

static void rollout_order(struct decoder *decoder, const struct node *node, const char *key)
{
	const char *text = decode_scalar(decoder, node, key);

	if (!text || strcmp(text, "stop-first") == 0)
		return;
	if (strcmp(text, "start-first") != 0) {
		decode_error(decoder, node, key, "'%.60s' is not stop-first or start-first", text);
		return;
	}
	current(decoder)->start_first = true;
}

static void decode_rollout(struct decoder *decoder, const struct node *node, const char *key)
{
	static const struct decode_field fields[] = {
		{"parallelism", rollout_parallelism}, {"delay", rollout_delay},
		{"monitor", rollout_monitor},	      {"failure_action", rollout_failure},
		{"max_failure_ratio", rollout_ratio}, {"order", rollout_order},
	};
	static const struct decode_schema schema = {keys_rollout, fields, ARRAY_SIZE(fields)};

	decode_mapping(decoder, node, key, &schema);
}

void decode_update_config(struct decoder *decoder, const struct node *node, const char *key)
{
	decoder->service->deploy.update =
		(struct rollout_spec){.present = true, .parallelism = 1, .pos = node->pos};
	decode_rollout(decoder, node, key);
}

/* After decode_update_config(): see current(). */
void decode_rollback_config(struct decoder *decoder, const struct node *node, const char *key)
{
	decoder->service->deploy.rollback =
		(struct rollout_spec){.present = true, .parallelism = 1, .pos = node->pos};
	decode_rollout(decoder, node, key);
}

void decode_endpoint_mode(struct decoder *decoder, const struct node *node, const char *key)
{
	struct deploy_spec *deploy = &decoder->service->deploy;
	const char *text = decode_scalar(decoder, node, key);

	if (!text || strcmp(text, "vip") == 0)
		return;
	if (strcmp(text, "dnsrr") != 0) {
		decode_error(decoder, node, key, "'%.60s' is not vip or dnsrr", text);
		return;
	}
	deploy->dnsrr = true;
	deploy->dnsrr_pos = node->pos;
}

void decode_deploy_labels(struct decoder *decoder, const struct node *node, const char *key)
{
	decode_labels(decoder, node, key, &decoder->service->deploy.labels);
}

/* One per machine, and there is only this one. */
void decode_mode(struct decoder *decoder, const struct node *node, const char *key)
{
	struct service *service = decoder->service;
	const char *text = decode_scalar(decoder, node, key);

	if (!text || strcmp(text, "replicated") == 0)
		return;
	if (strcmp(text, "replicated-job") == 0 || strcmp(text, "global-job") == 0) {
		decode_error(decoder, node, key,
			     "%s is not supported: run it with restart: \"no\" or on-failure",
			     text);
		return;
	}
	if (strcmp(text, "global") != 0) {
		decode_error(decoder, node, key, "'%.60s' is not replicated or global", text);
		return;
	}
	service->deploy.global = true;
	report_warning(decoder->report, node->pos,
		       "%s.%s: global is one instance: there is only this machine", decoder->path,
		       key);
	if (service->replicas_pos.line && service->replicas != 1)
		report_warning(decoder->report, service->replicas_pos,
			       "%s: replicas have no effect with mode global", decoder->path);
	service->replicas = 1;
}
