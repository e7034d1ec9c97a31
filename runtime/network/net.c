// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The network of a stack, put together from its parts: bridge and subnet at the opening, a
 * namespace and a veth per endpoint, rules per change of what is published. All of it by the
 * calling thread, which must be in the host's network namespace and is there again after every
 * call.
 */
#include "runtime/network/net.h"

#include "runtime/base/cleanup.h"
#include "runtime/network/addr_pool.h"
#include "runtime/network/netns.h"
#include "runtime/network/nft.h"
#include "runtime/network/nft_rules.h"
#include "runtime/network/rtnet.h"
#include "runtime/network/subnet.h"
#include "runtime/network/sysctl.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#define DEFAULT_POOL   "10.213.0.0/16"
#define STACK_NAME_MAX 200
#define ALIAS_BYTES    256 /* IFALIASZ of linux/if.h, which does not go with net/if.h */

/* How often a subnet is chosen anew because another stack took the same one at the same moment. */
#define SUBNET_TRIES 8

struct net {
	char *stack;
	char bridge[IF_NAMESIZE];
	uint32_t hash; /* of the stack's name: links carry it */
	unsigned links_made;
	int bridge_index;
	struct subnet subnet;
	struct addr_pool addresses;
	bool attached[ADDR_POOL_LAST + 1];
	struct rtnet *rtnet;
	struct nft *nft;
	int home_fd; /* the host's network namespace */
};

struct net_endpoint {
	struct net *net; /* borrowed; NULL: only lo */
	int netns_fd;
	uint8_t host;
	char link[IF_NAMESIZE];
};

/* FNV-1a */
static uint32_t hash_of(const char *text)
{
	uint32_t hash = 2166136261U;

	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 16777619U;
	return hash;
}

/* The name becomes part of rule texts and of link aliases. */
static int check_stack(const char *stack, struct err *err)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789_-";
	size_t len = strlen(stack);

	if (!len || len > STACK_NAME_MAX || strspn(stack, allowed) != len)
		return err_say(err, EINVAL, "network: '%s' is not a valid stack name", stack);
	return 0;
}

static struct in_addr address_of(const struct net *net, uint8_t host)
{
	return (struct in_addr){htonl(net->subnet.address + host)};
}

static struct nft_names names_of(const struct net *net)
{
	return (struct nft_names){net->stack, net->bridge, net->subnet};
}

/* The link group of a stack: far from the small numbers that people and other programs use. */
static uint32_t group_of(uint32_t hash)
{
	return hash | 0xd0000000U;
}

static int remove_table(struct nft *nft, const char *stack, struct err *err)
{
	autobuf struct buf text = {0};

	nft_rules_remove(&text, stack);
	int r = buf_check(&text, err);
	return r < 0 ? r : nft_run(nft, text.data, err);
}

static int make_bridge(struct net *net, struct subnet pool, const struct subnet_list *used,
		       uint32_t start, struct err *err)
{
	char alias[STACK_NAME_MAX + 16];
	struct rtnet_owner owner = {group_of(net->hash), alias};

	snprintf(alias, sizeof(alias), "davit %s", net->stack);
	int r = subnet_pick(pool, used, start, &net->subnet, err);
	if (r < 0)
		return r;
	struct in_addr gateway = net_gateway(net);
	r = rtnet_bridge_make(net->rtnet, net->bridge, &owner, gateway, err);
	if (r == 0)
		r = rtnet_link_index(net->rtnet, net->bridge, &net->bridge_index, err);
	if (r < 0)
		return r;
	return rtnet_link_address(net->rtnet, net->bridge_index, gateway, net->subnet.prefix, err);
}

static bool is_shared(const struct net *net, const struct subnet_list *used)
{
	for (size_t i = 0; i < used->count; i++)
		if (strcmp(used->items[i].link, net->bridge) != 0 &&
		    subnet_overlaps(used->items[i].subnet, net->subnet))
			return true;
	return false;
}

/*
 * Choosing and taking a subnet are two steps: after both, look whether somebody else did the same.
 * Whoever sees a conflict moves on; starting from the stack's hash makes that rare.
 */
static int try_bridge(struct net *net, struct subnet pool, uint32_t start, struct err *err)
{
	struct subnet_list before = {0}, after = {0};

	int r = rtnet_list_used(net->rtnet, &before, err);
	if (r == 0)
		r = make_bridge(net, pool, &before, start, err);
	if (r == 0)
		r = rtnet_list_used(net->rtnet, &after, err);
	bool shared = r == 0 && is_shared(net, &after);
	free(before.items);
	free(after.items);
	if (!shared)
		return r;
	r = rtnet_remove_group(net->rtnet, group_of(net->hash), err);
	return r < 0 ? r : -EAGAIN;
}

static int set_up_bridge(struct net *net, const char *pool_text, struct err *err)
{
	struct subnet pool;
	int r = subnet_parse(pool_text, &pool, err);

	if (r < 0)
		return r;
	r = -EAGAIN;
	for (uint32_t i = 0; r == -EAGAIN && i < SUBNET_TRIES; i++)
		r = try_bridge(net, pool, net->hash + i * i, err);
	return r == -EAGAIN
		       ? err_say(err, EAGAIN, "network: other stacks keep taking the same subnet")
		       : r;
}

static int set_link_sysctl(const char *family, const char *link, const char *setting,
			   const char *value, struct err *err)
{
	char path[128];

	snprintf(path, sizeof(path), "/proc/sys/net/%s/conf/%s/%s", family, link, setting);
	return sysctl_set(path, value, err);
}

/*
 * Forwarding is a switch of the whole host: routed packets arrive on links that are not ours. It
 * stays on after us, as somebody else may have come to need it. route_localnet is for published
 * ports on 127.0.0.1; the table that keeps instances from using it is loaded before.
 */
static int set_up_host(const struct net *net, struct err *err)
{
	int r = sysctl_set("/proc/sys/net/ipv4/ip_forward", "1", err);

	if (r == 0)
		r = set_link_sysctl("ipv6", net->bridge, "disable_ipv6", "1", err);
	if (r == 0)
		r = set_link_sysctl("ipv4", net->bridge, "route_localnet", "1", err);
	return r;
}

static int load_table(struct net *net, struct err *err)
{
	autobuf struct buf text = {0};
	struct nft_names names = names_of(net);

	nft_rules_table(&text, &names);
	int r = buf_check(&text, err);
	return r < 0 ? r : nft_run(net->nft, text.data, err);
}

static int set_up(struct net *net, const struct net_config *config, struct err *err)
{
	net->home_fd = netns_open_own(err);
	int r = net->home_fd < 0 ? net->home_fd : rtnet_open(&net->rtnet, err);

	if (r == 0)
		r = nft_open(&net->nft, err);
	if (r == 0)
		r = rtnet_remove_group(net->rtnet, group_of(net->hash), err);
	if (r == 0)
		r = set_up_bridge(net, config->pool ? config->pool : DEFAULT_POOL, err);
	if (r == 0)
		r = load_table(net, err);
	if (r == 0)
		r = set_up_host(net, err);
	return r;
}

int net_open(const struct net_config *config, struct net **ret_net, struct err *err)
{
	int r = check_stack(config->stack, err);

	if (r < 0)
		return r;
	struct net *net = calloc(1, sizeof(*net));
	if (!net)
		return err_set(err, ENOMEM, "network");
	net->home_fd = -1;
	net->hash = hash_of(config->stack);
	snprintf(net->bridge, sizeof(net->bridge), "dv-%08x", net->hash);
	net->stack = strdup(config->stack);
	r = net->stack ? set_up(net, config, err) : err_set(err, ENOMEM, "network");
	if (r < 0) {
		net_close(net);
		return r;
	}
	*ret_net = net;
	return 0;
}

/* Failures are of no use to the caller here; the next net_open() or net_purge() tries again. */
void net_close(struct net *net)
{
	if (!net)
		return;
	if (net->nft)
		(void)!remove_table(net->nft, net->stack, NULL);
	if (net->rtnet)
		(void)!rtnet_remove_group(net->rtnet, group_of(net->hash), NULL);
	nft_close(net->nft);
	rtnet_close(net->rtnet);
	addr_pool_free(&net->addresses);
	fd_drop(&net->home_fd);
	free(net->stack);
	free(net);
}

int net_purge(const char *stack, struct err *err)
{
	struct rtnet *rtnet = NULL;
	struct nft *nft = NULL;
	int r = check_stack(stack, err);

	if (r == 0)
		r = rtnet_open(&rtnet, err);
	if (r == 0)
		r = nft_open(&nft, err);
	if (r == 0)
		r = rtnet_remove_group(rtnet, group_of(hash_of(stack)), err);
	if (r == 0)
		r = remove_table(nft, stack, err);
	nft_close(nft);
	rtnet_close(rtnet);
	return r;
}

struct in_addr net_gateway(const struct net *net)
{
	return address_of(net, 1);
}

static int open_inside(void *data, struct err *err)
{
	return rtnet_open(data, err);
}

/* The link with both its ends; the namespace is there, and after a failure takes the link with it
 * when it is closed. IPv6 goes off before the outer end is up: it would send neighbour discovery to
 * all instances. */
static int connect_endpoint(struct net_endpoint *endpoint, const char *name, struct rtnet *inside,
			    struct err *err)
{
	struct net *net = endpoint->net;
	char alias[ALIAS_BYTES];
	struct rtnet_owner owner = {group_of(net->hash), alias};
	struct rtnet_veth veth = {.host_name = endpoint->link,
				  .host_netns_fd = net->home_fd,
				  .address = address_of(net, endpoint->host),
				  .prefix = net->subnet.prefix,
				  .gateway = net_gateway(net)};

	snprintf(alias, sizeof(alias), "davit %s %s", net->stack, name);
	int r = rtnet_endpoint_make(inside, &veth, err);
	if (r == 0)
		r = set_link_sysctl("ipv6", endpoint->link, "disable_ipv6", "1", err);
	if (r == 0)
		r = rtnet_port_attach(net->rtnet, endpoint->link, &owner, net->bridge_index, err);
	return r;
}

static int attach(struct net_endpoint *endpoint, const char *name, struct err *err)
{
	struct net *net = endpoint->net;
	struct rtnet *inside = NULL;

	int r = addr_pool_take(&net->addresses, name, &endpoint->host, err);
	if (r < 0)
		return r;
	if (net->attached[endpoint->host])
		return err_say(err, EBUSY, "network: '%s' is attached already", name);
	/* Never a name used before: a link cut off by net_detach() may still be there. */
	snprintf(endpoint->link, sizeof(endpoint->link), "dv%08x%05x", net->hash,
		 net->links_made++ & 0xfffff);
	r = netns_make(net->home_fd, open_inside, &inside, &endpoint->netns_fd, err);
	if (r == 0)
		r = connect_endpoint(endpoint, name, inside, err);
	rtnet_close(inside);
	if (r == 0)
		net->attached[endpoint->host] = true;
	return r;
}

static struct net_endpoint *endpoint_new(struct net *net)
{
	struct net_endpoint *endpoint = calloc(1, sizeof(*endpoint));

	if (endpoint)
		*endpoint = (struct net_endpoint){.net = net, .netns_fd = -1};
	return endpoint;
}

static void endpoint_free(struct net_endpoint *endpoint)
{
	fd_drop(&endpoint->netns_fd);
	free(endpoint);
}

int net_attach(struct net *net, const char *name, struct net_endpoint **ret_endpoint,
	       struct err *err)
{
	struct net_endpoint *endpoint = endpoint_new(net);

	if (!endpoint)
		return err_set(err, ENOMEM, "network: attach '%s'", name);
	int r = attach(endpoint, name, err);
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
	struct net_endpoint *endpoint = home_fd < 0 ? NULL : endpoint_new(NULL);

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
	if (endpoint->net) {
		/* Cut off now, whoever is still in the namespace; the kernel removes the link
		 * together with the namespace, in the background. A failure is made good by
		 * net_close(). */
		(void)!rtnet_link_down(endpoint->net->rtnet, endpoint->link, NULL);
		endpoint->net->attached[endpoint->host] = false;
	}
	endpoint_free(endpoint);
}

int net_endpoint_socket(const struct net_endpoint *endpoint, int domain, int type, int *ret_fd,
			struct err *err)
{
	return netns_socket(endpoint->netns_fd, domain, type, ret_fd, err);
}

int net_endpoint_netns(const struct net_endpoint *endpoint)
{
	return endpoint->netns_fd;
}

struct in_addr net_endpoint_address(const struct net_endpoint *endpoint)
{
	return endpoint->net ? address_of(endpoint->net, endpoint->host) : (struct in_addr){0};
}

void net_release(struct net *net, const char *name)
{
	addr_pool_release(&net->addresses, name);
}

int net_publish(struct net *net, const struct net_port *ports, size_t count, struct err *err)
{
	autobuf struct buf text = {0};
	struct nft_names names = names_of(net);

	nft_rules_publish(&text, &names, ports, count);
	int r = buf_check(&text, err);
	return r < 0 ? r : nft_run(net->nft, text.data, err);
}
