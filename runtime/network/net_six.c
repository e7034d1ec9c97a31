// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * IPv6 of the networks, which is there only for stacks that want it: switches of the host, the
 * gateways, and which address is whose (twin.h).
 */
#include "runtime/network/net_six.h"

#include "runtime/base/cleanup.h"
#include "runtime/network/net_private.h"
#include "runtime/network/net_share.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONF "/proc/sys/net/ipv6/conf"

/* 0 also where there is no such setting. */
static int read_switch(const char *path)
{
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	char text[16] = "";

	return fd >= 0 && read(fd, text, sizeof(text) - 1) > 0 ? atoi(text) : 0;
}

static bool is_link(const char *name)
{
	return strcmp(name, "all") != 0 && strcmp(name, "default") != 0;
}

/*
 * A host that forwards does not listen to routers any more, and would lose the address and the
 * route that it has from them: where it did listen, it is to go on (accept_ra=2). Links that others
 * make later are theirs: "default" stays as it is.
 */
static int keep_listening(struct net *net, struct err *err)
{
	autodir DIR *dir = opendir(CONF);
	autobuf struct buf changes = {0};
	struct dirent *entry;
	char path[sizeof(CONF) + 280];
	int r = 0;

	while (r == 0 && dir && (entry = readdir(dir))) {
		snprintf(path, sizeof(path), CONF "/%s/accept_ra", entry->d_name);
		if (*entry->d_name == '.' || !is_link(entry->d_name) || read_switch(path) != 1)
			continue;
		r = net_link_sysctl("ipv6", entry->d_name, "accept_ra", "2", err);
		buf_printf(&changes, "%s%s", changes.len ? ", " : "accept_ra=2 on ", entry->d_name);
	}
	if (r == 0 && changes.len && buf_check(&changes, err) == 0) {
		free(net->host_changes);
		net->host_changes = buf_take(&changes);
	}
	return r;
}

static int forward(struct net *net, struct err *err)
{
	if (read_switch(CONF "/all/forwarding"))
		return 0;
	int r = keep_listening(net, err);

	return r == 0 ? net_link_sysctl("ipv6", "all", "forwarding", "1", err) : r;
}

static int load_table(struct net *net, struct err *err)
{
	autobuf struct buf text = {0};

	net_put_table(net, &text, 6);
	net_allow_put_numbers(net, &text, 6, 0);
	int r = buf_check(&text, err);

	return r < 0 ? r : nft_run(net->nft, text.data, err);
}

int net_six_open(struct net *net, struct err *err)
{
	int r = 0;

	if (net->six)
		return 0;
	if (access(CONF, F_OK) < 0)
		return err_say(err, EAFNOSUPPORT, "network: this host has IPv6 switched off");
	r = forward(net, err);
	/* A stale table is replaced as a whole. */
	if (r == 0 && !net->stale)
		r = load_table(net, err);
	net->six = r == 0;
	return r;
}

const char *net_host_changes(const struct net *net)
{
	return net->host_changes;
}

static uint32_t size_of(const struct net_network *network)
{
	return network->subnet.prefix ? UINT32_MAX >> network->subnet.prefix : UINT32_MAX;
}

int net_six_reserve(struct net_network *network, const char *name, const struct ip *ip,
		    struct err *err)
{
	uint32_t distance = twin_distance(&network->twin, ip);
	uint32_t address = network->subnet.address + distance;

	if (!distance || distance > size_of(network) ||
	    addr_pool_is_ours(&network->addresses, address))
		return 0;
	return addr_pool_fix(&network->addresses, name, address, err);
}

int net_six_plan(struct net_network *network, const struct net_network_config *config,
		 struct err *err)
{
	struct ip_prefix subnet = config->subnet6;
	char text[IP_PREFIX_TEXT_MAX];
	int r = net_six_open(network->net, err);

	if (r < 0)
		return r;
	if (!subnet.ip.family)
		subnet = twin_subnet(network->net->stack, network->name);
	subnet.ip = ip_prefix_first(&subnet);
	r = rtnet_check_ipv6(network->net->rtnet, &subnet, network->bridge, err);
	if (r < 0)
		return r;
	network->twin.gateway =
		config->gateway6.family ? config->gateway6 : twin_behind(&subnet.ip, 1);
	network->twin.subnet = subnet;
	if (config->range6.ip.family)
		network->twin.subnet.ip = ip_prefix_first(&config->range6);
	const struct ip_prefix *room = config->range6.ip.family ? &config->range6 : &subnet;
	const struct ip last = twin_behind(&network->twin.subnet.ip, size_of(network));

	if (!ip_prefix_has(room, &last))
		return err_say(err, EADDRNOTAVAIL,
			       "network: %s has fewer addresses than the IPv4 subnet, a /%u",
			       ip_prefix_format(room, text), network->subnet.prefix);
	return 0;
}

int net_six_link(struct sysctl *sysctl, const char *link, struct err *err)
{
	static const char *const settings[][2] = {
		{"accept_ra", "0"},	{"accept_redirects", "0"}, {"accept_dad", "0"},
		{"addr_gen_mode", "0"}, {"disable_ipv6", "0"},
	};
	char path[96];
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(settings); i++) {
		snprintf(path, sizeof(path), "ipv6/conf/%s/%s", link, settings[i][0]);
		r = sysctl_set(sysctl, path, settings[i][1], err);
	}
	return r;
}

int net_six_bridge(struct net_network *network, struct err *err)
{
	const struct ip_prefix address = {network->twin.gateway, network->twin.subnet.bits};
	int r = net_six_link(NULL, network->bridge, err);

	return r < 0 ? r
		     : rtnet_bridge_ipv6(network->net->rtnet, network->bridge_index, &address, err);
}

/* Under a name that no instance has. */
#define WRITTEN_NAME "the IPv6 address of %.200s"

int net_six_keep(struct net_network *network, const char *name, const struct ip *address,
		 struct err *err)
{
	char key[NET_STACK_NAME_MAX + 32];
	int r = net_share_check6(network, name, address, err);

	snprintf(key, sizeof(key), WRITTEN_NAME, name);
	return r == 0 && network->twin.subnet.ip.family
		       ? net_six_reserve(network, key, address, err)
		       : r;
}

int net_network_keep6(struct net_network *network, const char *name, const struct ip *address,
		      struct err *err)
{
	return net_is_attached(network->net, name) ? 0 : net_six_keep(network, name, address, err);
}

int net_six_write(struct net_network *network, uint32_t distance, const struct ip *ip,
		  struct err *err)
{
	const struct ip before = twin_written(&network->twin, distance);
	int r = twin_fix(&network->twin, distance, ip, err);

	if (r == 0 && before.family && ip_compare(&before, ip) != 0)
		net_share_disclaim6(network, &before);
	return r;
}

void net_six_release(struct net_network *network, const char *name)
{
	const uint32_t address = addr_pool_address(&network->addresses, name);
	const struct ip none = {0};
	char key[NET_STACK_NAME_MAX + 32];

	if (!network->twin.subnet.ip.family)
		return;
	snprintf(key, sizeof(key), WRITTEN_NAME, name);
	addr_pool_release(&network->addresses, key);
	if (address) /* what is only taken away needs no memory */
		err_ignore(net_six_write(network, address - network->subnet.address, &none, NULL));
}

struct ip net_address6(const struct net_network *network, struct in_addr address)
{
	return address.s_addr == htonl(INADDR_ANY)
		       ? (struct ip){0}
		       : twin_at(&network->twin, ntohl(address.s_addr) - network->subnet.address);
}

struct ip net_gateway6(const struct net_network *network)
{
	return network->twin.gateway;
}
