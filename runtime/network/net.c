// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What all networks of a stack have in common: the table of rules, and finding and removing all of
 * it. By the calling thread, which must be in the host's network namespace and is there again after
 * every call.
 */
#include "runtime/network/net.h"

#include "runtime/base/cleanup.h"
#include "runtime/network/net_private.h"
#include "runtime/network/net_share.h"
#include "runtime/network/netns.h"
#include "runtime/network/nft_text.h"
#include "runtime/network/sysctl.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_POOL "10.213.0.0/16"

uint32_t net_hash(uint32_t hash, const char *text)
{
	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 16777619U;
	return hash;
}

/* The name becomes part of rule texts and of link aliases. */
static int check_stack(const char *stack, struct err *err)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789_-";
	size_t len = strlen(stack);

	if (!len || len > NET_STACK_NAME_MAX || strspn(stack, allowed) != len)
		return err_say(err, EINVAL, "network: '%s' is not a valid stack name", stack);
	return 0;
}

static uint32_t group_of(uint32_t hash)
{
	return hash | 0xd0000000U;
}

uint32_t net_group(const struct net *net)
{
	return group_of(net->hash);
}

int net_link_sysctl(const char *family, const char *link, const char *setting, const char *value,
		    struct err *err)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/conf/%s/%s", family, link, setting);
	return sysctl_set(NULL, path, value, err);
}

static void net_free(struct net *net)
{
	net_forget_left(net);
	net_guard_free(net);
	net_allow_free(net);
	nft_close(net->nft);
	balancer_forget(&net->balancers[0]);
	balancer_forget(&net->balancers[1]);
	free(net->host_changes);
	sysctl_close(&net->sysctl);
	rtnet_close(net->rtnet);
	while (net->networks) {
		struct net_network *network = net->networks;

		net->networks = network->next;
		net_network_free(network);
	}
	fd_drop(&net->home_fd);
	fd_drop(&net->netfilter_fd);
	free(net->registry);
	free(net->stack);
	free(net);
}

static int run_rules(struct nft *nft, struct buf *text, struct err *err)
{
	int r = buf_check(text, err);

	return r < 0 ? r : nft_run(nft, text->data, err);
}

static int remove_table(struct nft *nft, unsigned char family, const char *stack, struct err *err)
{
	autobuf struct buf text = {0};

	nft_rules_remove(&text, family, stack);
	return run_rules(nft, &text, err);
}

/* Whoever stands in for a stack's tables is called so, which no stack is. */
struct stand_in {
	char name[NET_STACK_NAME_MAX + 8];
};

static struct stand_in stand_in_of(const char *stack)
{
	struct stand_in other;

	snprintf(other.name, sizeof(other.name), "%s.next", stack);
	return other;
}

/* In one transaction, as each of them waits for the kernel. One by one where a family is not there,
 * which has no table to remove. */
static int remove_tables(struct nft *nft, const char *stack, struct err *err)
{
	const struct stand_in other = stand_in_of(stack);
	autobuf struct buf all = {0};

	nft_rules_remove(&all, 4, stack);
	nft_rules_remove(&all, 6, stack);
	nft_rules_remove(&all, 4, other.name);
	nft_rules_remove(&all, 6, other.name);
	nft_guard_remove(&all, stack);
	if (run_rules(nft, &all, NULL) == 0)
		return 0;
	int r = remove_table(nft, 4, stack, err);

	if (r == 0)
		r = remove_table(nft, 4, other.name, err);
	(void)!remove_table(nft, 6, stack, NULL);
	(void)!remove_table(nft, 6, other.name, NULL);
	net_guard_remove(nft, stack);
	return r;
}

/* Where bridged frames pass the rules for routed packets; see net_balance(). */
static bool frames_are_routed(void)
{
	autoclose int fd =
		open("/proc/sys/net/bridge/bridge-nf-call-ip6tables", O_RDONLY | O_CLOEXEC);
	char text = '0';

	return fd >= 0 && read(fd, &text, 1) == 1 && text != '0';
}

void net_put_table(const struct net *net, struct buf *text, unsigned char family)
{
	nft_rules_table(text, family, net->tables);
	if (family == 6 && frames_are_routed())
		nft_rules_spare_loopback(text, net->tables);
}

/* In one transaction, as each of them waits for the kernel. One without IPv6 has no table of it to
 * remove. */
static int load_table(struct net *net, struct err *err)
{
	const struct stand_in other = stand_in_of(net->stack);
	autobuf struct buf both = {0}, four = {0};

	nft_rules_remove(&both, 6, net->stack);
	nft_rules_remove(&both, 6, other.name);
	nft_rules_remove(&both, 4, other.name);
	net_put_table(net, &both, 4);
	if (run_rules(net->nft, &both, NULL) == 0)
		return 0;
	nft_rules_remove(&four, 4, other.name);
	net_put_table(net, &four, 4);
	return run_rules(net->nft, &four, err);
}

/* Forwarding is a switch of the whole host: routed packets arrive on links that are not ours. It
 * stays on after us, as somebody else may have come to need it. */
static int set_up(struct net *net, struct err *err)
{
	int r = rtnet_remove_group(net->rtnet, net_group(net), err);
	if (r == 0)
		r = load_table(net, err);
	if (r == 0)
		r = net_guard_open(net, err);
	if (r == 0)
		r = sysctl_set(NULL, "ipv4/ip_forward", "1", err);
	/* Else a bridge of ours sends them whatever its own setting is; a link of others goes on
	 * doing what its own says. */
	if (r == 0)
		r = sysctl_set(NULL, "ipv4/conf/all/send_redirects", "0", err);
	return r;
}

static int open_handles(struct net *net, const struct net_config *config, struct err *err)
{
	net->home_fd = netns_open_own(err);
	int r = net->home_fd < 0 ? net->home_fd : rtnet_open(&net->rtnet, err);

	if (r == 0)
		r = subnet_parse(config->pool ? config->pool : DEFAULT_POOL, &net->pool, err);
	if (r == 0)
		r = nft_open(&net->nft, err);
	return r == 0 ? conntrack_open(&net->netfilter_fd, err) : r;
}

/* A net that leaves everything as it is, also when it is freed for a failure. */
static int net_new(const struct net_config *config, struct net **ret_net, struct err *err)
{
	int r = check_stack(config->stack, err);

	if (r < 0)
		return r;
	struct net *net = calloc(1, sizeof(*net));
	if (!net)
		return err_set(err, ENOMEM, "network");
	net->home_fd = -1;
	net->netfilter_fd = -1;
	net->hash = net_hash(NET_HASH_START, config->stack);
	net->tables = net->stack = strdup(config->stack);
	net->registry = config->registry ? strdup(config->registry) : NULL;
	r = net->stack && !net->registry == !config->registry ? open_handles(net, config, err)
							      : err_set(err, ENOMEM, "network");
	if (r < 0) {
		net_free(net);
		return r;
	}
	*ret_net = net;
	return 0;
}

int net_open(const struct net_config *config, struct net **ret_net, struct err *err)
{
	struct net *net = NULL;
	int r = net_new(config, &net, err);

	if (r < 0)
		return r;
	r = set_up(net, err);
	if (r < 0) {
		net_close(net);
		return r;
	}
	*ret_net = net;
	return 0;
}

/* "dv", the hash of the stack, the number. */
static void count_link(struct net *net, const char *name)
{
	unsigned hash, number;
	int used = 0;

	if (sscanf(name, "dv%8x%5x%n", &hash, &number, &used) == 2 && name[used] == '\0' &&
	    hash == net->hash && number >= net->links_made)
		net->links_made = number + 1;
}

int net_adopt(const struct net_config *config, struct net **ret_net, struct err *err)
{
	struct rtnet_names names = {0};
	struct net *net = NULL;
	int r = net_new(config, &net, err);

	if (r < 0)
		return r;
	r = rtnet_list_group(net->rtnet, net_group(net), &names, err);
	for (size_t i = 0; i < names.count; i++)
		count_link(net, names.items[i]);
	free(names.items);
	if (r < 0) {
		net_free(net);
		return r;
	}
	net->stale = true;
	net->stood_in = true;
	net->unsettled = true;
	*ret_net = net;
	return 0;
}

static bool is_bridge(const struct net *net, const char *name)
{
	for (const struct net_network *network = net->networks; network; network = network->next)
		if (strcmp(network->bridge, name) == 0)
			return true;
	return false;
}

int net_settle(struct net *net, struct err *err)
{
	struct rtnet_names names = {0};
	int r = rtnet_list_group(net->rtnet, net_group(net), &names, err);

	for (size_t i = 0; i < names.count && r == 0; i++)
		if (!is_bridge(net, names.items[i]) && !net_has_link(net, names.items[i]))
			r = rtnet_link_remove(net->rtnet, names.items[i], err);
	free(names.items);
	for (struct net_network *one = net->networks; one; one = one->next)
		net_share_settle(one);
	net->unsettled = false;
	return r == 0 ? net_guard_open(net, err) : r;
}

static int remove_all(const struct net *net)
{
	int tables = net->nft ? remove_tables(net->nft, net->stack, NULL) : 0;
	int links = net->rtnet ? rtnet_remove_group(net->rtnet, net_group(net), NULL) : 0;

	return tables < 0 ? tables : links;
}

/* Failures are of no use to the caller here; the next net_open() or net_purge() tries again. */
void net_close(struct net *net)
{
	if (!net)
		return;
	if (net->rtnet)
		net_strangers_left(net);
	if (net->nft && net->rtnet)
		net_share_leave(&(struct net_config){net->stack, NULL, net->registry}, net->rtnet,
				net->nft);
	/* Nobody comes after this one, and what lacked memory may have it with the next try. */
	for (unsigned tries = 0; tries < 2 && remove_all(net) < 0; tries++)
		;
	net_free(net);
}

int net_purge(const struct net_config *config, struct err *err)
{
	const char *stack = config->stack;
	struct rtnet *rtnet = NULL;
	struct nft *nft = NULL;
	int r = check_stack(stack, err);

	if (r == 0)
		r = rtnet_open(&rtnet, err);
	if (r == 0)
		r = nft_open(&nft, err);
	if (r == 0)
		net_share_leave(config, rtnet, nft);
	if (r == 0)
		r = rtnet_remove_group(rtnet, group_of(net_hash(NET_HASH_START, stack)), err);
	if (r == 0)
		r = remove_tables(nft, stack, err);
	nft_close(nft);
	rtnet_close(rtnet);
	return r;
}

void net_reserve(void)
{
	nft_reserve();
}

void net_rest(struct net *net)
{
	nft_rest(net->nft);
}

static void release(struct net_network *network, const char *name)
{
	net_six_release(network, name);
	addr_pool_release(&network->addresses, name);
}

bool net_release_gone(struct net *net, bool (*stays)(const void *data, const char *name),
		      const void *data)
{
	bool released = false;

	for (struct net_network *network = net->networks; network; network = network->next) {
		autostrv struct strv names = {0};

		addr_pool_names(&network->addresses, &names); /* without memory not of all */
		for (size_t i = 0; i < names.count; i++) {
			const char *name = names.items[i];

			/* Names with spaces are no instances'. */
			if (strchr(name, ' ') || net_is_attached(net, name) ||
			    (stays && stays(data, name)))
				continue;
			release(network, name);
			released = true;
		}
	}
	return released;
}

/* Connections that are established stay: who translates them is not in the table. */
static void put_all(struct buf *text, const struct net *net)
{
	net_put_table(net, text, 4);
	if (net->six)
		net_put_table(net, text, 6);
	for (const struct net_network *network = net->networks; network; network = network->next)
		net_network_rules(network, text);
	net_allow_put_all(net, text, 0);
}

/* One family's side of what is wanted. */
struct side {
	struct balancer_group *groups;
	struct ip *targets; /* of all groups, one after the other */
	struct net_port *ports;
	struct balancer_wish wish;
};

static void side_free(struct side *side)
{
	free(side->groups);
	free(side->targets);
	free(side->ports);
}

static struct ip address_of(const struct net_network *network, unsigned char family,
			    struct in_addr address)
{
	if (address.s_addr == htonl(INADDR_ANY))
		return (struct ip){0};
	return family == 6 ? net_address6(network, address) : ip_of_in(address);
}

/* Returns how many targets the group has. */
static size_t fill_group(struct balancer_group *group, const struct net_group *wanted,
			 unsigned char family, struct ip *targets)
{
	*group = (struct balancer_group){
		.name = wanted->name,
		.bridge = wanted->network->bridge,
		.address = address_of(wanted->network, family,
				      net_virtual(wanted->network, wanted->name)),
		.way = wanted->way,
		.targets = targets,
		.gateway = family == 6 ? net_gateway6(wanted->network)
				       : ip_of_in(net_gateway(wanted->network)),
		.holders = wanted->holders,
		.holder_count = wanted->holder_count,
		.held = wanted->held,
		.counted = wanted->counted,
	};
	for (size_t i = 0; i < wanted->target_count; i++) {
		targets[group->target_count] =
			address_of(wanted->network, family, wanted->targets[i]);
		group->target_count += targets[group->target_count].family != 0;
	}
	return group->target_count;
}

static int side_make(struct side *side, unsigned char family, const struct net_balance *wanted)
{
	size_t targets = 0, ports = 0;

	for (size_t i = 0; i < wanted->group_count; i++)
		targets += wanted->groups[i].target_count;
	*side = (struct side){
		.groups = calloc(wanted->group_count + 1, sizeof(*side->groups)),
		.targets = calloc(targets + 1, sizeof(*side->targets)),
		.ports = calloc(wanted->port_count + 1, sizeof(*side->ports)),
	};
	if (!side->groups || !side->targets || !side->ports)
		return -ENOMEM;
	targets = 0;
	for (size_t i = 0; i < wanted->group_count; i++)
		targets += fill_group(&side->groups[i], &wanted->groups[i], family,
				      &side->targets[targets]);
	for (size_t i = 0; i < wanted->port_count; i++)
		if (wanted->ports[i].host_ip.family == family)
			side->ports[ports++] = wanted->ports[i];
	side->wish = (struct balancer_wish){side->groups, wanted->group_count, side->ports, ports};
	return 0;
}

/* @balancers: IPv4, IPv6 */
static int change_sides(const struct net *net, struct balancer balancers[2],
			const struct net_balance *wanted, struct buf *text, struct err *err)
{
	static const unsigned char families[] = {4, 6};
	int r = 0;

	for (size_t i = 0; r == 0 && i < (net->six ? 2 : 1); i++) {
		__attribute__((cleanup(side_free))) struct side side = {0};
		char table[NET_STACK_NAME_MAX + 16];

		if (side_make(&side, families[i], wanted) < 0)
			return err_set(err, ENOMEM, "network: balance");
		snprintf(table, sizeof(table), "%s davit_%s", nft_family(families[i]), net->tables);
		r = balancer_change(&balancers[i], table, &side.wish, text, err);
	}
	return r;
}

/* Streams end by themselves. Where the kernel cannot do it flows of datagrams that go on stay where
 * they are. */
static void forget_left(struct net *net, const struct balancer *balancer)
{
	for (size_t i = 0; i < balancer->left_count; i++)
		if (conntrack_forget_datagrams(net->netfilter_fd, &balancer->left[i], NULL) < 0)
			return;
}

static int dismiss(struct net *net, struct err *err)
{
	const struct stand_in other = stand_in_of(net->stack);
	int r = remove_table(net->nft, 4, other.name, err);

	if (r == 0 && net->six)
		r = remove_table(net->nft, 6, other.name, err);
	net->stood_in = r < 0;
	return r;
}

/* While the kernel replaces a table a packet may meet the new one before it holds, and the old one
 * when it does no more; who then is led nowhere is refused. So there are others like the new one
 * meanwhile. What memory lacks for that is that one packet. */
static void stand_in(struct net *net, const struct net_balance *wanted)
{
	const struct stand_in other = stand_in_of(net->stack);
	struct balancer balancers[2] = {0};
	autobuf struct buf text = {0};

	net->stood_in = true;
	net->tables = other.name;
	put_all(&text, net);
	if (change_sides(net, balancers, wanted, &text, NULL) == 0)
		(void)!run_rules(net->nft, &text, NULL);
	net->tables = net->stack;
	balancer_forget(&balancers[0]);
	balancer_forget(&balancers[1]);
}

/* A table that is not known to be as remembered is replaced as a whole. */
int net_balance(struct net *net, const struct net_balance *wanted, struct err *err)
{
	autobuf struct buf text = {0};

	if (net->stale) {
		stand_in(net, wanted);
		balancer_forget(&net->balancers[0]);
		balancer_forget(&net->balancers[1]);
		put_all(&text, net);
	}
	int r = change_sides(net, net->balancers, wanted, &text, err);

	if (r == 0 && text.len)
		r = run_rules(net->nft, &text, err);
	for (size_t i = 0; r == 0 && i < 2; i++)
		forget_left(net, &net->balancers[i]);
	bool anew = net->stale && !net->unsettled;

	net->stale = r < 0;
	/* Also who has gone since is in none of the tables then. */
	if (r == 0 && anew)
		r = net_guard_open(net, err);
	return r == 0 && net->stood_in ? dismiss(net, err) : r;
}
