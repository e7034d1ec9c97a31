// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One instance's side: who it is in the networks of the stack. How it gets there: net_connect.c.
 */
#include "runtime/network/net_endpoint.h"
#include "runtime/base/cleanup.h"
#include "runtime/network/net_share.h"

#include <arpa/inet.h>
#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

static int compare_endpoints(const void *a, const void *b)
{
	return strcmp(((const struct net_endpoint *)a)->name,
		      ((const struct net_endpoint *)b)->name);
}

bool net_is_attached(const struct net *net, const char *name)
{
	const struct net_endpoint key = {.name = (char *)name};

	return tfind(&key, &net->attached, compare_endpoints);
}

/* Who is not attached any more gives an address up that somebody else is to have; what is reserved
 * (its name is no instance's, it has spaces) stays so. */
static int fix_address(struct net_network *network, const char *name, uint32_t address,
		       struct err *err)
{
	const char *owner = addr_pool_owner(&network->addresses, address);
	int r = net_share_check(network, name, address, err);

	if (r < 0)
		return r;
	if (owner && strcmp(owner, name) != 0 && !strchr(owner, ' ') &&
	    !net_is_attached(network->net, owner))
		addr_pool_release(&network->addresses, owner);
	return addr_pool_fix(&network->addresses, name, address, err);
}

int net_network_keep(struct net_network *network, const char *name, struct in_addr address,
		     struct err *err)
{
	const uint32_t wanted = ntohl(address.s_addr);

	/* What it is attached with stays its own until it is detached. */
	if (net_is_attached(network->net, name))
		return 0;
	int r = fix_address(network, name, wanted, err);

	return r == -EADDRINUSE && addr_pool_is_ours(&network->addresses, wanted) ? 0 : r;
}

static int take_address(struct end *end, const char *name, const struct net_link *link,
			struct err *err)
{
	struct addr_pool *pool = &link->network->addresses;

	if (link->address.s_addr == htonl(INADDR_ANY))
		return addr_pool_take(pool, name, &end->address, err);
	end->address = ntohl(link->address.s_addr);
	return fix_address(link->network, name, end->address, err);
}

/* Whose twin an IPv6 address would be, where that one has no other. */
static const char *holder_of(const struct net_network *network, const struct ip *ip)
{
	uint32_t distance = twin_distance(&network->twin, ip);
	const struct ip twin = twin_at(&network->twin, distance);
	const char *owner =
		addr_pool_owner(&network->addresses, network->subnet.address + distance);

	return owner && ip_compare(&twin, ip) == 0 && net_is_attached(network->net, owner) ? owner
											   : NULL;
}

static int take_twin(const struct end *end, const char *name, const struct net_link *link,
		     struct err *err)
{
	struct net_network *network = end->network;
	uint32_t distance = end->address - network->subnet.address;
	const struct ip wanted = link->address6;
	char text[IP_TEXT_MAX];
	int r = wanted.family ? net_six_keep(network, name, &wanted, err) : 0;

	if (r < 0 || !network->twin.subnet.ip.family)
		return r;
	const char *holder = wanted.family ? holder_of(network, &wanted) : NULL;

	if (holder && strcmp(holder, name) != 0)
		return err_say(err, EADDRINUSE, "network: %s, for '%s', is that of '%s'",
			       ip_format(&wanted, text), name, holder);
	if (wanted.family)
		r = net_share_claim6(network, &wanted, name, err);
	if (r == 0)
		r = net_six_write(network, distance, &wanted, err);
	const struct ip got = twin_at(&network->twin, distance);

	if (r == 0 && !wanted.family && twin_is_fixed(&network->twin, &got))
		return err_say(err, EADDRINUSE, "network: %s, for '%s', is written for another one",
			       ip_format(&got, text), name);
	return r;
}

static int plan_end(struct net_endpoint *endpoint, size_t i, const struct net_link *link,
		    struct err *err)
{
	struct end *end = &endpoint->ends[i];

	end->network = link->network;
	if (link->main)
		endpoint->main = i;
	int len = link->interface ? snprintf(end->interface, IF_NAMESIZE, "%s", link->interface)
				  : snprintf(end->interface, IF_NAMESIZE, "eth%zu", i);

	if (len >= IF_NAMESIZE)
		return err_say(err, EINVAL, "network: interface name '%s' is too long",
			       link->interface);
	int r = take_address(end, endpoint->name, link, err);

	if (r == 0)
		r = take_twin(end, endpoint->name, link, err);
	net_mac(end->address, end->mac);
	if (link->has_mac)
		memcpy(end->mac, link->mac, sizeof(end->mac));
	return r;
}

static void endpoint_free(struct net_endpoint *endpoint)
{
	fd_drop(&endpoint->netns_fd);
	free(endpoint->ends);
	free(endpoint->name);
	free(endpoint->group);
	free(endpoint);
}

static struct net_endpoint *endpoint_new(struct net *net, const char *name, size_t count)
{
	struct net_endpoint *endpoint = calloc(1, sizeof(*endpoint));

	if (!endpoint)
		return NULL;
	*endpoint = (struct net_endpoint){
		.net = net,
		.name = strdup(name),
		.netns_fd = -1,
		.ends = calloc(count ? count : 1, sizeof(struct end)),
		.count = count,
	};
	if (endpoint->name && endpoint->ends)
		return endpoint;
	endpoint_free(endpoint);
	return NULL;
}

int net_attach(struct net *net, const struct net_attach_request *request,
	       struct net_endpoint **ret_endpoint, struct err *err)
{
	struct net_endpoint *endpoint = endpoint_new(net, request->name, request->count);

	if (!endpoint)
		return err_set(err, ENOMEM, "network: attach '%s'", request->name);
	if (tfind(endpoint, &net->attached, compare_endpoints)) {
		endpoint_free(endpoint);
		return err_say(err, EBUSY, "network: '%s' is attached already", request->name);
	}
	endpoint->group = request->group ? strdup(request->group) : NULL;
	int r = request->group && !endpoint->group
			? err_set(err, ENOMEM, "network: attach '%s'", request->name)
			: 0;

	for (size_t i = 0; r == 0 && i < request->count; i++)
		r = plan_end(endpoint, i, &request->links[i], err);
	if (r == 0 && !tsearch(endpoint, &net->attached, compare_endpoints))
		r = err_set(err, ENOMEM, "network: attach '%s'", request->name);
	if (r < 0) {
		endpoint_free(endpoint);
		return r;
	}
	*ret_endpoint = endpoint;
	return 0;
}

void net_endpoint_adopt(struct net_endpoint *endpoint, const struct net_link_place *places,
			size_t count, int netns_fd)
{
	fd_drop(&endpoint->netns_fd);
	endpoint->netns_fd = netns_fd;
	for (size_t i = 0; i < endpoint->count; i++)
		for (size_t j = 0; j < count; j++)
			if (strcmp(places[j].network, endpoint->ends[i].network->name) == 0)
				snprintf(endpoint->ends[i].link, IF_NAMESIZE, "%s",
					 places[j].outer);
}

bool net_endpoint_link(const struct net_endpoint *endpoint, size_t i, struct net_link_place *ret)
{
	if (i >= endpoint->count)
		return false;
	const struct end *end = &endpoint->ends[i];

	*ret = (struct net_link_place){end->network->name, {htonl(end->address)}, end->link};
	return true;
}

struct speaker_walk {
	void (*say)(void *data, const struct nft_speaker *speaker);
	void *data;
};

static void visit_speakers(const void *node, VISIT visit, void *data)
{
	const struct net_endpoint *endpoint = *(const struct net_endpoint *const *)node;
	const struct speaker_walk *walk = data;

	if (endpoint->netns_fd < 0 || (visit != leaf && visit != postorder))
		return;
	for (size_t i = 0; i < endpoint->count; i++) {
		const struct nft_speaker speaker = net_endpoint_speaker(endpoint, i);

		if (*speaker.port)
			walk->say(walk->data, &speaker);
	}
}

void net_each_speaker(const struct net *net,
		      void (*say)(void *data, const struct nft_speaker *speaker), void *data)
{
	struct speaker_walk walk = {say, data};

	twalk_r(net->attached, visit_speakers, &walk);
}

struct link_search {
	const char *name;
	bool found;
};

static void look_for_link(const void *node, VISIT visit, void *data)
{
	const struct net_endpoint *endpoint = *(const struct net_endpoint *const *)node;
	struct link_search *search = data;

	if (visit != leaf && visit != postorder)
		return;
	for (size_t i = 0; i < endpoint->count; i++)
		search->found |= strcmp(endpoint->ends[i].link, search->name) == 0;
}

bool net_has_link(const struct net *net, const char *name)
{
	struct link_search search = {name, false};

	twalk_r(net->attached, look_for_link, &search);
	return search.found;
}

int net_attach_none(struct net_endpoint **ret_endpoint, struct err *err)
{
	struct net_endpoint *endpoint = endpoint_new(NULL, "", 0);

	if (!endpoint)
		return err_set(err, ENOMEM, "network");
	*ret_endpoint = endpoint;
	return 0;
}

void net_detach(struct net_endpoint *endpoint)
{
	if (!endpoint)
		return;
	net_endpoint_cut(endpoint);
	if (endpoint->net)
		tdelete(endpoint, &endpoint->net->attached, compare_endpoints);
	endpoint_free(endpoint);
}

void net_leave(struct net_endpoint *endpoint)
{
	struct net *net = endpoint ? endpoint->net : NULL;

	if (!net) {
		net_detach(endpoint);
		return;
	}
	tdelete(endpoint, &net->attached, compare_endpoints);
	endpoint->next_left = net->left;
	net->left = endpoint;
}

/* An entry that a dead process has left there stays until somebody else has the address. */
void net_strangers_left(const struct net *net)
{
	for (const struct net_endpoint *one = net->left; one; one = one->next_left)
		for (size_t i = 0; one->netns_fd >= 0 && i < one->count; i++) {
			const struct rtnet_port port = net_endpoint_port(one, i);

			if (one->ends[i].network->known_as)
				(void)!rtnet_port_forget(net->rtnet, &port, NULL);
		}
}

void net_forget_left(struct net *net)
{
	while (net->left) {
		struct net_endpoint *endpoint = net->left;

		net->left = endpoint->next_left;
		endpoint_free(endpoint);
	}
}

int net_endpoint_netns(const struct net_endpoint *endpoint)
{
	return endpoint->netns_fd;
}

struct in_addr net_endpoint_address(const struct net_endpoint *endpoint)
{
	return (struct in_addr){endpoint->count ? htonl(endpoint->ends[endpoint->main].address)
						: INADDR_ANY};
}

struct in_addr net_endpoint_address_in(const struct net_endpoint *endpoint,
				       const struct net_network *network)
{
	for (size_t i = 0; i < endpoint->count; i++)
		if (endpoint->ends[i].network == network)
			return (struct in_addr){htonl(endpoint->ends[i].address)};
	return (struct in_addr){INADDR_ANY};
}
