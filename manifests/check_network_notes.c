// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the runtime cannot do yet: drivers other than bridge; see
 * check_networks.h.
 */
#include "manifests/check_networks.h"

#include "runtime/base/cleanup.h"

#include <string.h>

static bool is_attached(const struct service *service)
{
	return service->enabled && service->network.mode == NETWORK_BRIDGE;
}

static const char *kind_of(const struct network *network)
{
	if (network->driver == NETWORK_DRIVER_MACVLAN)
		return "the driver macvlan";
	return network->driver == NETWORK_DRIVER_IPVLAN ? "the driver ipvlan" : NULL;
}

static void note(const struct network_check *check, struct pos pos, const char *path,
		 const char *what)
{
	if (pos.line)
		report_note(check->report, pos, "%s: %s is not supported yet", path, what);
}

static void note_attachment(const struct network_check *check, const struct service *service,
			    const struct net_attachment *attachment)
{
	const struct network *network = stack_network(check->stack, attachment->network);
	const char *path = arena_format(check->scratch, "services.%s.networks.%s", service->name,
					attachment->network);
	const char *kind = network ? kind_of(network) : NULL;

	if (!network)
		return;
	if (kind)
		note(check, attachment->pos, path, kind);
	for (size_t i = 0; i < attachment->driver_options.count; i++)
		report_warning(check->report, attachment->driver_options.items[i].pos,
			       "%s.driver_opts has no effect", path);
}

/* Where no network has IPv6 there is nothing for an IPv6 address of the host to lead to. */
static void note_ports(const struct network_check *check, const struct service *service)
{
	const struct service_network *network = &service->network;
	bool six = false;

	for (size_t i = 0; i < network->attachment_count; i++) {
		const struct network *one =
			stack_network(check->stack, network->attachments[i].network);

		six |= one && one->ipv6;
	}
	for (size_t i = 0; !six && i < service->port_count; i++) {
		const struct port_spec *port = &service->ports[i];

		if (port->host_ip && strchr(port->host_ip, ':'))
			report_note(check->report, port->pos,
				    "services.%s.ports: the IPv6 address %s needs a network with "
				    "enable_ipv6: true",
				    service->name, port->host_ip);
	}
}

static void note_service(const struct network_check *check, const struct service *service)
{
	static const char *const kinds[] = {[NETWORK_CONTAINER] =
						    "the network of an instance of another stack",
					    [NETWORK_NAMED] = "a network of somebody else"};
	const struct service_network *network = &service->network;

	bool elsewhere = network->mode >= NETWORK_CONTAINER && !network->join_service;

	check->report->service = service->name;
	if (elsewhere)
		report_note(check->report, network->mode_pos,
			    "services.%s.network_mode: %s is not supported yet", service->name,
			    kinds[network->mode]);
	for (size_t i = 0; is_attached(service) && i < network->attachment_count; i++)
		note_attachment(check, service, &network->attachments[i]);
	if (is_attached(service))
		note_ports(check, service);
	check->report->service = NULL;
}

/* Options that change what an instance can do; the others are names and tuning. */
static void note_option(const struct network_check *check, const struct network *network,
			const struct text *option)
{
	static const char *const matters[] = {
		"com.docker.network.bridge.enable_icc=",
		"com.docker.network.bridge.enable_ip_masquerade=",
		"com.docker.network.bridge.host_binding_ipv4=",
		"com.docker.network.bridge.gateway_mode_ipv4=",
		"com.docker.network.bridge.gateway_mode_ipv6=",
	};
	static const char *const usual[] = {"true", "true", "0.0.0.0", "nat", "nat"};
	const char *path = arena_format(check->scratch, "networks.%s.driver_opts", network->key);

	if (strncmp(option->value, NETWORK_OPTION_MTU, strlen(NETWORK_OPTION_MTU)) == 0)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(matters); i++) {
		size_t len = strlen(matters[i]);

		if (strncmp(option->value, matters[i], len) != 0)
			continue;
		if (strcmp(option->value + len, usual[i]) != 0)
			report_note(check->report, option->pos, "%s: %.80s is not supported yet",
				    path, option->value);
		return;
	}
	report_warning(check->report, option->pos, "%s: %.80s has no effect", path, option->value);
}

static void note_network(const struct network_check *check, const struct network *network)
{
	const char *path = arena_format(check->scratch, "networks.%s", network->key);

	if (!network->ipv4)
		note(check, network->ipv4_pos, path, "a network without IPv4");
	for (size_t i = 0; i < network->driver_options.count; i++)
		note_option(check, network, &network->driver_options.items[i]);
}

void check_network_notes(const struct network_check *check)
{
	const struct stack *stack = check->stack;

	for (size_t i = 0; i < stack->service_count; i++)
		note_service(check, &stack->services[i]);
	for (size_t i = 0; i < stack->network_count; i++)
		if (stack->networks[i].used && !kind_of(&stack->networks[i]))
			note_network(check, &stack->networks[i]);
}
