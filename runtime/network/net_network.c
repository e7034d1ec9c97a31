// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One network of a stack: its subnet, its bridge, its rules, and who has which address.
 */
#include "runtime/base/cleanup.h"
#include "runtime/network/net_private.h"
#include "runtime/network/net_share.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* How often a subnet is chosen anew because another stack took the same one at the same moment. */
#define SUBNET_TRIES 8

#define PREFIX_DEFAULT 24
#define PREFIX_MIN     16
/* The subnet's own address, the gateway and the one that reaches all. */
#define NOT_GIVEN 3

uint32_t net_number(const struct ip *ip)
{
	return ntohl(ip_in(ip).s_addr);
}

struct ip net_ip(uint32_t address)
{
	return ip_of_in((struct in_addr){htonl(address)});
}

static struct subnet subnet_of(const struct ip_prefix *prefix)
{
	const struct ip first = ip_prefix_first(prefix);

	return (struct subnet){net_number(&first), prefix->bits};
}

static uint32_t last_of(struct subnet subnet)
{
	return subnet.prefix ? subnet.address | ~(UINT32_MAX << (32 - subnet.prefix)) : UINT32_MAX;
}

const char *net_network_name(const struct net_network *network)
{
	return network->name;
}

struct in_addr net_gateway(const struct net_network *network)
{
	return (struct in_addr){htonl(network->gateway)};
}

void net_mac(uint32_t address, unsigned char ret_mac[6])
{
	const uint32_t wire = htonl(address);

	ret_mac[0] = 0x02;
	ret_mac[1] = 0x64;
	memcpy(ret_mac + 2, &wire, sizeof(wire));
}

static unsigned prefix_for(unsigned hosts)
{
	unsigned prefix = PREFIX_DEFAULT;

	while (prefix > PREFIX_MIN && (1U << (32 - prefix)) < hosts + NOT_GIVEN)
		prefix--;
	return prefix;
}

struct in_addr net_server(const struct net_network *network)
{
	return (struct in_addr){htonl(network->server)};
}

bool net_network_is_internal(const struct net_network *network)
{
	return network->internal;
}

void net_network_rules(const struct net_network *network, struct buf *text)
{
	const struct nft_network four = {
		.stack = network->net->tables,
		.bridge = network->bridge,
		.subnet = {net_ip(network->subnet.address), network->subnet.prefix},
		.internal = network->internal,
		.gateway = net_ip(network->gateway),
	};
	struct nft_network six = four;
	const struct ip server = net_ip(network->server);

	if (network->joined)
		nft_rules_joined(text, &four, &server);
	else
		nft_rules_network(text, &four);
	if (!network->twin.subnet.ip.family)
		return;
	six.subnet = network->twin.subnet;
	six.subnet.ip = ip_prefix_first(&six.subnet);
	six.gateway = network->twin.gateway;
	if (network->joined)
		nft_rules_joined(text, &six, NULL);
	else
		nft_rules_network(text, &six);
}

static int choose_subnet(struct net_network *network, const struct net_network_config *config,
			 const struct subnet_list *used, uint32_t turn, struct err *err)
{
	const struct subnet_wish wish = {
		.pool = network->net->pool,
		.prefix = prefix_for(config->hosts),
		.start = net_hash(network->net->hash, config->name) + turn * turn,
	};

	if (!config->subnet.ip.family)
		return subnet_pick(&wish, used, &network->subnet, err);
	network->subnet = subnet_of(&config->subnet);
	return subnet_check(network->subnet, used, err);
}

static int make_bridge(struct net_network *network, struct err *err)
{
	struct rtnet *rtnet = network->net->rtnet;
	char alias[NET_ALIAS_BYTES];
	struct rtnet_bridge bridge = {
		network->bridge, {net_group(network->net), alias}, .mtu = network->mtu};
	struct in_addr gateway = net_gateway(network);

	snprintf(alias, sizeof(alias), "davit %.100s %.100s", network->net->stack, network->name);
	net_mac(network->gateway, bridge.mac);
	int r = rtnet_bridge_make(rtnet, &bridge, err);

	if (r == 0)
		r = rtnet_link_index(rtnet, network->bridge, &network->bridge_index, err);
	if (r == 0)
		r = rtnet_link_address(rtnet, network->bridge_index, gateway,
				       network->subnet.prefix, err);
	return r;
}

static int make_six(struct net_network *network, struct err *err)
{
	if (network->twin.subnet.ip.family)
		return net_six_bridge(network, err);
	return net_link_sysctl("ipv6", network->bridge, "disable_ipv6", "1", err);
}

static bool is_shared(const struct net_network *network, const struct subnet_list *used)
{
	for (size_t i = 0; i < used->count; i++)
		if (strcmp(used->items[i].link, network->bridge) != 0 &&
		    subnet_overlaps(used->items[i].subnet, network->subnet))
			return true;
	return false;
}

/*
 * Choosing and taking a subnet are two steps: after both, look whether somebody else did the same.
 * Whoever sees a conflict moves on; starting from a hash of the names makes that rare.
 */
static int try_bridge(struct net_network *network, const struct net_network_config *config,
		      uint32_t turn, struct err *err)
{
	struct rtnet *rtnet = network->net->rtnet;
	struct subnet_list before = {0}, after = {0};
	int r = rtnet_list_used(rtnet, &before, err);

	if (r == 0)
		r = choose_subnet(network, config, &before, turn, err);
	if (r == 0) {
		network->gateway = config->gateway.family ? net_number(&config->gateway)
							  : network->subnet.address + 1;
		r = make_bridge(network, err);
	}
	if (r == 0)
		r = rtnet_list_used(rtnet, &after, err);
	bool shared = r == 0 && is_shared(network, &after);
	free(before.items);
	free(after.items);
	if (!shared)
		return r;
	r = rtnet_link_remove(rtnet, network->bridge, err);
	return r < 0 ? r : -EAGAIN;
}

/* For the network itself: nobody's, in whichever stack. */
static int reserve_six(struct net_network *network, const char *name, const struct ip *ip,
		       struct err *err)
{
	int r = net_six_reserve(network, name, ip, err);

	return r == 0 ? net_share_claim6(network, ip, name, err) : r;
}

/* Every address that instances do not get by themselves is taken at once. */
static int set_up_addresses(struct net_network *network, const struct net_network_config *config,
			    struct err *err)
{
	struct subnet range = config->range.ip.family ? subnet_of(&config->range) : network->subnet;
	uint32_t first = range.address > network->subnet.address ? range.address
								 : network->subnet.address + 1;
	uint32_t last = last_of(range) < last_of(network->subnet) ? last_of(range)
								  : last_of(network->subnet) - 1;
	char name[64];
	int r;

	if (last < first)
		return err_say(err, EADDRNOTAVAIL, "network: a /%u has no address to give",
			       network->subnet.prefix);
	addr_pool_init(&network->addresses, first, last);
	network->server = network->gateway;
	net_share_claim(network);
	network->reserving = true;
	r = addr_pool_fix(&network->addresses, "the gateway", network->gateway, err);
	if (r == 0 && network->twin.gateway.family)
		r = reserve_six(network, "the IPv6 gateway", &network->twin.gateway, err);
	for (size_t i = 0; r == 0 && i < config->reserved_count; i++) {
		snprintf(name, sizeof(name), "a reserved one (%zu)", i + 1);
		if (config->reserved[i].family == 6)
			r = reserve_six(network, name, &config->reserved[i], err);
		else
			r = addr_pool_fix(&network->addresses, name,
					  net_number(&config->reserved[i]), err);
	}
	network->reserving = false;
	return r;
}

/* route_localnet is for published ports on 127.0.0.1; the rules that keep instances from using it
 * are loaded before. */
static int set_up_rules(struct net_network *network, struct err *err)
{
	autobuf struct buf text = {0};

	net_network_rules(network, &text);
	net_guard_put_network(&text, network);
	int r = buf_check(&text, err);

	/* A stale table is replaced as a whole. */
	if (r == 0 && !network->net->stale)
		r = nft_run(network->net->nft, text.data, err);
	if (r == 0)
		r = net_link_sysctl("ipv4", network->bridge, "route_localnet", "1", err);
	if (r == 0)
		r = net_link_sysctl("ipv4", network->bridge, "send_redirects", "0", err);
	return r;
}

static int set_up(struct net_network *network, const struct net_network_config *config,
		  struct err *err)
{
	int r = -EAGAIN;

	for (uint32_t i = 0; r == -EAGAIN && i < SUBNET_TRIES; i++)
		r = try_bridge(network, config, i, err);
	if (r == -EAGAIN)
		return err_say(err, EAGAIN, "network: other stacks keep taking the same subnet");
	if (r == 0 && config->ipv6)
		r = net_six_plan(network, config, err);
	if (r == 0)
		r = set_up_addresses(network, config, err);
	if (r == 0)
		r = make_six(network, err);
	return r == 0 ? set_up_rules(network, err) : r;
}

/* Under a name that no instance has: a space makes it a reserved one. */
#define VIRTUAL_NAME "the address of %.200s"

int net_virtual_take(struct net_network *network, const char *name, unsigned spare, struct err *err)
{
	char key[NET_STACK_NAME_MAX + 32];

	snprintf(key, sizeof(key), VIRTUAL_NAME, name);
	if (!addr_pool_address(&network->addresses, key))
		network->net->allow.outdated = true;
	return addr_pool_take_last(&network->addresses, key, spare, err);
}

int net_virtual_keep(struct net_network *network, const char *name, struct in_addr address,
		     struct err *err)
{
	char key[NET_STACK_NAME_MAX + 32];

	snprintf(key, sizeof(key), VIRTUAL_NAME, name);
	return addr_pool_fix(&network->addresses, key, ntohl(address.s_addr), err);
}

struct in_addr net_virtual(const struct net_network *network, const char *name)
{
	char key[NET_STACK_NAME_MAX + 32];

	snprintf(key, sizeof(key), VIRTUAL_NAME, name);
	return (struct in_addr){htonl(addr_pool_address(&network->addresses, key))};
}

struct net_network *net_network_find(const struct net *net, const char *name)
{
	struct net_network *network = net->networks;

	while (network && strcmp(network->name, name) != 0)
		network = network->next;
	return network;
}

void net_network_free(struct net_network *network)
{
	addr_pool_free(&network->addresses);
	twin_free(&network->twin);
	fd_drop(&network->shared_fd);
	fd_drop(&network->stacks_fd);
	free(network->known_as);
	free(network->owner);
	free(network);
}

struct net_network *net_network_new(struct net *net, const char *name)
{
	struct net_network *network = calloc(1, sizeof(*network));
	uint32_t hash = net_hash(net_hash(net->hash, "/"), name);

	if (!network)
		return NULL;
	network->net = net;
	network->shared_fd = -1;
	network->stacks_fd = -1;
	snprintf(network->name, sizeof(network->name), "%s", name);
	snprintf(network->bridge, sizeof(network->bridge), "dv-%08x", hash);
	return network;
}

static struct net_network *own_new(struct net *net, const struct net_network_config *config)
{
	struct net_network *network = net_network_new(net, config->name);

	if (network) {
		network->internal = config->internal;
		network->mtu = config->mtu;
	}
	return network;
}

void net_network_add(struct net_network *network)
{
	network->next = network->net->networks;
	network->net->networks = network;
}

static bool is_shareable(const struct net *net, const struct net_network_config *config)
{
	return net->registry && config->known_as;
}

struct net_place net_network_place(const struct net_network *network)
{
	return (struct net_place){{htonl(network->subnet.address)},
				  network->subnet.prefix,
				  {htonl(network->gateway)},
				  network->twin.subnet,
				  network->twin.gateway};
}

int net_network_take(struct net_network *network, const struct net_network_config *config,
		     const struct net_place *place, struct err *err)
{
	struct net *net = network->net;
	int r = 0;

	network->subnet = (struct subnet){ntohl(place->address.s_addr), place->prefix};
	network->gateway = ntohl(place->gateway.s_addr);
	network->twin.subnet = place->subnet6;
	network->twin.gateway = place->gateway6;
	if (network->twin.subnet.ip.family)
		r = net_six_open(net, err);
	if (r == 0)
		r = rtnet_link_index(net->rtnet, network->bridge, &network->bridge_index, err);
	bool gone = r == -ENODEV;

	if (gone)
		r = make_bridge(network, err);
	if (r == 0 && gone)
		r = make_six(network, err);
	if (r == 0)
		r = set_up_addresses(network, config, err);
	return r == 0 ? set_up_rules(network, err) : r;
}

int net_network_adopt(struct net *net, const struct net_network_config *config,
		      const struct net_place *place, struct net_network **ret_network,
		      struct err *err)
{
	struct net_network *network = own_new(net, config);
	int r = 0;

	if (!network)
		return err_set(err, ENOMEM, "network");
	if (is_shareable(net, config))
		r = net_share_adopt(network, config, err);
	if (r == 0)
		r = net_network_take(network, config, place, err);
	if (r == 0 && network->known_as)
		err_ignore(net_share_end(network, config, NULL)); /* what was written still holds */
	if (r < 0) {
		net_network_free(network);
		return r;
	}
	net_network_add(network);
	*ret_network = network;
	return 0;
}

/* Nothing of it is left after a failure but what other stacks are in. */
static int open_one(struct net_network *network, const struct net_network_config *config,
		    struct err *err)
{
	const bool shared = is_shareable(network->net, config);
	struct registry_place left = {0};
	int r = shared ? net_share_begin(network, config, &left, err) : 0;
	const bool begun = network->shared_fd >= 0;

	if (r == 0 && left.left)
		r = net_share_return(network, config, &left, err);
	else if (r == 0)
		r = set_up(network, config, err);
	if (r == 0 && shared && !left.left)
		r = net_share_end(network, config, err);
	if (r < 0 && !left.left && (!shared || begun))
		(void)!rtnet_link_remove(network->net->rtnet, network->bridge, NULL);
	if (r < 0 && begun)
		net_share_give_up(network, config->known_as);
	return r;
}

int net_network_open(struct net *net, const struct net_network_config *config,
		     struct net_network **ret_network, struct err *err)
{
	struct net_network *network = own_new(net, config);

	if (!network)
		return err_set(err, ENOMEM, "network");
	int r = open_one(network, config, err);

	if (r < 0) {
		net_network_free(network);
		return r;
	}
	net_network_add(network);
	*ret_network = network;
	return 0;
}
