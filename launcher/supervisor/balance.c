// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A group per service and network, of the manifest in effect; see balance.h.
 */
#include "launcher/supervisor/balance.h"

#include "launcher/supervisor/hold.h"
#include "launcher/supervisor/networks.h"
#include "launcher/supervisor/supervisor.h"
#include "runtime/base/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What is being put together. */
struct draft {
	struct supervisor *sup;
	struct instance *next; /* the first one of the service at hand, or of a later one */
	struct net_group *groups;
	size_t group_count;
	struct in_addr *targets; /* of all groups, one after the other */
	size_t target_count;
	struct net_holder *holders; /* likewise */
	size_t holder_count;
	struct net_port *ports;
	size_t port_count;
};

static void draft_free(struct draft *draft)
{
	free(draft->groups);
	free(draft->targets);
	free(draft->holders);
	free(draft->ports);
}

static bool is_of(const struct instance *instance, const struct service *service)
{
	return strcmp(instance->plan->service->name, service->name) == 0;
}

/* Services and instances are both in the order of the services' names: one walk over the two. */
static struct instance *first_of(struct draft *draft, const struct service *service)
{
	while (draft->next && strcmp(draft->next->plan->service->name, service->name) < 0)
		draft->next = draft->next->next;
	return draft->next;
}

static void add_group(struct draft *draft, const struct service *service,
		      const struct net_network *network, const struct unit *unit, bool held)
{
	struct net_group *group = &draft->groups[draft->group_count++];
	struct instance *first = first_of(draft, service);

	*group = (struct net_group){
		.name = service->name,
		.network = network,
		.way = service->traffic.balance == BALANCE_SOURCE ? NET_BY_SOURCE : NET_IN_TURN,
		.targets = &draft->targets[draft->target_count],
		.holders = &draft->holders[draft->holder_count],
		.counted = service->autoscale.idle_ms > 0,
	};
	group->holder_count =
		hold_list(draft->sup, service, network, &draft->holders[draft->holder_count]);
	draft->holder_count += group->holder_count;
	group->held = held;
	if (held && unit->asleep)
		return;
	for (struct instance *one = first; one && is_of(one, service); one = one->next) {
		if (one->state != INSTANCE_READY || !one->endpoint || instance_is_one_off(one))
			continue;
		struct in_addr address = net_endpoint_address_in(one->endpoint, network);

		if (address.s_addr == INADDR_ANY)
			continue;
		draft->targets[draft->target_count++] = address;
		group->target_count++;
	}
}

static void add_ports(struct draft *draft, const struct service *service, size_t group)
{
	for (size_t i = 0; i < draft->sup->port_count; i++) {
		const struct reservation *port = &draft->sup->ports[i];

		if (strcmp(port->service->name, service->name) == 0)
			draft->ports[draft->port_count++] = (struct net_port){
				.protocol = port->protocol,
				.host_ip = port->host_ip,
				.host_port = port->port,
				.target_port = port->target,
				.group = group,
				.holder_port = hold_published(draft->sup, port),
				.shut = service->traffic.restricted,
			};
	}
}

static void add_service(struct draft *draft, const struct stack *stack, size_t i)
{
	const struct service *service = &stack->services[i];
	bool held = hold_is_wanted(draft->sup, i);
	const struct net_network *main = networks_main(draft->sup, stack, service);

	for (size_t j = 0; j < service->network.attachment_count; j++) {
		const char *key = service->network.attachments[j].network;
		const struct net_network *network = net_network_find(draft->sup->net, key);

		if (!network)
			continue; /* not selected, and never needed */
		if (network == main)
			add_ports(draft, service, draft->group_count);
		add_group(draft, service, network, &draft->sup->units[i], held);
	}
}

static size_t count_holders(const struct supervisor *sup, const struct service *service)
{
	size_t count = 0;

	for (size_t i = 0; i < service->network.attachment_count; i++) {
		const struct net_network *network =
			net_network_find(sup->net, service->network.attachments[i].network);

		if (network)
			count += hold_list(sup, service, network, NULL);
	}
	return count;
}

static int draft_make(struct supervisor *sup, const struct stack *stack, struct draft *draft)
{
	size_t groups = 1, most = 1, holders = 1;

	for (size_t i = 0; i < stack->service_count; i++) {
		size_t count = stack->services[i].network.attachment_count;

		groups += count;
		most = count > most ? count : most;
		holders += count_holders(sup, &stack->services[i]);
	}
	*draft = (struct draft){
		.sup = sup,
		.next = sup->instances,
		.groups = calloc(groups, sizeof(*draft->groups)),
		.targets = calloc(sup->instance_count * most + 1, sizeof(*draft->targets)),
		.holders = calloc(holders, sizeof(*draft->holders)),
		.ports = calloc(sup->port_count + 1, sizeof(*draft->ports)),
	};
	if (!draft->groups || !draft->targets || !draft->holders || !draft->ports)
		return -ENOMEM;
	for (size_t i = 0; i < stack->service_count; i++)
		add_service(draft, stack, i);
	return 0;
}

int balance_write(struct supervisor *sup, struct err *err)
{
	__attribute__((cleanup(draft_free))) struct draft draft = {0};

	if (draft_make(sup, settle_stack(sup), &draft) < 0)
		return err_set(err, ENOMEM, "balance");
	return net_balance(sup->net,
			   &(struct net_balance){draft.groups, draft.group_count, draft.ports,
						 draft.port_count},
			   err);
}
