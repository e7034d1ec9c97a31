// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the names of a stack mean: in each network its services (the address they have there, or
 * their ready instances) and all instances; then who sees which networks.
 */
#include "launcher/supervisor/dns.h"
#include "launcher/supervisor/networks.h"
#include "launcher/supervisor/supervisor.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define NAME_MAX_BYTES 253

static void put_address(struct buf *text, struct in_addr address)
{
	char one[INET_ADDRSTRLEN];

	buf_printf(text, " %s", inet_ntop(AF_INET, &address, one, sizeof(one)));
}

/* What no question can be about is left out. INADDR_ANY: a name without an address. */
static void put_name(struct buf *text, const char *prefix, const char *name, struct in_addr address)
{
	char lower[NAME_MAX_BYTES + 1];
	size_t len = strlen(name);

	if (len == 0 || len + strlen(prefix) > NAME_MAX_BYTES)
		return;
	for (size_t i = 0; i <= len; i++) {
		if (name[i] && !isgraph((unsigned char)name[i]))
			return;
		lower[i] = (char)tolower((unsigned char)name[i]);
	}
	buf_printf(text, "name %s%s", prefix, lower);
	if (address.s_addr != htonl(INADDR_ANY))
		put_address(text, address);
	buf_puts(text, "\n");
}

static void put_pointer(struct buf *text, struct in_addr address, const char *name)
{
	buf_puts(text, "pointer");
	put_address(text, address);
	buf_printf(text, " %s\n", name);
}

static const struct net_attachment *attachment_of(const struct service *service, const char *key)
{
	for (size_t i = 0; i < service->network.attachment_count; i++)
		if (strcmp(service->network.attachments[i].network, key) == 0)
			return &service->network.attachments[i];
	return NULL;
}

/* The names by which a service is known in a network, all for the same. */
static void put_all(struct buf *text, const struct service *service, const char *key,
		    struct in_addr address)
{
	const struct net_attachment *attachment = attachment_of(service, key);

	put_name(text, "", service->name, address);
	for (size_t i = 0; attachment && i < attachment->aliases.count; i++)
		put_name(text, "", attachment->aliases.items[i].value, address);
}

static void put_services(const struct supervisor *sup, const char *key,
			 const struct net_network *network, struct buf *text)
{
	const struct stack *stack = settle_stack(sup);
	const struct in_addr none = {htonl(INADDR_ANY)};

	for (size_t i = 0; i < stack->service_count; i++) {
		const struct service *service = &stack->services[i];

		if (!sup->units[i].selected || !attachment_of(service, key))
			continue;
		struct in_addr address = networks_address(service, network);

		put_all(text, service, key, address);
		put_name(text, "tasks.", service->name, none);
		if (address.s_addr != none.s_addr)
			put_pointer(text, address, service->name);
	}
}

/* By which it alone is known. */
static void put_own(struct buf *text, const struct instance *instance, struct in_addr address)
{
	const struct service *service = instance->plan->service;
	const char *hostname = service->hostname.value;
	const char *container = service->container_name.value;
	char whole[2 * NAME_MAX_BYTES];

	put_name(text, "", instance->name, address);
	put_pointer(text, address, instance->name);
	if (container && strcmp(container, service->name) != 0)
		put_name(text, "", container, address);
	if (hostname && strcmp(hostname, service->name) != 0)
		put_name(text, "", hostname, address);
	if (!service->domainname.value)
		return;
	int len = snprintf(whole, sizeof(whole), "%s.%s", hostname ? hostname : instance->name,
			   service->domainname.value);

	if (len > 0 && (size_t)len < sizeof(whole))
		put_name(text, "", whole, address);
}

static void put_instances(const struct supervisor *sup, const char *key,
			  const struct net_network *network, struct buf *text)
{
	for (const struct instance *one = sup->instances; one; one = one->next) {
		const struct service *service = one->plan->service;
		struct in_addr address = {htonl(INADDR_ANY)};

		if (one->endpoint)
			address = net_endpoint_address_in(one->endpoint, network);
		if (address.s_addr == htonl(INADDR_ANY))
			continue;
		put_own(text, one, address);
		if (one->state != INSTANCE_READY || instance_is_one_off(one))
			continue;
		put_name(text, "tasks.", service->name, address);
		if (networks_address(service, network).s_addr == htonl(INADDR_ANY))
			put_all(text, service, key, address);
	}
}

static void put_network(struct supervisor *sup, const struct network_made *made, struct buf *text)
{
	const struct net_network *network = net_network_find(sup->net, made->key);

	if (!network)
		return;
	const struct net_place place = net_network_place(network);

	buf_printf(text, "network %s", made->key);
	put_address(text, place.gateway);
	buf_printf(text, "/%u %s\n", place.prefix, made->internal ? "internal" : "open");
	put_services(sup, made->key, network, text);
	put_instances(sup, made->key, network, text);
}

static void put_view(const struct supervisor *sup, const struct service *service, struct buf *text)
{
	const struct service_network *network = &service->network;

	buf_puts(text, "view");
	for (size_t i = 0; i < network->attachment_count; i++)
		if (net_network_find(sup->net, network->attachments[i].network))
			buf_printf(text, " %s", network->attachments[i].network);
	buf_puts(text, network->dns.count ? "\nupstream" : "");
	for (size_t i = 0; i < network->dns.count; i++)
		buf_printf(text, " %s", network->dns.items[i].value);
	buf_puts(text, "\n");
	for (size_t i = 0; i < network->link_count; i++)
		buf_printf(text, "link %s %s\n", network->links[i].alias, network->links[i].target);
}

static void put_clients(const struct instance *instance, struct buf *text)
{
	struct net_link_place place;

	buf_puts(text, "client");
	for (size_t i = 0; net_endpoint_link(instance->endpoint, i, &place); i++)
		put_address(text, place.address);
	buf_puts(text, "\n");
}

void dns_names(struct supervisor *sup, struct buf *text)
{
	const struct plan *before = NULL;

	for (const struct network_made *made = sup->networks; made; made = made->next)
		put_network(sup, made, text);
	for (const struct instance *one = sup->instances; one; one = one->next) {
		if (!one->endpoint || !one->plan->service->network.attachment_count)
			continue;
		if (one->plan != before)
			put_view(sup, one->plan->service, text);
		before = one->plan;
		put_clients(one, text);
	}
}
