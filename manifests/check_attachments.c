// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Services and the networks they refer to; see check_networks.h.
 */
#include "manifests/check_networks.h"

#include "manifests/keys.h"
#include "manifests/scalar.h"

#include <string.h>

/* So many networks of one service are compared with each other. */
#define INTERFACES_COMPARED 64

static const char *near_network(const struct network_check *check, const char *key)
{
	const struct stack *stack = check->stack;
	const struct key_names known = {(const char *const *)&stack->networks[0].key,
					stack->network_count, sizeof(*stack->networks)};

	return keys_suggestion(check->scratch, check->report, known, key);
}

static const char *near_service(const struct network_check *check, const char *name)
{
	const struct stack *stack = check->stack;
	const struct key_names known = {(const char *const *)&stack->services[0].name,
					stack->service_count, sizeof(*stack->services)};

	return keys_suggestion(check->scratch, check->report, known, name);
}

static void attach_default(const struct network_check *check, struct service_network *network)
{
	struct net_attachment *attachment = arena_new(check->keep, struct net_attachment, 1);

	attachment->network = arena_text(check->keep, "default");
	network->attachments = attachment;
	network->attachment_count = 1;
}

/* A network that is not one, as in `{external: true, name: host}`; -1: it is one. */
static int mode_of(const struct network *network)
{
	if (network->driver == NETWORK_DRIVER_HOST ||
	    (network->external && strcmp(network->name, "host") == 0))
		return NETWORK_HOST;
	if (network->driver == NETWORK_DRIVER_NONE ||
	    (network->external && strcmp(network->name, "none") == 0))
		return NETWORK_NONE;
	return -1;
}

/* A service attached to the host's network alone has network_mode host in other words. */
static void check_mode(const struct network_check *check, struct service *service,
		       const struct net_attachment *attachment, const struct network *target)
{
	struct service_network *network = &service->network;
	int mode = mode_of(target);

	if (mode < 0)
		return;
	if (network->attachment_count > 1) {
		report_error(check->report, attachment->pos,
			     "services.%s.networks: '%.80s' is the %s network: it goes with no "
			     "other",
			     service->name, attachment->network,
			     mode == NETWORK_HOST ? "host's" : "empty");
		return;
	}
	network->mode = (enum network_mode)mode;
	network->mode_pos = attachment->pos;
}

static void check_known(const struct network_check *check, struct service *service)
{
	struct service_network *network = &service->network;

	for (size_t i = 0; i < network->attachment_count; i++) {
		const struct net_attachment *one = &network->attachments[i];
		const struct network *target = stack_network(check->stack, one->network);

		if (i && strcmp(network->attachments[i - 1].network, one->network) == 0)
			report_error(check->report, one->pos,
				     "services.%s.networks: '%.80s' is listed twice", service->name,
				     one->network);
		else if (!target)
			report_error(check->report, one->pos,
				     "services.%s.networks: no network '%.80s' is defined under "
				     "the top-level networks%s",
				     service->name, one->network,
				     near_network(check, one->network));
		else
			check_mode(check, service, one, target);
	}
	if (network->mode != NETWORK_BRIDGE)
		network->attachment_count = 0;
}

static void join_service(const struct network_check *check, struct service *service,
			 const struct service *target, unsigned index)
{
	const struct text *join = &service->network.join;

	if (target == service) {
		report_error(check->report, join->pos,
			     "services.%s.network_mode: a service cannot share its own network",
			     service->name);
		return;
	}
	service->network.join_service = target->name;
	service->network.join_index = index;
	check_add_dependency(check, service, target->name, join->pos);
}

static void check_join(const struct network_check *check, struct service *service)
{
	const struct text *join = &service->network.join;
	const struct service *target = stack_service(check->stack, join->value);

	if (target)
		join_service(check, service, target, 0);
	else
		report_error(check->report, join->pos,
			     "services.%s.network_mode: there is no service '%.80s'%s",
			     service->name, join->value, near_service(check, join->value));
}

/* Of instances of other stacks nothing is known here. */
static void check_container(const struct network_check *check, struct service *service)
{
	unsigned index = 1;
	const struct service *target =
		check_instance_named(check, service->network.join.value, &index);

	if (target)
		join_service(check, service, target, index);
}

static void check_joined_ports(const struct network_check *check, const struct service *service)
{
	if (service->port_count)
		report_error(check->report, service->ports[0].pos,
			     "services.%s.ports: the network is that of '%.80s': publish its ports "
			     "there",
			     service->name, service->network.join.value);
}

static void check_reachable(const struct network_check *check, const struct service *service)
{
	const struct service_network *network = &service->network;
	bool internal = network->attachment_count > 0;

	for (size_t i = 0; i < network->attachment_count; i++) {
		const struct network *one =
			stack_network(check->stack, network->attachments[i].network);

		internal = internal && one && one->internal;
	}
	if (internal && service->port_count)
		report_warning(check->report, service->ports[0].pos,
			       "services.%s.ports has no effect: all of its networks are internal",
			       service->name);
}

/* Two interfaces cannot have one name. */
static void check_interfaces(const struct network_check *check, const struct service *service)
{
	const struct service_network *network = &service->network;

	for (size_t i = 0; i < network->attachment_count && i < INTERFACES_COMPARED; i++) {
		const struct text *one = &network->attachments[i].interface_name;

		for (size_t j = 0; one->value && j < i; j++)
			if (network->attachments[j].interface_name.value &&
			    strcmp(network->attachments[j].interface_name.value, one->value) == 0)
				report_error(check->report, one->pos,
					     "services.%s.networks: two interfaces are called "
					     "'%.20s'",
					     service->name, one->value);
	}
}

static void mark_used(const struct network_check *check, const struct service *service)
{
	struct stack *stack = check->stack;

	for (size_t i = 0; service->enabled && i < service->network.attachment_count; i++) {
		const struct network *network =
			stack_network(stack, service->network.attachments[i].network);

		if (network)
			stack->networks[network - stack->networks].used = true;
	}
}

void check_attachments(const struct network_check *check)
{
	for (size_t i = 0; i < check->stack->service_count; i++) {
		struct service *service = &check->stack->services[i];
		struct service_network *network = &service->network;

		if (network->attachment_count && network->mode_pos.line)
			report_error(check->report, network->mode_pos,
				     "services.%s.network_mode: does not go with networks: remove "
				     "one of them",
				     service->name);
		else if (network->attachment_count)
			check_known(check, service);
		else if (network->mode == NETWORK_BRIDGE)
			attach_default(check, network);
		if (network->mode == NETWORK_SERVICE)
			check_join(check, service);
		if (network->mode == NETWORK_CONTAINER)
			check_container(check, service);
		if (network->mode == NETWORK_SERVICE || network->mode == NETWORK_CONTAINER)
			check_joined_ports(check, service);
		mark_used(check, service);
		check_reachable(check, service);
		check_interfaces(check, service);
	}
}
