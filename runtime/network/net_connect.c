// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How an endpoint comes to be connected, and is cut off.
 */
#include "runtime/base/cleanup.h"
#include "runtime/network/net_endpoint.h"
#include "runtime/network/netns.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct nft_speaker net_endpoint_speaker(const struct net_endpoint *endpoint, size_t i)
{
	const struct end *end = &endpoint->ends[i];
	struct nft_speaker speaker = {
		.port = end->link, .address = {htonl(end->address)}, .group = endpoint->group};

	speaker.address6 = net_address6(end->network, speaker.address);
	memcpy(speaker.mac, end->mac, sizeof(speaker.mac));
	return speaker;
}

/* Lets it speak at ports that are still to be made. */
static int admit(struct net_endpoint *endpoint, struct err *err)
{
	struct net *net = endpoint->net;
	autofree struct nft_speaker *speakers = calloc(endpoint->count, sizeof(*speakers));

	if (!speakers)
		return err_set(err, ENOMEM, "network: '%s'", endpoint->name);
	for (size_t i = 0; i < endpoint->count; i++) {
		/* Never a name used before: a link cut off by net_detach() may still be there. */
		snprintf(endpoint->ends[i].link, IF_NAMESIZE, "dv%08x%05x", net->hash,
			 net->links_made++ & 0xfffff);
		speakers[i] = net_endpoint_speaker(endpoint, i);
	}
	return net_guard_admit(net, speakers, endpoint->count, err);
}

static void dismiss(struct net_endpoint *endpoint)
{
	for (size_t i = 0; i < endpoint->count; i++) {
		const struct nft_speaker speaker = net_endpoint_speaker(endpoint, i);

		if (*speaker.port)
			net_guard_dismiss(endpoint->net, &speaker);
	}
}

struct rtnet_port net_endpoint_port(const struct net_endpoint *endpoint, size_t i)
{
	const struct end *end = &endpoint->ends[i];
	const struct in_addr address = {htonl(end->address)};

	return (struct rtnet_port){.name = end->link,
				   .bridge_index = end->network->bridge_index,
				   .address = ip_of_in(address),
				   .address6 = net_address6(end->network, address),
				   .mac = end->mac};
}

/* Cut off now, whoever is still in the namespace; the kernel removes the links together with the
 * namespace, in the background. A failure is made good by net_close(). */
static void cut(struct net_endpoint *endpoint)
{
	for (size_t i = 0; i < endpoint->count; i++) {
		const struct rtnet_port port = net_endpoint_port(endpoint, i);

		(void)!rtnet_port_cut(endpoint->net->rtnet, &port, NULL);
	}
	dismiss(endpoint);
	fd_drop(&endpoint->netns_fd);
}

static int open_inside(void *data, struct err *err)
{
	return rtnet_open(data, err);
}

static bool leads_out(const struct net_endpoint *endpoint, size_t i)
{
	return i == endpoint->main && !endpoint->ends[i].network->internal;
}

/* Both ends of a link. IPv6 goes off before the outer end is up: it would send neighbour discovery
 * to all instances. */
static int connect_end(const struct net_endpoint *endpoint, size_t i, struct rtnet *inside,
		       struct err *err)
{
	const struct net *net = endpoint->net;
	const struct end *end = &endpoint->ends[i];
	const struct net_network *network = end->network;
	const struct rtnet_port port = net_endpoint_port(endpoint, i);
	unsigned char gateway_mac[6];
	char alias[NET_ALIAS_BYTES];
	const struct rtnet_owner owner = {net_group(net), alias};
	const struct rtnet_veth veth = {.host_name = end->link,
					.host_netns_fd = net->home_fd,
					.name = end->interface,
					.number = (unsigned)i,
					.way = {.address = port.address,
						.prefix = network->subnet.prefix,
						.gateway = ip_of_in(net_gateway(network)),
						.gateway_mac = gateway_mac,
						.leads_out = leads_out(endpoint, i)},
					.mac = end->mac,
					.mtu = network->mtu};

	net_mac(network->gateway, gateway_mac);
	snprintf(alias, sizeof(alias), "davit %.100s %.100s", net->stack, endpoint->name);
	int r = rtnet_endpoint_make(inside, &veth, err);

	if (r == 0)
		r = net_link_sysctl("ipv6", end->link, "disable_ipv6", "1", err);
	return r == 0 ? rtnet_port_attach(net->rtnet, &port, &owner, err) : r;
}

static bool has_six(const struct end *end)
{
	return end->network->twin.subnet.ip.family != 0;
}

static bool any_six(const struct net_endpoint *endpoint)
{
	for (size_t i = 0; i < endpoint->count; i++)
		if (has_six(&endpoint->ends[i]))
			return true;
	return false;
}

static int allow_six(void *data, struct err *err)
{
	struct net_endpoint *endpoint = data;
	int r = 0;

	for (size_t i = 0; r == 0 && i < endpoint->count; i++)
		if (has_six(&endpoint->ends[i]))
			r = net_six_link(&endpoint->net->sysctl, endpoint->ends[i].interface, err);
	return r;
}

/* IPv4 is there already. */
static int connect_six(const struct net_endpoint *endpoint, struct rtnet *inside, struct err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < endpoint->count; i++) {
		const struct net_network *network = endpoint->ends[i].network;
		unsigned char gateway_mac[6];
		const struct rtnet_way way = {.address = net_endpoint_port(endpoint, i).address6,
					      .prefix = network->twin.subnet.bits,
					      .gateway = network->twin.gateway,
					      .gateway_mac = gateway_mac,
					      .leads_out = leads_out(endpoint, i)};

		net_mac(network->gateway, gateway_mac);
		if (way.address.family)
			r = rtnet_endpoint_ipv6(inside, (unsigned)i, &way, err);
	}
	return r;
}

/* After a failure links may be left, which go with the namespace. */
static int connect_all(struct net_endpoint *endpoint, int netns_fd, struct err *err)
{
	struct net *net = endpoint->net;
	const struct netns_home home = {net->home_fd, &net->sysctl, netns_fd};
	struct rtnet *inside = NULL;
	autoclose int fd = -1;
	int r = netns_make(&home, open_inside, &inside, &fd, err);

	for (size_t i = 0; r == 0 && i < endpoint->count; i++)
		r = connect_end(endpoint, i, inside, err);
	if (r == 0 && any_six(endpoint))
		r = netns_visit(fd, allow_six, endpoint, err);
	if (r == 0)
		r = connect_six(endpoint, inside, err);
	rtnet_close(inside);
	if (r == 0)
		endpoint->netns_fd = take_fd(&fd);
	return r;
}

static int only_loopback(void *data, struct err *err)
{
	struct rtnet *inside = NULL;
	int r = rtnet_open(&inside, err);

	if (r == 0)
		r = rtnet_loopback_up(inside, err);
	rtnet_close(inside);
	return r;
}

static int connect_none(struct net_endpoint *endpoint, int netns_fd, struct err *err)
{
	autoclose int home_fd = netns_open_own(err);
	const struct netns_home home = {home_fd, NULL, netns_fd};

	return home_fd < 0 ? home_fd
			   : netns_make(&home, only_loopback, NULL, &endpoint->netns_fd, err);
}

int net_endpoint_connect(struct net_endpoint *endpoint, int netns_fd, struct err *err)
{
	if (endpoint->netns_fd >= 0)
		return 0;
	if (!endpoint->net)
		return connect_none(endpoint, netns_fd, err);
	int r = admit(endpoint, err);
	if (r < 0)
		return r;
	r = connect_all(endpoint, netns_fd, err);
	if (r < 0)
		cut(endpoint);
	return r;
}

void net_endpoint_cut(struct net_endpoint *endpoint)
{
	if (endpoint->netns_fd >= 0)
		cut(endpoint);
}
