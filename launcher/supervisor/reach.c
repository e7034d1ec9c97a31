// SPDX-License-Identifier: GPL-2.0-or-later
/* Names and addresses by network; see reach.h. What answers for the names is told in dns_names.c.
 */
#include "launcher/supervisor/reach.h"

#include "launcher/js.h"
#include "launcher/supervisor/dns.h"
#include "launcher/supervisor/networks.h"
#include "launcher/supervisor/supervisor.h"
#include "runtime/base/cleanup.h"

#include <arpa/inet.h>
#include <string.h>

/* Null for none. */
static struct json_t *address_text(struct in_addr address)
{
	char text[INET_ADDRSTRLEN];

	if (address.s_addr == htonl(INADDR_ANY))
		return js_pack("n");
	return js_pack("s", inet_ntop(AF_INET, &address, text, sizeof(text)));
}

/* Its IPv6 address beside that; null for none. */
static struct json_t *address6_text(const struct net_network *network, struct in_addr address)
{
	const struct ip ip = network ? net_address6(network, address) : (struct ip){0};
	char text[IP_TEXT_MAX];

	return ip.family ? js_pack("s", ip_format(&ip, text)) : js_pack("n");
}

/* The address of who answers for the names there; null: the hosts files do. */
static struct json_t *name_server(const struct supervisor *sup, const struct net_network *network)
{
	if (!network || !dns_serves(sup, net_network_name(network)))
		return js_pack("n");
	return address_text(net_server(network));
}

static struct json_t *service_names(const struct service *service,
				    const struct net_attachment *attachment)
{
	struct json_t *names = js_pack("[s]", service->name);

	for (size_t i = 0; names && i < attachment->aliases.count; i++)
		if (!js_append(names, js_lossy(attachment->aliases.items[i].value)))
			break;
	return names;
}

static struct json_t *instance_names(const struct instance *instance)
{
	const struct service *service = instance->plan->service;
	const char *const more[] = {service->container_name.value, service->hostname.value};
	struct json_t *names = js_pack("[s]", instance->name);

	for (size_t i = 0; names && i < ARRAY_SIZE(more); i++)
		if (more[i] && strcmp(more[i], service->name) != 0 &&
		    !js_append(names, js_lossy(more[i])))
			break;
	return names;
}

struct json_t *reach_service(const struct supervisor *sup, const struct service *service)
{
	struct json_t *list = js_pack("[]");

	for (size_t i = 0; list && sup->net && i < service->network.attachment_count; i++) {
		const struct net_attachment *one = &service->network.attachments[i];
		const struct net_network *network = net_network_find(sup->net, one->network);
		const struct in_addr address = networks_address(service, network);

		if (!js_append(list, js_pack("{s:s, s:o, s:o, s:o, s:o}", "network", one->network,
					     "address", address_text(address), "address6",
					     address6_text(network, address), "names",
					     service_names(service, one), "name_server",
					     name_server(sup, network))))
			break;
	}
	return list;
}

struct json_t *reach_instance(const struct instance *instance)
{
	struct json_t *list = js_pack("[]");
	struct net_link_place place;

	for (size_t i = 0;
	     list && instance->endpoint && net_endpoint_link(instance->endpoint, i, &place); i++) {
		const struct net_network *network =
			net_network_find(instance->sup->net, place.network);

		if (!js_append(list, js_pack("{s:s, s:o, s:o, s:o}", "network", place.network,
					     "address", address_text(place.address), "address6",
					     address6_text(network, place.address), "names",
					     instance_names(instance))))
			break;
	}
	return list;
}
