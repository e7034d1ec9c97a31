// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How many instances, with which limits, and when they are started again: `deploy` and the older
 * keys that say the same. Where both are written they must agree.
 */
#include "manifests/decode_probes.h"
#include "manifests/decode_resources.h"
#include "manifests/scalar.h"

#include "runtime/base/cleanup.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

static bool restart_condition(const char *word, enum restart_condition *ret_condition)
{
	static const char *const words[] = {[RESTART_NO] = "no",
					    [RESTART_ON_FAILURE] = "on-failure",
					    [RESTART_ALWAYS] = "always",
					    [RESTART_UNLESS_STOPPED] = "unless-stopped"};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strcmp(words[i], word) != 0)
			continue;
		*ret_condition = (enum restart_condition)i;
		return true;
	}
	return false;
}

void decode_restart(struct decoder *decoder, const struct node *node, const char *key)
{
	struct restart_spec *restart = &decoder->service->restart;
	const char *text = decode_scalar(decoder, node, key);
	int64_t attempts = 0;

	if (!text || !text[0])
		return;
	if (strncmp(text, "on-failure:", 11) == 0) {
		struct err err;

		restart->condition = RESTART_ON_FAILURE;
		restart->pos = node->pos;
		if (scalar_int(text + 11, 0, INT32_MAX, &attempts, &err) < 0)
			decode_error(decoder, node, key, "%s", err.text);
		restart->max_attempts = (unsigned)attempts;
	} else if (restart_condition(text, &restart->condition)) {
		restart->pos = node->pos;
	} else {
		decode_error(decoder, node, key,
			     "'%.60s' is not \"no\", always, on-failure[:N] or unless-stopped",
			     text);
	}
}

static void policy_condition(struct decoder *decoder, const struct node *node, const char *key)
{
	struct restart_spec *restart = &decoder->service->restart;
	const char *text = decode_scalar(decoder, node, key);

	if (!text)
		return;
	if (strcmp(text, "none") == 0 || strcmp(text, "no") == 0)
		restart->condition = RESTART_NO;
	else if (strcmp(text, "on-failure") == 0)
		restart->condition = RESTART_ON_FAILURE;
	else if (strcmp(text, "unless-stopped") == 0)
		restart->condition = RESTART_UNLESS_STOPPED;
	else if (strcmp(text, "any") != 0 && strcmp(text, "always") != 0)
		decode_error(decoder, node, key, "'%.60s' is not none, on-failure or any", text);
}

static void policy_delay(struct decoder *decoder, const struct node *node, const char *key)
{
	decode_duration(decoder, node, key, &decoder->service->restart.delay_ms);
}

static void policy_attempts(struct decoder *decoder, const struct node *node, const char *key)
{
	int64_t attempts = 0;

	if (decode_int(decoder, node, key, (struct decode_range){0, INT32_MAX}, &attempts))
		decoder->service->restart.max_attempts = (unsigned)attempts;
}

static void policy_window(struct decoder *decoder, const struct node *node, const char *key)
{
	decode_duration(decoder, node, key, &decoder->service->restart.window_ms);
}

static void decode_policy(struct decoder *decoder, const struct node *node, const char *key)
{
	static const struct decode_field fields[] = {
		{"condition", policy_condition},
		{"delay", policy_delay},
		{"max_attempts", policy_attempts},
		{"window", policy_window},
	};
	static const struct decode_schema schema = {keys_restart_policy, fields,
						    ARRAY_SIZE(fields)};

	decoder->service->restart = (struct restart_spec){
		.condition = RESTART_ALWAYS, .delay_ms = -1, .pos = node->pos};
	decode_mapping(decoder, node, key, &schema);
}

/* A limit of 0 is none, as for the engines. */
static void decode_cpus(struct decoder *decoder, const struct node *node, const char *key)
{
	struct limits *limits = &decoder->service->limits;
	const char *text = decode_scalar(decoder, node, key);
	int64_t mcpu = 0;
	struct err err;

	if (!text)
		return;
	if (scalar_mcpu(text, &mcpu, &err) < 0)
		decode_error(decoder, node, key, "%s", err.text);
	else if (mcpu)
		decode_twin(decoder, node, key, (struct twin){&limits->cpu_mcpu, &limits->cpu_pos},
			    mcpu);
}

static void decode_memory(struct decoder *decoder, const struct node *node, const char *key)
{
	struct limits *limits = &decoder->service->limits;
	const char *text = decode_scalar(decoder, node, key);
	int64_t bytes = 0;
	struct err err;

	if (!text)
		return;
	if (scalar_bytes(text, &bytes, &err) < 0)
		decode_error(decoder, node, key, "%s", err.text);
	else if (bytes)
		decode_twin(decoder, node, key,
			    (struct twin){&limits->memory_bytes, &limits->memory_pos}, bytes);
}

static void decode_pids(struct decoder *decoder, const struct node *node, const char *key)
{
	struct limits *limits = &decoder->service->limits;
	int64_t pids = 0;

	if (!decode_int(decoder, node, key, (struct decode_range){-1, 4194304}, &pids))
		return;
	decode_twin(decoder, node, key, (struct twin){&limits->pids, &limits->pids_pos},
		    pids ? pids : -1);
}

static void decode_replicas(struct decoder *decoder, const struct node *node, const char *key)
{
	struct service *service = decoder->service;
	int64_t wanted = 0;
	int64_t replicas = service->replicas;

	if (!decode_int(decoder, node, key, (struct decode_range){0, DECODE_REPLICAS_MAX}, &wanted))
		return;
	decode_twin(decoder, node, key, (struct twin){&replicas, &service->replicas_pos}, wanted);
	service->replicas = (unsigned)replicas;
}

static void decode_limits(struct decoder *decoder, const struct node *node, const char *key)
{
	static const struct decode_field fields[] = {
		{"cpus", decode_cpus},
		{"memory", decode_memory},
		{"pids", decode_pids},
	};
	static const struct decode_schema schema = {keys_limits, fields, ARRAY_SIZE(fields)};

	decode_mapping(decoder, node, key, &schema);
}

static void decode_reservations(struct decoder *decoder, const struct node *node, const char *key)
{
	static const struct decode_field fields[] = {
		{"cpus", decode_cpu_reserved},
		{"memory", decode_memory_reserved},
		{"devices", decode_reserved_devices},
	};
	static const struct decode_schema schema = {keys_reservations, fields, ARRAY_SIZE(fields)};

	decode_mapping(decoder, node, key, &schema);
}

static void decode_resources(struct decoder *decoder, const struct node *node, const char *key)
{
	static const struct decode_field fields[] = {{"limits", decode_limits},
						     {"reservations", decode_reservations}};
	static const struct decode_schema schema = {keys_resources, fields, ARRAY_SIZE(fields)};

	decode_mapping(decoder, node, key, &schema);
}

static void decode_deploy_key(struct decoder *decoder, const struct node *node, const char *key)
{
	static const struct decode_field fields[] = {
		{"replicas", decode_replicas},
		{"mode", decode_mode},
		{"endpoint_mode", decode_endpoint_mode},
		{"labels", decode_deploy_labels},
		{"update_config", decode_update_config},
		{"rollback_config", decode_rollback_config},
		{"resources", decode_resources},
		{"restart_policy", decode_policy},
	};
	static const struct decode_schema schema = {keys_deploy, fields, ARRAY_SIZE(fields)};

	decode_mapping(decoder, node, key, &schema);
}

void decode_deploy(struct decoder *decoder, const struct node *service)
{
	static const struct decode_field fields[] = {
		{"scale", decode_replicas},
		{"cpus", decode_cpus},
		{"mem_limit", decode_memory},
		{"pids_limit", decode_pids},
		{"cpu_shares", decode_cpu_shares},
		{"cpu_quota", decode_cpu_quota},
		{"cpu_period", decode_cpu_period},
		{"cpuset", decode_cpuset},
		{"mem_reservation", decode_memory_reserved},
		{"memswap_limit", decode_memswap},
		{"x-memory-high", decode_memory_high},
		{"deploy", decode_deploy_key},
		{"x-restart", decode_x_restart},
	};

	decode_fields(decoder, service, fields, ARRAY_SIZE(fields));
}
