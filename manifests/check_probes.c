// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What davit's own attributes of a service say against its other ones, and about other services.
 */
#include "manifests/check.h"
#include "manifests/datagrams.h"
#include "manifests/keys.h"
#include "manifests/listens.h"
#include "runtime/base/cleanup.h"

static bool takes_over(const struct service *service, enum probe_role role)
{
	return service->probes[role].method != PROBE_UNWRITTEN;
}

static void check_healthcheck(const struct service *service, struct report *report)
{
	if (service->healthcheck.present && takes_over(service, PROBE_READINESS) &&
	    takes_over(service, PROBE_LIVENESS))
		report_warning(report, service->healthcheck.pos,
			       "services.%s.healthcheck has no effect beside x-probe.readiness and "
			       "x-probe.liveness",
			       service->name);
}

/* What would never be found is not waited for, which is not what was asked for; what an image
 * exposes is not known here. */
static void check_listen(const struct service *service, struct report *report)
{
	const struct probe_spec *startup = &service->probes[PROBE_STARTUP];
	struct listens listens = {0};

	if (startup->method != PROBE_LISTEN)
		return;
	listens_add(&listens, service);
	if (service->network.mode != NETWORK_BRIDGE)
		report_error(report, startup->pos,
			     "services.%s.x-probe.startup: listen is for services with a network "
			     "of their own",
			     service->name);
	else if (service->rootfs != ROOTFS_IMAGE && !listens_somewhere(&listens))
		report_error(report, startup->pos,
			     "services.%s.x-probe.startup: listen needs a tcp port in ports or "
			     "expose",
			     service->name);
}

/* How many there may be at once. */
static void check_bounds(struct service *service, struct report *report)
{
	const struct autoscale *autoscale = &service->autoscale;
	bool written = service->replicas_pos.line != 0;

	if (autoscale->min > autoscale->max)
		report_error(report, autoscale->max_pos,
			     "services.%s.x-autoscale.max: %u is less than min, %u", service->name,
			     autoscale->max, autoscale->min);
	else if (written &&
		 (service->replicas < autoscale->min || service->replicas > autoscale->max))
		report_error(report, service->replicas_pos,
			     "services.%s: %u instances are not between x-autoscale.min, %u, and "
			     "max, %u: remove this, or choose one between them",
			     service->name, service->replicas, autoscale->min, autoscale->max);
	else if (service->container_name.value && autoscale->max > 1)
		report_error(report, service->container_name.pos,
			     "services.%s.container_name: with x-autoscale there may be %u "
			     "instances, which cannot share one name: remove it, or write max: 1",
			     service->name, autoscale->max);
	if (!written)
		service->replicas = autoscale->min;
}

/* Each port takes a socket in each network. */
static void check_datagrams(const struct service *service, struct report *report)
{
	uint16_t ports[DATAGRAMS_PORTS + 1];

	if (!service->deploy.dnsrr &&
	    datagrams_ports(service, ports, ARRAY_SIZE(ports)) > DATAGRAMS_PORTS)
		report_note(report, service->autoscale.pos,
			    "services.%s.x-autoscale.idle: of more than %d ports for udp the first "
			    "ones wake it at its address",
			    service->name, DATAGRAMS_PORTS);
}

/* What wakes a service comes to an address that stays, or to a port. */
static void check_idle(const struct service *service, struct report *report)
{
	if (service->network.mode != NETWORK_BRIDGE)
		report_error(report, service->autoscale.pos,
			     "services.%s.x-autoscale.idle: without a network of its own "
			     "(network_mode) nobody could wake it",
			     service->name);
	else if (service->deploy.dnsrr && service->port_count == 0)
		report_error(report, service->autoscale.pos,
			     "services.%s.x-autoscale.idle: with endpoint_mode: dnsrr and no "
			     "published port it has no address by which it could be woken",
			     service->name);
	else
		check_datagrams(service, report);
}

static void check_autoscale(struct service *service, struct report *report)
{
	const struct autoscale *autoscale = &service->autoscale;

	if (!autoscale->present)
		return;
	check_bounds(service, report);
	if (autoscale->idle_ms > 0)
		check_idle(service, report);
	if (autoscale->targets[SCALE_MEMORY].present && !service->limits.memory_bytes)
		report_error(report, autoscale->targets[SCALE_MEMORY].pos,
			     "services.%s.x-autoscale.memory is a part of "
			     "deploy.resources.limits.memory, which is not there",
			     service->name);
	for (size_t i = 0; i < autoscale->schedule_count; i++)
		if (autoscale->schedule[i].min > autoscale->max)
			report_error(
				report, autoscale->schedule[i].pos,
				"services.%s.x-autoscale.schedule.min: %u is more than max, %u",
				service->name, autoscale->schedule[i].min, autoscale->max);
}

static void check_schedule(const struct service *service, struct report *report)
{
	enum restart_condition condition = service->restart.condition;

	if (!service->schedule.present)
		return;
	if (condition == RESTART_ALWAYS || condition == RESTART_UNLESS_STOPPED)
		report_error(report, service->schedule.pos,
			     "services.%s: x-schedule is for tasks that end, which restart: %s "
			     "does not let them: write no or on-failure",
			     service->name,
			     condition == RESTART_ALWAYS ? "always" : "unless-stopped");
	if (service->autoscale.present)
		report_error(report, service->schedule.pos,
			     "services.%s: x-schedule is for tasks that end, x-autoscale for "
			     "services that do not: write one of them",
			     service->name);
}

/* What only one at a time can have; NULL: nothing. */
static const char *sole_thing(const struct service *service)
{
	for (size_t i = 0; i < service->network.attachment_count; i++)
		if (service->network.attachments[i].ipv4.ip.family ||
		    service->network.attachments[i].ipv6.ip.family)
			return "a written address";
	return service->container_name.value ? "a container_name" : NULL;
}

static void check_order(struct service *service, struct rollout_spec *rollout,
			struct report *report)
{
	const char *sole = sole_thing(service);

	if (!rollout->start_first || !sole)
		return;
	rollout->start_first = false;
	report_warning(report, rollout->pos,
		       "services.%s.deploy: order: start-first has no effect: the service has %s, "
		       "which two instances cannot have at a time",
		       service->name, sole);
}

static void check_allow(const struct stack *stack, const struct service *service,
			struct arena *scratch, struct report *report)
{
	const struct text_list *allow = &service->traffic.allow;
	const struct key_names known = {
		stack->service_count ? (const char *const *)&stack->services[0].name : NULL,
		stack->service_count, sizeof(*stack->services)};

	if (service->traffic.restricted && service->network.mode != NETWORK_BRIDGE)
		report_error(report, service->network.mode_pos,
			     "services.%s.network_mode: x-allow is for services with a network of "
			     "their own",
			     service->name);
	for (size_t i = 0; i < allow->count; i++)
		if (!stack_service(stack, allow->items[i].value))
			report_error(
				report, allow->items[i].pos,
				"services.%s.x-allow: there is no service '%.80s'%s", service->name,
				allow->items[i].value,
				keys_suggestion(scratch, report, known, allow->items[i].value));
}

void check_probes(struct stack *stack, struct arena *scratch, struct report *report)
{
	for (size_t i = 0; i < stack->service_count; i++) {
		struct service *service = &stack->services[i];

		check_healthcheck(service, report);
		check_listen(service, report);
		check_autoscale(service, report);
		check_schedule(service, report);
		check_order(service, &service->deploy.update, report);
		check_order(service, &service->deploy.rollback, report);
		check_allow(stack, service, scratch, report);
	}
}

/* Also a faulty one, so that nobody is told that there is none: that has a place. */
static bool has_probe(const struct service *service, enum probe_role role)
{
	return service->probes[role].pos.line && service->probes[role].method != PROBE_NONE;
}

bool check_has_health(const struct service *service)
{
	return service->healthcheck.present || service->healthcheck.pos.line ||
	       has_probe(service, PROBE_READINESS) || has_probe(service, PROBE_STARTUP);
}
