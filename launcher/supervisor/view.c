// SPDX-License-Identifier: GPL-2.0-or-later
/* What there is, as JSON: the documents of `ps --json` and `status --json`. Reads, never changes.
 */
#include "launcher/supervisor/view.h"
#include "launcher/js.h"
#include "launcher/policy/settled.h"
#include "launcher/supervisor/measure.h"
#include "launcher/supervisor/networks.h"
#include "launcher/supervisor/notify.h"
#include "launcher/supervisor/probe.h"
#include "launcher/supervisor/scaler.h"
#include "launcher/supervisor/scheduler.h"
#include "launcher/supervisor/stamp.h"
#include "launcher/supervisor/supervisor.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/sig.h"
#include "runtime/cgroup/cg_load.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct json_t *view_ports(const struct supervisor *sup, const char *service)
{
	struct json_t *ports = js_pack("[]");

	for (size_t i = 0; ports && i < sup->port_count; i++) {
		const struct reservation *held = &sup->ports[i];
		char ip[IP_TEXT_MAX];

		if (strcmp(held->service->name, service) != 0)
			continue;
		ip_format(&held->host_ip, ip);
		if (!js_append(ports, js_pack("{s:s, s:i, s:i, s:s}", "host_ip", ip, "published",
					      held->port, "target", held->target, "protocol",
					      held->protocol == IPPROTO_UDP ? "udp" : "tcp")))
			break;
	}
	return ports;
}

struct json_t *view_exit(const struct instance *instance)
{
	char name[SIG_NAME_MAX];

	if (!instance->has_end)
		return NULL;
	switch (instance->end.kind) {
	case RUN_END_EXITED:
		return js_pack("{s:i}", "code", instance->end.code);
	case RUN_END_SIGNALLED:
		sig_name(instance->end.signal, name);
		return js_pack("{s:s, s:b}", "signal", name, "oom", instance->end.oom);
	case RUN_END_START_FAILED:
		return js_pack("{s:i}", "code", 127);
	case RUN_END_UNKNOWN:
		break;
	}
	return NULL;
}

/* In a back-off, what is left of that. */
static struct json_t *view_reason(const struct instance *instance)
{
	int64_t left_ms = instance->deadline_ms - loop_now_ms(instance->sup->loop);
	const struct restart_verdict next = {.decision = RESTART_AGAIN,
					     .delay_ms = left_ms > 0 ? left_ms : 0};
	char text[REASON_MAX];

	if (!instance->reason[0])
		return NULL;
	if (instance->state != INSTANCE_BACKOFF)
		return js_lossy(instance->reason);
	reason_verdict(instance->end_why, &next, &instance->history, text, sizeof(text));
	return js_lossy(text);
}

/* Appends `,"name":` and the value, which is taken; NULL stands for null. */
static void put_value(struct buf *text, const char *name, struct json_t *value)
{
	autojs struct json_t *owned = value;

	buf_puts(text, ",\"");
	buf_puts(text, name);
	buf_puts(text, "\":");
	if (!value)
		buf_puts(text, "null");
	else if (js_print(value, 0, text, NULL) < 0)
		text->failed = true;
}

/* Of a text of our own, which needs no escapes. */
static void put_plain(struct buf *text, const char *name, const char *value)
{
	buf_puts(text, ",\"");
	buf_puts(text, name);
	buf_puts(text, value ? "\":\"" : "\":null");
	if (!value)
		return;
	buf_puts(text, value);
	buf_puts(text, "\"");
}

static void put_number(struct buf *text, const char *name, uint64_t value)
{
	char digits[24];

	snprintf(digits, sizeof(digits), "\":%" PRIu64, value);
	buf_puts(text, ",\"");
	buf_puts(text, name);
	buf_puts(text, digits);
}

static void put_address(const struct instance *instance, struct buf *text)
{
	struct in_addr in = {INADDR_ANY};
	char address[INET_ADDRSTRLEN] = "";

	if (instance->endpoint)
		in = net_endpoint_address(instance->endpoint);
	inet_ntop(AF_INET, &in, address, sizeof(address));
	put_plain(text, "address", in.s_addr != INADDR_ANY ? address : NULL);
}

static void put_use(const struct instance *instance, struct buf *text)
{
	uint64_t limit_bytes = (uint64_t)instance->plan->service->limits.memory_bytes;
	struct cg_usage usage = {0};
	char cpu[48];

	if (instance->cg && cg_load_use(instance->cg, &usage, NULL) < 0)
		usage = (struct cg_usage){0};
	snprintf(cpu, sizeof(cpu), ",\"cpu_seconds\":%" PRIu64 ".%06u", usage.cpu_usec / 1000000,
		 (unsigned)(usage.cpu_usec % 1000000));
	buf_puts(text, cpu);
	put_number(text, "memory_bytes", usage.memory_bytes);
	if (limit_bytes)
		put_number(text, "memory_limit_bytes", limit_bytes);
	else
		put_value(text, "memory_limit_bytes", NULL);
}

void view_put_instance(struct instance *instance, const char *state, struct buf *text)
{
	const char *service = instance->plan->service->name;
	const char *said = notify_status(instance->notify);
	unsigned before = js_failures();
	char started[STAMP_SIZE];

	buf_puts(text, "{\"instance\":\"");
	buf_puts(text, instance->name);
	buf_puts(text, "\"");
	put_plain(text, "service", service);
	put_plain(text, "state", state);
	put_value(text, "reason", view_reason(instance));
	if (instance->pid > 0)
		put_number(text, "pid", (uint64_t)instance->pid);
	else
		put_value(text, "pid", NULL);
	put_number(text, "restarts", instance->history.restarts);
	put_plain(text, "started_at",
		  instance->started ? stamp_text(&instance->started_at, 3, started) : NULL);
	put_value(text, "exit", view_exit(instance));
	put_plain(text, "health", probe_health(instance));
	put_value(text, "status_text", said ? js_lossy(said) : NULL);
	put_address(instance, text);
	put_use(instance, text);
	if (instance->sup->port_count)
		put_value(text, "ports", view_ports(instance->sup, service));
	else
		buf_puts(text, ",\"ports\":[]");
	buf_puts(text, "}");
	if (js_failures() != before)
		text->failed = true;
}

struct json_t *view_instance(struct instance *instance)
{
	autobuf struct buf text = {0};
	struct json_t *value = NULL;

	view_put_instance(instance, instance_state_name(instance->state), &text);
	if (text.failed || js_parse(text.data, text.len, &value, NULL) < 0)
		return NULL;
	return value;
}

static struct json_t *view_pressure(const struct cg_pressure *pressure)
{
	return js_pack("{s:f, s:f}", "some_seconds", (double)pressure->some_usec / 1e6,
		       "full_seconds", (double)pressure->full_usec / 1e6);
}

static struct json_t *view_pressures(const struct cg_load *load)
{
	return load->has_pressure
		       ? js_pack("{s:o, s:o, s:o}", "cpu", view_pressure(&load->cpu), "memory",
				 view_pressure(&load->memory), "io", view_pressure(&load->io))
		       : NULL;
}

static struct json_t *view_connections(struct instance *instance)
{
	struct net_traffic traffic;

	return measure_peek(instance, &traffic)
		       ? js_pack("{s:I, s:I, s:I}", "established", (long long)traffic.established,
				 "waiting", (long long)traffic.waiting, "accepted",
				 (long long)traffic.accepted)
		       : NULL;
}

struct json_t *view_load(struct instance *instance)
{
	const struct limits *limits = &instance->plan->service->limits;
	struct cg_load load = {0};

	/* Of who does not run there is nothing to tell. */
	if (!instance->cg || cg_load_read(instance->cg, &load, NULL) < 0)
		load = (struct cg_load){0};
	return js_pack(
		"{s:s, s:s, s:s, s:o?, s:i, s:f, s:o?, s:f, s:I, s:I, s:o?, s:I, s:o?, s:o?, "
		"s:o?}",
		"instance", instance->name, "service", instance->plan->service->name, "state",
		instance_state_name(instance->state), "reason", view_reason(instance), "restarts",
		(int)instance->history.restarts, "cpu_seconds", (double)load.usage.cpu_usec / 1e6,
		"cpu_limit",
		limits->cpu_mcpu ? js_pack("f", (double)limits->cpu_mcpu / 1000) : NULL,
		"throttled_seconds", (double)load.throttled_usec / 1e6, "memory_bytes",
		(long long)load.usage.memory_bytes, "working_set_bytes",
		(long long)load.working_set_bytes, "memory_limit_bytes",
		limits->memory_bytes ? js_pack("I", (long long)limits->memory_bytes) : NULL, "pids",
		(long long)load.usage.pids, "pressure", view_pressures(&load), "io",
		load.has_io ? js_pack("{s:I, s:I}", "read_bytes", (long long)load.read_bytes,
				      "write_bytes", (long long)load.write_bytes)
			    : NULL,
		"connections", view_connections(instance));
}

static unsigned restarts_of(const struct supervisor *sup, const char *service)
{
	unsigned restarts = 0;

	for (struct instance *instance = sup->instances; instance; instance = instance->next)
		if (strcmp(instance->plan->service->name, service) == 0)
			restarts += instance->history.restarts;
	return restarts;
}

/* Which ids of the host the service's are, or why they are the host's own. */
static struct json_t *view_ids(const struct supervisor *sup, const struct unit *unit)
{
	const struct plan *plan = unit->plan;
	const char *why =
		plan && plan->container ? container_plan_shared_ids(plan->container) : NULL;

	if (!plan)
		return NULL;
	if (plan->service->userns_mode == USERNS_HOST)
		why = "userns_mode: host";
	else if (sup->ids.userns_fd < 0)
		why = sup->ids_why ? sup->ids_why : "none of its own";
	if (why)
		return js_pack("{s:o?}", "shared_because", js_lossy(why));
	return js_pack("{s:I, s:I}", "first", (long long)sup->ids.first, "count",
		       (long long)sup->ids.count);
}

/* By network; only of what stands for all instances. */
static struct json_t *view_addresses(const struct supervisor *sup, const struct service *service)
{
	struct json_t *addresses = js_pack("{}");

	for (size_t i = 0; addresses && sup->net && i < service->network.attachment_count; i++) {
		const char *key = service->network.attachments[i].network;
		struct in_addr in = networks_address(service, net_network_find(sup->net, key));
		char text[INET_ADDRSTRLEN];

		inet_ntop(AF_INET, &in, text, sizeof(text));
		if (in.s_addr != htonl(INADDR_ANY) && !js_put(addresses, key, js_pack("s", text)))
			break;
	}
	return addresses;
}

static struct json_t *view_unit(const struct supervisor *sup, size_t i,
				const struct service_status *status)
{
	const struct service *service = &sup->manifest->stack->services[i];

	return js_pack("{s:s, s:s?, s:i, s:i, s:s, s:o?, s:i, s:o, s:o, s:o?, s:o?, s:o?, s:b}",
		       "service", service->name, "container_name", service->container_name.value,
		       "desired", (int)status->desired, "ready", (int)status->ready, "state",
		       status->state, "reason", status->reason ? js_lossy(status->reason) : NULL,
		       "restarts", (int)restarts_of(sup, service->name), "ports",
		       view_ports(sup, service->name), "addresses", view_addresses(sup, service),
		       "ids", view_ids(sup, &sup->units[i]), "autoscale", scaler_view(sup, service),
		       "schedule", scheduler_view(sup, i), "keeps_logs",
		       service->logging.driver != LOG_NONE);
}

/* Those of this name; NULL: all. */
static struct json_t *view_units(struct supervisor *sup, const char *name)
{
	struct json_t *list = js_pack("[]");
	const struct stack *stack = sup->manifest ? sup->manifest->stack : NULL;
	autosituation struct situation now = {0};
	autofree struct service_status *status = NULL;

	if (!list || !stack || situation_collect(sup, &now, NULL) < 0)
		return list;
	status = calloc(stack->service_count + 1, sizeof(*status));
	if (!status)
		return list;
	settled_services(stack, now.desired, now.observed, now.count, status);
	for (size_t i = 0; i < stack->service_count; i++) {
		if (!sup->units[i].selected || (name && strcmp(name, stack->services[i].name) != 0))
			continue;
		if (!js_append(list, view_unit(sup, i, &status[i])))
			break;
	}
	return list;
}

struct json_t *view_services(struct supervisor *sup)
{
	return view_units(sup, NULL);
}

struct json_t *view_service(struct supervisor *sup, const char *name)
{
	autojs struct json_t *list = view_units(sup, name);

	return js_copy(js_at(list, 0));
}
