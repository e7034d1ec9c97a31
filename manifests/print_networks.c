// SPDX-License-Identifier: GPL-2.0-or-later
/* Networks, and how services are attached to them, of a printed manifest; see print.h. */
#include "manifests/print.h"

#include "runtime/base/cleanup.h"

#include <string.h>

static void put_ip(struct printer *printer, struct node *node, const char *key, const struct ip *ip)
{
	char text[IP_TEXT_MAX];

	if (ip->family)
		print_put_text(printer, node, key,
			       arena_text(&printer->arena, ip_format(ip, text)));
}

static void put_prefix(struct printer *printer, struct node *node, const char *key,
		       const struct ip_prefix *prefix)
{
	char text[IP_PREFIX_TEXT_MAX];

	if (prefix->ip.family)
		print_put_text(printer, node, key,
			       arena_text(&printer->arena, ip_prefix_format(prefix, text)));
}

/* The priorities' default is 0. */
static void put_priority(struct printer *printer, struct node *node, const char *key, int64_t value)
{
	if (value || printer->resolved)
		print_put(printer, node, key, print_number(printer, value));
}

static struct node *attachment_node(struct printer *printer,
				    const struct net_attachment *attachment)
{
	struct node *node = print_mapping(printer);

	print_put_list(printer, node, "aliases", &attachment->aliases);
	put_ip(printer, node, "ipv4_address", &attachment->ipv4.ip);
	put_ip(printer, node, "ipv6_address", &attachment->ipv6.ip);
	print_put_text(printer, node, "mac_address", attachment->mac_address.value);
	print_put_text(printer, node, "interface_name", attachment->interface_name.value);
	put_priority(printer, node, "priority", attachment->priority);
	put_priority(printer, node, "gw_priority", attachment->gw_priority);
	print_put_pairs(printer, node, "driver_opts", &attachment->driver_options);
	return node;
}

static void put_attachments(struct printer *printer, struct node *node,
			    const struct service_network *network)
{
	struct node *all = print_mapping(printer);

	if (!network->attachments_pos.line && !printer->resolved)
		return;
	for (size_t i = 0; i < network->attachment_count; i++)
		print_put(printer, all, network->attachments[i].network,
			  attachment_node(printer, &network->attachments[i]));
	print_put(printer, node, "networks", all);
}

static void put_mode(struct printer *printer, struct node *node,
		     const struct service_network *network)
{
	static const char *const words[] = {[NETWORK_HOST] = "host",
					    [NETWORK_NONE] = "none",
					    [NETWORK_SERVICE] = "service:",
					    [NETWORK_CONTAINER] = "container:",
					    [NETWORK_NAMED] = ""};

	print_put_text(printer, node, "network_mode",
		       arena_format(&printer->arena, "%s%s", words[network->mode],
				    network->join.value ? network->join.value : ""));
}

static void put_links(struct printer *printer, struct node *node, const char *key,
		      const struct link_spec *links, size_t count)
{
	struct node *all = print_list(printer);

	for (size_t i = 0; i < count; i++)
		tree_append(&printer->tree, all,
			    print_string(printer, arena_format(&printer->arena, "%s:%s",
							       links[i].target, links[i].alias)));
	if (count)
		print_put(printer, node, key, all);
}

static void put_hosts(struct printer *printer, struct node *node,
		      const struct service_network *network)
{
	struct node *all = print_list(printer);

	for (size_t i = 0; i < network->host_count; i++)
		tree_append(&printer->tree, all,
			    print_string(printer, arena_format(&printer->arena, "%s=%s",
							       network->hosts[i].name,
							       network->hosts[i].address)));
	if (network->host_count)
		print_put(printer, node, "extra_hosts", all);
}

void print_service_network(struct printer *printer, struct node *node,
			   const struct service *service)
{
	const struct service_network *network = &service->network;

	if (network->mode == NETWORK_BRIDGE)
		put_attachments(printer, node, network);
	else
		put_mode(printer, node, network);
	print_put_text(printer, node, "mac_address", network->mac_address.value);
	put_links(printer, node, "links", network->links, network->link_count);
	put_links(printer, node, "external_links", network->external_links,
		  network->external_link_count);
	put_hosts(printer, node, network);
	print_put_list(printer, node, "dns", &network->dns);
	print_put_list(printer, node, "dns_opt", &network->dns_options);
	print_put_list(printer, node, "dns_search", &network->dns_search);
}

static struct node *subnet_node(struct printer *printer, const struct subnet_spec *subnet)
{
	struct node *node = print_mapping(printer);
	struct node *reserved = print_mapping(printer);

	put_prefix(printer, node, "subnet", &subnet->subnet.prefix);
	put_prefix(printer, node, "ip_range", &subnet->range.prefix);
	put_ip(printer, node, "gateway", &subnet->gateway.ip);
	for (size_t i = 0; i < subnet->reserved_count; i++)
		put_ip(printer, reserved, subnet->reserved[i].name, &subnet->reserved[i].ip);
	if (subnet->reserved_count)
		print_put(printer, node, "aux_addresses", reserved);
	return node;
}

static void put_ipam(struct printer *printer, struct node *node, const struct network *network)
{
	struct node *ipam = print_mapping(printer);
	struct node *config = print_list(printer);

	for (size_t i = 0; i < network->subnet_count; i++)
		tree_append(&printer->tree, config, subnet_node(printer, &network->subnets[i]));
	if (!config->count)
		return;
	print_put(printer, ipam, "config", config);
	print_put(printer, node, "ipam", ipam);
}

static void put_switch(struct printer *printer, struct node *node, const char *key, bool value,
		       bool fallback)
{
	if (value != fallback || printer->resolved)
		print_put(printer, node, key, print_bool(printer, value));
}

static struct node *network_node(struct printer *printer, const struct network *network)
{
	static const char *const drivers[] = {[NETWORK_DRIVER_BRIDGE] = NULL,
					      [NETWORK_DRIVER_HOST] = "host",
					      [NETWORK_DRIVER_NONE] = "none",
					      [NETWORK_DRIVER_MACVLAN] = "macvlan",
					      [NETWORK_DRIVER_IPVLAN] = "ipvlan"};
	struct node *node = print_mapping(printer);

	print_put_text(printer, node, "name", network->name);
	if (network->external) {
		print_put(printer, node, "external", print_bool(printer, true));
		return node;
	}
	print_put_default(printer, node, "driver", drivers[network->driver], "bridge");
	print_put_pairs(printer, node, "driver_opts", &network->driver_options);
	put_switch(printer, node, "internal", network->internal, false);
	put_switch(printer, node, "enable_ipv4", network->ipv4, true);
	put_switch(printer, node, "enable_ipv6", network->ipv6, false);
	put_ipam(printer, node, network);
	print_put_pairs(printer, node, "labels", &network->labels);
	return node;
}

static bool is_attached(const struct service *service, const char *key)
{
	for (size_t i = 0; i < service->network.attachment_count; i++)
		if (strcmp(service->network.attachments[i].network, key) == 0)
			return true;
	return false;
}

void print_networks(struct printer *printer, struct node *root, const struct stack *stack,
		    const struct service *only)
{
	struct node *all = print_mapping(printer);

	for (size_t i = 0; i < stack->network_count; i++) {
		const struct network *network = &stack->networks[i];

		if (only && !is_attached(only, network->key))
			continue;
		if (network->pos.line || (printer->resolved && network->used))
			print_put(printer, all, network->key, network_node(printer, network));
	}
	if (all->count)
		print_put(printer, root, "networks", all);
}
