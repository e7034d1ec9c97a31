// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Printing limits, and `deploy` beyond the number of instances and their restarts.
 */
#include "manifests/print.h"

#include <inttypes.h>

static void put_mcpu(struct printer *printer, struct node *node, const char *key, int64_t mcpu)
{
	if (mcpu)
		print_put_text(printer, node, key,
			       arena_format(&printer->arena, "%" PRId64 ".%03" PRId64, mcpu / 1000,
					    mcpu % 1000));
}

static void put_bytes(struct printer *printer, struct node *node, const char *key, int64_t bytes)
{
	if (bytes)
		print_put_text(printer, node, key,
			       arena_format(&printer->arena, "%" PRId64, bytes));
}

static void put_number(struct printer *printer, struct node *node, const char *key, int64_t value)
{
	if (value)
		print_put(printer, node, key, print_number(printer, value));
}

/* What deploy has no words for. */
static void put_service_limits(struct printer *printer, struct node *node,
			       const struct limits *limits)
{
	put_number(printer, node, "cpu_shares", limits->cpu_shares);
	put_number(printer, node, "cpu_quota", limits->cpu_quota_us);
	put_number(printer, node, "cpu_period", limits->cpu_period_us);
	print_put_text(printer, node, "cpuset", limits->cpuset.value);
	put_bytes(printer, node, "memswap_limit", limits->memory_swap_bytes);
	put_bytes(printer, node, "x-memory-high", limits->memory_high_bytes);
}

static void put_limits(struct printer *printer, struct node *deploy, const struct service *service)
{
	const struct limits *limits = &service->limits;
	struct node *resources = print_mapping(printer);
	struct node *most = print_mapping(printer);
	struct node *reserved = print_mapping(printer);

	put_mcpu(printer, most, "cpus", limits->cpu_mcpu);
	put_bytes(printer, most, "memory", limits->memory_bytes);
	put_number(printer, most, "pids",
		   printer->resolved && !limits->pids ? LIMITS_PIDS_DEFAULT : limits->pids);
	put_mcpu(printer, reserved, "cpus", limits->cpu_reserved_mcpu);
	put_bytes(printer, reserved, "memory", limits->memory_reserved_bytes);
	print_reserved_devices(printer, reserved, service);
	if (most->count)
		print_put(printer, resources, "limits", most);
	if (reserved->count)
		print_put(printer, resources, "reservations", reserved);
	if (resources->count)
		print_put(printer, deploy, "resources", resources);
}

static void put_rollout(struct printer *printer, struct node *deploy, const char *key,
			const struct rollout_spec *rollout)
{
	static const char *const failures[] = {[ROLLOUT_PAUSE] = "pause",
					       [ROLLOUT_CONTINUE] = "continue",
					       [ROLLOUT_ROLLBACK] = "rollback"};
	struct node *all = print_mapping(printer);
	unsigned milli = rollout->max_failure_ratio_milli;

	if (!rollout->present)
		return;
	print_put(printer, all, "parallelism", print_number(printer, rollout->parallelism));
	print_put(printer, all, "delay", print_duration(printer, rollout->delay_ms));
	print_put_text(printer, all, "failure_action", failures[rollout->failure]);
	print_put(printer, all, "monitor", print_duration(printer, rollout->monitor_ms));
	print_put_text(printer, all, "max_failure_ratio",
		       arena_format(&printer->arena, "%u.%03u", milli / 1000, milli % 1000));
	print_put_text(printer, all, "order", rollout->start_first ? "start-first" : "stop-first");
	print_put(printer, deploy, key, all);
}

void print_deploy(struct printer *printer, struct node *node, struct node *deploy,
		  const struct service *service)
{
	const struct deploy_spec *spec = &service->deploy;

	print_put_default(printer, deploy, "mode", spec->global ? "global" : NULL, "replicated");
	print_put_default(printer, deploy, "endpoint_mode", spec->dnsrr ? "dnsrr" : NULL, "vip");
	print_put_pairs(printer, deploy, "labels", &spec->labels);
	put_rollout(printer, deploy, "update_config", &spec->update);
	put_rollout(printer, deploy, "rollback_config", &spec->rollback);
	put_limits(printer, deploy, service);
	put_service_limits(printer, node, &service->limits);
}
