// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Printing davit's own attributes: probes, scaling, schedules, connections.
 */
#include "manifests/print.h"

#include "manifests/listens.h"

#include <inttypes.h>

static struct node *print_program(struct printer *printer, const struct text_list *words)
{
	struct node *list = print_list(printer);

	tree_append(&printer->tree, list, print_string(printer, "CMD"));
	for (size_t i = 0; i < words->count; i++)
		tree_append(&printer->tree, list, print_string(printer, words->items[i].value));
	return list;
}

/* As text, like cpus: the printers know no fractions. */
static struct node *print_milli(struct printer *printer, int64_t milli, const char *unit)
{
	return print_string(printer, arena_format(&printer->arena, "%" PRId64 ".%03" PRId64 "%s",
						  milli / 1000, milli % 1000, unit));
}

/* ---- probes ---- */

static void put_endpoint(struct printer *printer, struct node *node, const struct probe_spec *probe)
{
	print_put(printer, node, "port", print_number(printer, probe->port));
	if (probe->loopback)
		print_put_text(printer, node, "host", "localhost");
}

static void put_http(struct printer *printer, struct node *node, const struct probe_spec *probe)
{
	const struct probe_http *http = &probe->http;
	struct node *all = print_mapping(printer);

	put_endpoint(printer, all, probe);
	print_put_text(printer, all, "path", http->path);
	print_put_text(printer, all, "scheme", http->tls ? "https" : "http");
	print_put_pairs(printer, all, "headers", &http->headers);
	print_put_text(printer, all, "status",
		       arena_format(&printer->arena, "%u-%u", http->status_min, http->status_max));
	print_put(printer, node, "http", all);
}

static void put_method(struct printer *printer, struct node *node, const struct probe_spec *probe)
{
	struct node *tcp = print_mapping(printer);

	switch (probe->method) {
	case PROBE_HTTP:
		put_http(printer, node, probe);
		break;
	case PROBE_TCP:
		put_endpoint(printer, tcp, probe);
		print_put(printer, node, "tcp", tcp);
		break;
	case PROBE_EXEC:
		print_put(printer, node, "exec", print_program(printer, &probe->test));
		break;
	case PROBE_NOTIFY:
		print_put(printer, node, "notify", print_bool(printer, true));
		break;
	case PROBE_UNWRITTEN:
	case PROBE_NONE:
	case PROBE_LISTEN:
		break;
	}
}

static struct node *probe_node(struct printer *printer, const struct probe_spec *probe)
{
	struct node *node = print_mapping(printer);

	if (probe->method == PROBE_NONE)
		return print_string(printer, "none");
	if (probe->method == PROBE_LISTEN)
		return print_string(printer, "listen");
	put_method(printer, node, probe);
	print_put(printer, node, "timeout", print_duration(printer, probe->timeout_ms));
	if (probe->method == PROBE_NOTIFY)
		return node;
	print_put(printer, node, "interval", print_duration(printer, probe->interval_ms));
	print_put(printer, node, "start_period", print_duration(printer, probe->start_period_ms));
	print_put(printer, node, "start_interval",
		  print_duration(printer, probe->start_interval_ms));
	print_put(printer, node, "retries", print_number(printer, probe->retries));
	return node;
}

/* Where nobody has written it. With a check of the image's, which is only retimed here, nobody is
 * waited for so; written, it would be done beside that. */
static bool listens_unasked(const struct service *service)
{
	return service->probes[PROBE_STARTUP].method == PROBE_UNWRITTEN &&
	       !service->healthcheck.of_image && listens_first(service, service);
}

static void put_probes(struct printer *printer, struct node *node, const struct service *service)
{
	static const char *const roles[] = {[PROBE_STARTUP] = "startup",
					    [PROBE_READINESS] = "readiness",
					    [PROBE_LIVENESS] = "liveness"};
	struct node *all = print_mapping(printer);

	for (size_t i = 0; i < PROBE_ROLES; i++)
		if (service->probes[i].method != PROBE_UNWRITTEN)
			print_put(printer, all, roles[i], probe_node(printer, &service->probes[i]));
	if (printer->resolved && listens_unasked(service))
		print_put_text(printer, all, "startup", "listen");
	if (all->count)
		print_put(printer, node, "x-probe", all);
}

/* ---- x-autoscale ---- */

static void put_targets(struct printer *printer, struct node *node,
			const struct autoscale *autoscale)
{
	static const struct {
		const char *key;
		const char *unit;
	} words[] = {
		[SCALE_CPU] = {"cpu", "%"},	      [SCALE_MEMORY] = {"memory", "%"},
		[SCALE_PRESSURE] = {"pressure", "%"}, [SCALE_CONNECTIONS] = {"connections", ""},
		[SCALE_BACKLOG] = {"backlog", ""},    [SCALE_RATE] = {"rate", "/s"}};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (autoscale->targets[i].present)
			print_put(printer, node, words[i].key,
				  print_milli(printer, autoscale->targets[i].milli, words[i].unit));
	if (autoscale->targets[SCALE_COMMAND].present) {
		struct node *command = print_mapping(printer);

		print_put(printer, command, "test", print_program(printer, &autoscale->command));
		print_put(printer, command, "target",
			  print_milli(printer, autoscale->targets[SCALE_COMMAND].milli, ""));
		print_put(printer, node, "command", command);
	}
	if (autoscale->targets[SCALE_PROMETHEUS].present) {
		struct node *gauge = print_mapping(printer);

		print_put(printer, gauge, "port", print_number(printer, autoscale->gauge.port));
		print_put_text(printer, gauge, "path", autoscale->gauge.path);
		print_put_text(printer, gauge, "metric", autoscale->gauge.metric);
		print_put(printer, gauge, "target",
			  print_milli(printer, autoscale->targets[SCALE_PROMETHEUS].milli, ""));
		print_put(printer, node, "prometheus", gauge);
	}
}

static struct node *behavior_node(struct printer *printer, const struct scale_behavior *behavior)
{
	static const char *const selects[] = {[SCALE_SELECT_MAX] = "max",
					      [SCALE_SELECT_MIN] = "min",
					      [SCALE_SELECT_DISABLED] = "disabled"};
	struct node *node = print_mapping(printer);
	struct node *policies = print_list(printer);

	for (size_t i = 0; i < behavior->policy_count; i++) {
		const struct scale_policy *policy = &behavior->policies[i];

		tree_append(&printer->tree, policies,
			    print_string(printer,
					 arena_format(&printer->arena, "%u%s/%" PRId64 "ms",
						      policy->amount, policy->percent ? "%" : "",
						      policy->period_ms)));
	}
	if (!behavior->learned)
		print_put(printer, node, "stabilization_window",
			  print_duration(printer, behavior->stabilization_ms));
	print_put(printer, node, "tolerance",
		  print_milli(printer, (int64_t)behavior->tolerance_milli * 100, "%"));
	print_put_text(printer, node, "select_policy", selects[behavior->select]);
	print_put(printer, node, "policies", policies);
	return node;
}

static struct node *schedule_list(struct printer *printer, const struct autoscale *autoscale)
{
	struct node *list = print_list(printer);

	for (size_t i = 0; i < autoscale->schedule_count; i++) {
		const struct scale_period *period = &autoscale->schedule[i];
		struct node *one = print_mapping(printer);

		print_put_text(printer, one, "cron", period->cron.text);
		print_put_text(printer, one, "tz", period->tz);
		print_put(printer, one, "min", print_number(printer, period->min));
		tree_append(&printer->tree, list, one);
	}
	return list;
}

static void put_autoscale(struct printer *printer, struct node *node,
			  const struct autoscale *autoscale)
{
	static const char *const forecasts[] = {[SCALE_FORECAST_NONE] = "none",
						[SCALE_FORECAST_DAILY] = "daily",
						[SCALE_FORECAST_WEEKLY] = "weekly"};
	struct node *all = print_mapping(printer);

	if (!autoscale->present)
		return;
	print_put(printer, all, "min", print_number(printer, autoscale->min));
	print_put(printer, all, "max", print_number(printer, autoscale->max));
	if (autoscale->idle_ms)
		print_put(printer, all, "idle", print_duration(printer, autoscale->idle_ms));
	put_targets(printer, all, autoscale);
	print_put(printer, all, "scale_up", behavior_node(printer, &autoscale->up));
	print_put(printer, all, "scale_down", behavior_node(printer, &autoscale->down));
	if (autoscale->schedule_count)
		print_put(printer, all, "schedule", schedule_list(printer, autoscale));
	if (autoscale->forecast != SCALE_FORECAST_NONE || printer->resolved)
		print_put_text(printer, all, "forecast", forecasts[autoscale->forecast]);
	print_put(printer, node, "x-autoscale", all);
}

/* ---- the rest ---- */

static void put_schedule(struct printer *printer, struct node *node,
			 const struct run_schedule *schedule)
{
	static const char *const words[] = {[SCHEDULE_FORBID] = "forbid",
					    [SCHEDULE_ALLOW] = "allow",
					    [SCHEDULE_REPLACE] = "replace"};
	struct node *all = print_mapping(printer);

	if (!schedule->present)
		return;
	print_put_text(printer, all, "cron", schedule->cron.text);
	print_put_text(printer, all, "tz", schedule->tz);
	print_put_text(printer, all, "concurrency", words[schedule->concurrency]);
	if (schedule->jitter_ms || printer->resolved)
		print_put(printer, all, "jitter", print_duration(printer, schedule->jitter_ms));
	print_put(printer, node, "x-schedule", all);
}

static void put_traffic(struct printer *printer, struct node *node, const struct traffic *traffic)
{
	static const char *const words[] = {
		[BALANCE_ROUND_ROBIN] = "round_robin", [BALANCE_SOURCE] = "source"};
	struct node *allow = print_list(printer);

	if (traffic->drain_ms >= 0)
		print_put(printer, node, "x-drain", print_duration(printer, traffic->drain_ms));
	if (traffic->balance != BALANCE_ROUND_ROBIN || printer->resolved)
		print_put_text(printer, node, "x-balance", words[traffic->balance]);
	for (size_t i = 0; i < traffic->allow.count; i++)
		tree_append(&printer->tree, allow,
			    print_string(printer, traffic->allow.items[i].value));
	if (traffic->restricted)
		print_put(printer, node, "x-allow", allow);
}

void print_probes(struct printer *printer, struct node *node, const struct service *service)
{
	put_probes(printer, node, service);
	put_autoscale(printer, node, &service->autoscale);
	put_schedule(printer, node, &service->schedule);
	put_traffic(printer, node, &service->traffic);
}
