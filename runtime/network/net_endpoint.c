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
	char link[IF_NAMESIZE]; /* of the outer end */
};

struct net_endpoint {
	struct net *net; /* borrowed; NULL: only lo */
	char *name;
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

/* Both ends of a link; the namespace is there, and after a failure takes the link with it when it
 * is closed. IPv6 goes off before the outer end is up: it would send neighbour discovery to all
 * instances. */
static int connect_end(struct net_endpoint *endpoint, size_t i, const struct net_link *link,
		       struct rtnet *inside, struct err *err)
{
	struct net *net = endpoint->net;
	struct end *end = &endpoint->ends[i];
	char alias[NET_ALIAS_BYTES], interface[IF_NAMESIZE];
	struct rtnet_owner owner = {net_group(net), alias};
	int r = take_address(end, endpoint->name, link, err);

	if (r < 0)
		return r;
	snprintf(alias, sizeof(alias), "davit %.100s %.100s", net->stack, endpoint->name);
	snprintf(interface, sizeof(interface), "eth%zu", i);
	/* Never a name used before: a link cut off by net_detach() may still be there. */
	snprintf(end->link, sizeof(end->link), "dv%08x%05x", net->hash,
		 net->links_made++ & 0xfffff);
	const struct rtnet_veth veth = {
		.host_name = end->link,
		.host_netns_fd = net->home_fd,
		.name = link->interface ? link->interface : interface,
		.number = (unsigned)i,
		.address = {htonl(end->address)},
		.prefix = link->network->subnet.prefix,
		.gateway = link->main && !link->network->internal ? net_gateway(link->network)
								  : (struct in_addr){0},
		.mac = link->has_mac ? link->mac : NULL,
	};

	r = rtnet_endpoint_make(inside, &veth, err);
	if (r == 0)
		r = net_link_sysctl("ipv6", end->link, "disable_ipv6", "1", err);
	if (r == 0)
		r = rtnet_port_attach(net->rtnet, end->link, &owner, link->network->bridge_index,
				      err);
	return r;
}

static int attach(struct net_endpoint *endpoint, const struct net_attach_request *request,
		  struct err *err)
{
	struct rtnet *inside = NULL;
	int r = netns_make(endpoint->net->home_fd, open_inside, &inside, &endpoint->netns_fd, err);

	for (size_t i = 0; r == 0 && i < request->count; i++) {
		endpoint->ends[i].network = request->links[i].network;
		if (request->links[i].main)
			endpoint->main = i;
		r = connect_end(endpoint, i, &request->links[i], inside, err);
	}
	rtnet_close(inside);
	return r;
}

static void endpoint_free(struct net_endpoint *endpoint)
{
	fd_drop(&endpoint->netns_fd);
	free(endpoint->ends);
	free(endpoint->name);
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
	int r = attach(endpoint, request, err);

	if (r == 0 && !tsearch(endpoint, &net->attached, compare_endpoints))
		r = err_set(err, ENOMEM, "network: attach '%s'", request->name);
	if (r < 0) {
		endpoint_free(endpoint);
		return r;
	}
	*ret_endpoint = endpoint;
	return 0;
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

int net_attach_none(struct net_endpoint **ret_endpoint, struct err *err)
{
	autoclose int home_fd = netns_open_own(err);
	struct net_endpoint *endpoint = home_fd < 0 ? NULL : endpoint_new(NULL, "", 0);

	if (home_fd < 0)
		return home_fd;
	if (!endpoint)
		return err_set(err, ENOMEM, "network");
	int r = netns_make(home_fd, only_loopback, NULL, &endpoint->netns_fd, err);
	if (r < 0) {
		endpoint_free(endpoint);
		return r;
	}
	*ret_endpoint = endpoint;
	return 0;
}

void net_detach(struct net_endpoint *endpoint)
{
	if (!endpoint)
		return;
	/* Cut off now, whoever is still in the namespace; the kernel removes the links together
	 * with the namespace, in the background. A failure is made good by net_close(). */
	for (size_t i = 0; i < endpoint->count; i++)
		(void)!rtnet_link_down(endpoint->net->rtnet, endpoint->ends[i].link, NULL);
	if (endpoint->net)
		tdelete(endpoint, &endpoint->net->attached, compare_endpoints);
	endpoint_free(endpoint);
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
