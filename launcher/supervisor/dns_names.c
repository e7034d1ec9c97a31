// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the names of a stack mean: in each network its services (the address they have there, or
 * their ready instances) and all instances; then who sees which networks.
 */
#include "launcher/supervisor/dns.h"
#include "launcher/supervisor/neighbours.h"
#include "launcher/supervisor/networks.h"
#include "launcher/supervisor/supervisor.h"
#include "runtime/base/cleanup.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define NAME_MAX_BYTES 253

/* Who has an address in a network has one of each family that it has; INADDR_ANY: none. */
struct place {
	const struct net_network *network;
	struct in_addr address;
};

static void put_ip(struct buf *text, const struct ip *ip)
{
	char one[IP_TEXT_MAX];

	if (ip->family)
		buf_printf(text, " %s", ip_format(ip, one));
}

static void put_addresses(struct buf *text, const struct place *place)
{
	const struct ip four = ip_of_in(place->address);
	const struct ip six = net_address6(place->network, place->address);

	put_ip(text, &four);
	put_ip(text, &six);
}

/* What no question can be about is left out. */
static void put_name(struct buf *text, const char *prefix, const char *name,
		     const struct place *place)
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
	if (place->address.s_addr != htonl(INADDR_ANY))
		put_addresses(text, place);
	buf_puts(text, "\n");
}

static void put_pointer(struct buf *text, const struct place *place, const char *name)
{
	const struct ip both[] = {ip_of_in(place->address),
				  net_address6(place->network, place->address)};

	for (size_t i = 0; i < ARRAY_SIZE(both) && both[i].family; i++) {
		buf_puts(text, "pointer");
		put_ip(text, &both[i]);
		buf_printf(text, " %s\n", name);
	}
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
		    const struct place *place)
{
	const struct net_attachment *attachment = attachment_of(service, key);

	put_name(text, "", service->name, place);
	for (size_t i = 0; attachment && i < attachment->aliases.count; i++)
		put_name(text, "", attachment->aliases.items[i].value, place);
}

static void put_services(const struct supervisor *sup, const char *key,
			 const struct net_network *network, struct buf *text)
{
	const struct stack *stack = settle_stack(sup);
	const struct place none = {network, {htonl(INADDR_ANY)}};

	for (size_t i = 0; i < stack->service_count; i++) {
		const struct service *service = &stack->services[i];

		if (!sup->units[i].selected || !attachment_of(service, key))
			continue;
		const struct place place = {network, networks_address(service, network)};

		put_all(text, service, key, &place);
		put_name(text, "tasks.", service->name, &none);
		if (place.address.s_addr != none.address.s_addr)
			put_pointer(text, &place, service->name);
	}
}

/* By which it alone is known. */
static void put_own(struct buf *text, const struct instance *instance, const struct place *place)
{
	const struct service *service = instance->plan->service;
	const char *hostname = service->hostname.value;
	const char *container = service->container_name.value;
	char whole[2 * NAME_MAX_BYTES];

	put_name(text, "", instance->name, place);
	put_pointer(text, place, instance->name);
	if (container && strcmp(container, service->name) != 0)
		put_name(text, "", container, place);
	if (hostname && strcmp(hostname, service->name) != 0)
		put_name(text, "", hostname, place);
	if (!service->domainname.value)
		return;
	int len = snprintf(whole, sizeof(whole), "%s.%s", hostname ? hostname : instance->name,
			   service->domainname.value);

	if (len > 0 && (size_t)len < sizeof(whole))
		put_name(text, "", whole, place);
}

static void put_instances(const struct supervisor *sup, const char *key,
			  const struct net_network *network, struct buf *text)
{
	for (const struct instance *one = sup->instances; one; one = one->next) {
		const struct service *service = one->plan->service;
		struct place place = {network, {htonl(INADDR_ANY)}};

		if (one->endpoint)
			place.address = net_endpoint_address_in(one->endpoint, network);
		if (place.address.s_addr == htonl(INADDR_ANY))
			continue;
		put_own(text, one, &place);
		if (one->state != INSTANCE_READY || instance_is_one_off(one))
			continue;
		put_name(text, "tasks.", service->name, &place);
		if (networks_address(service, network).s_addr == htonl(INADDR_ANY))
			put_all(text, service, key, &place);
	}
}

static void put_network(struct supervisor *sup, struct network_made *made, struct buf *text)
{
	autobuf struct buf own = {0};
	const struct net_network *network = net_network_find(sup->net, made->key);

	if (!network)
		return;
	const struct net_place place = net_network_place(network);
	const struct ip gateway = ip_of_in(place.gateway);

	buf_printf(text, "network %s", made->key);
	put_ip(text, &gateway);
	buf_printf(text, "/%u %s", place.prefix, made->internal ? "internal" : "open");
	put_ip(text, &place.gateway6);
	if (place.gateway6.family)
		buf_printf(text, "/%u", place.subnet6.bits);
	buf_puts(text, "\n");
	put_services(sup, made->key, network, &own);
	put_instances(sup, made->key, network, &own);
	buf_put(text, own.data, own.len);
	text->failed |= own.failed;
	neighbours_names(sup, made, &own, text);
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
	for (size_t i = 0; net_endpoint_link(instance->endpoint, i, &place); i++) {
		const struct ip four = ip_of_in(place.address);

		put_ip(text, &four);
	}
	buf_puts(text, "\n");
}

void dns_names(struct supervisor *sup, struct buf *text)
{
	const struct plan *before = NULL;

	for (struct network_made *made = sup->networks; made; made = made->next)
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
