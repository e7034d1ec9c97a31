// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How an endpoint comes to be connected and is cut off: by the caller, or by a process beside it.
 */
#include "runtime/base/cleanup.h"
#include "runtime/network/net_beside.h"
#include "runtime/network/net_endpoint.h"
#include "runtime/network/netns.h"
#include "runtime/network/wiring.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* More are not under way at a time: who is to go while it is waits for all of them. */
#define CONNECTING_MAX 8

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

static struct wiring_end wiring_end_of(const struct net_endpoint *endpoint, size_t i)
{
	const struct end *end = &endpoint->ends[i];
	const struct net_network *network = end->network;
	const struct in_addr address = {htonl(end->address)};
	struct wiring_end wired = {
		.mtu = network->mtu,
		.bridge_index = network->bridge_index,
		.leads_out = i == endpoint->main && !network->internal,
		.six = network->twin.subnet.ip.family != 0,
		.way = {ip_of_in(address), network->subnet.prefix, ip_of_in(net_gateway(network))},
		.way6 = {net_address6(network, address), network->twin.subnet.bits,
			 network->twin.gateway},
	};

	memcpy(wired.link, end->link, sizeof(wired.link));
	memcpy(wired.interface, end->interface, sizeof(wired.interface));
	memcpy(wired.mac, end->mac, sizeof(wired.mac));
	net_mac(network->gateway, wired.gateway_mac);
	return wired;
}

/* The caller's to free; NULL: out of memory. */
static struct wiring *wiring_of(const struct net_endpoint *endpoint)
{
	const struct net *net = endpoint->net;
	struct wiring *wiring = calloc(1, wiring_bytes(endpoint->count));

	if (!wiring)
		return NULL;
	wiring->group = net_group(net);
	wiring->count = (unsigned)endpoint->count;
	snprintf(wiring->alias, sizeof(wiring->alias), "davit %.100s %.100s", net->stack,
		 endpoint->name);
	for (size_t i = 0; i < endpoint->count; i++)
		wiring->ends[i] = wiring_end_of(endpoint, i);
	return wiring;
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

/* ---- beside the caller ---- */

/* Asked for by net_endpoint_begin(), and no answer yet. */
static void under_way(struct net_endpoint *endpoint)
{
	struct net *net = endpoint->net;

	endpoint->connecting = ++net->ordered;
	endpoint->next_connecting = net->connecting;
	net->connecting = endpoint;
	net->connecting_count++;
}

/* @netns_fd: taken over; -1: it was of no use */
static void arrived(struct net_endpoint *endpoint, int netns_fd)
{
	struct net *net = endpoint->net;
	struct net_endpoint **link = &net->connecting;

	while (*link != endpoint)
		link = &(*link)->next_connecting;
	*link = endpoint->next_connecting;
	net->connecting_count--;
	endpoint->connecting = 0;
	endpoint->netns_fd = netns_fd;
	endpoint->in_vain = netns_fd < 0;
	if (netns_fd < 0)
		cut(endpoint);
}

/* Nobody else does what is under way. */
static void give_up(struct net *net)
{
	while (net->connecting)
		arrived(net->connecting, -1);
}

/* Returns 0; -EAGAIN: there is none; another -errno: none will come. */
static int take_answer(struct net *net, bool wait)
{
	struct net_beside_answer answer;
	int r = net_beside_take(net->beside, wait, &answer);

	if (r < 0 && r != -EAGAIN)
		give_up(net);
	if (r < 0)
		return r;
	for (struct net_endpoint *one = net->connecting; one; one = one->next_connecting) {
		if (one->connecting != answer.id)
			continue;
		arrived(one, answer.netns_fd);
		return 0;
	}
	fd_drop(&answer.netns_fd);
	return 0;
}

void net_endpoint_await(const struct net_endpoint *endpoint)
{
	while (endpoint->connecting)
		err_ignore(take_answer(endpoint->net, true));
}

static int order(struct net_endpoint *endpoint, struct err *err)
{
	struct net *net = endpoint->net;
	autofree struct wiring *wiring = wiring_of(endpoint);
	int r = wiring ? 0 : err_set(err, ENOMEM, "network: '%s'", endpoint->name);

	if (r == 0 && !net->beside)
		r = net_beside_open(&net->beside, err);
	if (r < 0)
		return r;
	wiring->id = net->ordered + 1;
	return net_beside_order(net->beside, wiring, err);
}

int net_endpoint_begin(struct net_endpoint *endpoint)
{
	struct net *net = endpoint->net;

	if (!net || endpoint->netns_fd >= 0 || endpoint->in_vain)
		return 0;
	if (endpoint->connecting)
		return -EINPROGRESS;
	if (net->connecting_count == CONNECTING_MAX)
		return -EAGAIN;
	if (admit(endpoint, NULL) < 0)
		return 0;
	if (order(endpoint, NULL) < 0) {
		dismiss(endpoint);
		endpoint->in_vain = true;
		return 0;
	}
	under_way(endpoint);
	return -EINPROGRESS;
}

int net_connecting_fd(const struct net *net)
{
	return net->beside ? net_beside_fd(net->beside) : -1;
}

bool net_connecting_look(struct net *net)
{
	int r = 0;

	while (r == 0)
		r = take_answer(net, false);
	return r == -EAGAIN;
}

int net_connecting_end(struct net *net)
{
	const int pidfd = net_beside_end(take_ptr(net->beside));

	give_up(net);
	return pidfd;
}

/* ---- by the caller ---- */

int net_endpoint_connect(struct net_endpoint *endpoint, int netns_fd, struct err *err)
{
	struct net *net = endpoint->net;

	net_endpoint_await(endpoint);
	endpoint->in_vain = false;
	if (endpoint->netns_fd >= 0)
		return 0;
	if (!net)
		return connect_none(endpoint, netns_fd, err);
	const struct netns_home home = {net->home_fd, &net->sysctl, netns_fd};
	int r = admit(endpoint, err);
	if (r < 0)
		return r;
	autofree struct wiring *wiring = wiring_of(endpoint);

	r = wiring ? wiring_run(wiring, net->rtnet, &home, &endpoint->netns_fd, err)
		   : err_set(err, ENOMEM, "network: '%s'", endpoint->name);
	if (r < 0)
		cut(endpoint);
	return r;
}

void net_endpoint_cut(struct net_endpoint *endpoint)
{
	net_endpoint_await(endpoint);
	if (endpoint->netns_fd >= 0)
		cut(endpoint);
}
