// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One instance's side: a network namespace and its links to the networks of the stack.
 */
#include "runtime/base/cleanup.h"
#include "runtime/network/net_private.h"
#include "runtime/network/netns.h"

#include <arpa/inet.h>
#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

struct end {
	struct net_network *network;
	uint32_t address;
	char link[IF_NAMESIZE];	     /* of the outer end; empty: never made */
	char interface[IF_NAMESIZE]; /* of the inner one */
	unsigned char mac[6];
};

struct net_endpoint {
	struct net *net; /* borrowed; NULL: only lo */
	struct net_endpoint *next_left;
	char *name;
	char *group; /* NULL: none */
	int netns_fd;
	struct end *ends;
	size_t count;
	size_t main;
};

static int compare_endpoints(const void *a, const void *b)
{
	return strcmp(((const struct net_endpoint *)a)->name,
		      ((const struct net_endpoint *)b)->name);
}

static int open_inside(void *data, struct err *err)
{
	return rtnet_open(data, err);
}

/* Who is not attached any more gives an address up that somebody else is to have; what is reserved
 * (its name is no instance's, it has spaces) stays so. */
static int fix_address(struct net_network *network, const char *name, uint32_t address,
		       struct err *err)
{
	const char *owner = addr_pool_owner(&network->addresses, address);
	const struct net_endpoint key = {.name = (char *)owner};

	if (owner && strcmp(owner, name) != 0 && !strchr(owner, ' ') &&
	    !tfind(&key, &network->net->attached, compare_endpoints))
		addr_pool_release(&network->addresses, owner);
	return addr_pool_fix(&network->addresses, name, address, err);
}

int net_network_keep(struct net_network *network, const char *name, struct in_addr address,
		     struct err *err)
{
	int r = fix_address(network, name, ntohl(address.s_addr), err);

	return r == -EADDRINUSE ? 0 : r;
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
	const struct net_endpoint key = {.name = (char *)owner};

	return owner && ip_compare(&twin, ip) == 0 &&
			       tfind(&key, &network->net->attached, compare_endpoints)
		       ? owner
		       : NULL;
}

static int take_twin(const struct end *end, const char *name, const struct net_link *link,
		     struct err *err)
{
	struct net_network *network = end->network;
	uint32_t distance = end->address - network->subnet.address;
	const struct ip wanted = link->address6;
	char text[IP_TEXT_MAX];

	if (!network->twin.subnet.ip.family)
		return 0;
	const char *holder = wanted.family ? holder_of(network, &wanted) : NULL;

	if (holder && strcmp(holder, name) != 0)
		return err_say(err, EADDRINUSE, "network: %s, for '%s', is that of '%s'",
			       ip_format(&wanted, text), name, holder);
	int r = twin_fix(&network->twin, distance, &wanted, err);
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

static struct nft_speaker speaker_of(const struct net_endpoint *endpoint, size_t i)
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
		speakers[i] = speaker_of(endpoint, i);
	}
	return net_guard_admit(net, speakers, endpoint->count, err);
}

static void dismiss(struct net_endpoint *endpoint)
{
	for (size_t i = 0; i < endpoint->count; i++) {
		const struct nft_speaker speaker = speaker_of(endpoint, i);

		if (*speaker.port)
			net_guard_dismiss(endpoint->net, &speaker);
	}
}

/* Both ends of a link; the namespace is there, and after a failure takes the link with it when it
 * is closed. IPv6 goes off before the outer end is up: it would send neighbour discovery to all
 * instances. */
static int connect_end(struct net_endpoint *endpoint, size_t i, struct rtnet *inside,
		       struct err *err)
{
	struct net *net = endpoint->net;
	struct end *end = &endpoint->ends[i];
	const struct net_network *network = end->network;
	char alias[NET_ALIAS_BYTES];
	struct rtnet_owner owner = {net_group(net), alias};

	snprintf(alias, sizeof(alias), "davit %.100s %.100s", net->stack, endpoint->name);
	const struct rtnet_veth veth = {
		.host_name = end->link,
		.host_netns_fd = net->home_fd,
		.name = end->interface,
		.number = (unsigned)i,
		.way = {.address = ip_of_in((struct in_addr){htonl(end->address)}),
			.prefix = network->subnet.prefix,
			.gateway = ip_of_in(net_gateway(network)),
			.leads_out = i == endpoint->main && !network->internal},
		.mac = end->mac,
		.mtu = network->mtu,
	};
	int r = rtnet_endpoint_make(inside, &veth, err);
	if (r == 0)
		r = net_link_sysctl("ipv6", end->link, "disable_ipv6", "1", err);
	if (r == 0)
		r = rtnet_port_attach(net->rtnet, end->link, &owner, network->bridge_index, err);
	return r;
}

static bool has_six(const struct net_endpoint *endpoint)
{
	for (size_t i = 0; i < endpoint->count; i++)
		if (endpoint->ends[i].network->twin.subnet.ip.family)
			return true;
	return false;
}

static int allow_six(void *data, struct err *err)
{
	struct net_endpoint *endpoint = data;
	int r = 0;

	for (size_t i = 0; r == 0 && i < endpoint->count; i++)
		if (endpoint->ends[i].network->twin.subnet.ip.family)
			r = net_six_link(&endpoint->net->sysctl, endpoint->ends[i].interface, err);
	return r;
}

/* Beside IPv4, which is there already. */
static int connect_six(struct net_endpoint *endpoint, struct rtnet *inside, struct err *err)
{
	int r = netns_visit(endpoint->netns_fd, allow_six, endpoint, err);

	for (size_t i = 0; r == 0 && i < endpoint->count; i++) {
		const struct end *end = &endpoint->ends[i];
		const struct net_network *network = end->network;
		const struct rtnet_way way = {
			.address = net_address6(network, (struct in_addr){htonl(end->address)}),
			.prefix = network->twin.subnet.bits,
			.gateway = network->twin.gateway,
			.leads_out = i == endpoint->main && !network->internal,
		};

		if (way.address.family)
			r = rtnet_endpoint_ipv6(inside, (unsigned)i, &way, err);
	}
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
	struct net *net = endpoint->net;
	struct rtnet *inside = NULL;

	if (endpoint->netns_fd >= 0)
		return 0;
	if (!net)
		return connect_none(endpoint, netns_fd, err);
	const struct netns_home home = {net->home_fd, &net->sysctl, netns_fd};
	int r = admit(endpoint, err);
	if (r < 0)
		return r;
	r = netns_make(&home, open_inside, &inside, &endpoint->netns_fd, err);
	for (size_t i = 0; r == 0 && i < endpoint->count; i++)
		r = connect_end(endpoint, i, inside, err);
	if (r == 0 && has_six(endpoint))
		r = connect_six(endpoint, inside, err);
	rtnet_close(inside);
	if (r < 0) {
		fd_drop(&endpoint->netns_fd);
		dismiss(endpoint);
	}
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

static int look_inside(void *data, struct err *err)
{
	struct rtnet *inside = NULL;
	int r = rtnet_open(&inside, err);

	if (r == 0)
		r = rtnet_list_ends(inside, data, err);
	rtnet_close(inside);
	return r;
}

static const char *network_of(const struct net *net, struct in_addr address)
{
	const struct subnet host = {ntohl(address.s_addr), 32};

	for (const struct net_network *one = net->networks; one; one = one->next)
		if (subnet_overlaps(one->subnet, host))
			return one->name;
	return NULL;
}

int net_look(struct net *net, int netns_fd, struct net_link_found **ret_found, size_t *ret_count,
	     struct err *err)
{
	struct rtnet_ends ends = {0};
	size_t count = 0;
	int r = netns_visit(netns_fd, look_inside, &ends, err);

	if (r < 0)
		return r;
	autofree struct rtnet_end *items = ends.items;
	struct net_link_found *found = calloc(ends.count + 1, sizeof(*found));

	if (!found)
		return err_set(err, ENOMEM, "network");
	for (size_t i = 0; i < ends.count; i++) {
		const char *network = network_of(net, items[i].address);

		if (!network || !if_indextoname((unsigned)items[i].outer, found[count].outer))
			continue;
		found[count].network = network;
		found[count++].address = items[i].address;
	}
	*ret_found = found;
	*ret_count = count;
	return 0;
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
		const struct nft_speaker speaker = speaker_of(endpoint, i);

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

void net_endpoint_cut(struct net_endpoint *endpoint)
{
	/* Cut off now, whoever is still in the namespace; the kernel removes the links together
	 * with the namespace, in the background. A failure is made good by net_close(). */
	for (size_t i = 0; endpoint->netns_fd >= 0 && i < endpoint->count; i++)
		(void)!rtnet_link_down(endpoint->net->rtnet, endpoint->ends[i].link, NULL);
	if (endpoint->netns_fd >= 0)
		dismiss(endpoint);
	fd_drop(&endpoint->netns_fd);
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
