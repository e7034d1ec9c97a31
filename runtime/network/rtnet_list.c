// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What there is already: links, addresses and routes, whoever has made them.
 */
#include "runtime/base/cleanup.h"
#include "runtime/network/netlink.h"
#include "runtime/network/rtnet.h"
#include "runtime/network/rtnet_batch.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netlink/netlink.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <netlink/route/route.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A shorter route stands for "everything else": the default route, or the two halves of the address
 * space that some VPNs install in its place. */
#define ROUTE_PREFIX_MIN 8

/* 0: the link has no other end. */
static int outer_of(struct nl_cache *links, int index)
{
	struct rtnl_link *link = rtnl_link_get(links, index);
	int outer = link ? rtnl_link_get_link(link) : 0;

	rtnl_link_put(link);
	return outer;
}

int rtnet_list_ends(struct rtnet *inside, struct rtnet_ends *ret_ends, struct err *err)
{
	struct nl_cache *links = NULL, *addrs = NULL;
	int code = rtnl_link_alloc_cache(inside->sock, AF_UNSPEC, &links);

	if (code == 0)
		code = rtnl_addr_alloc_cache(inside->sock, &addrs);
	size_t room = code < 0 ? 0 : (size_t)nl_cache_nitems(addrs);
	struct rtnet_ends ends = {.items = calloc(room + 1, sizeof(*ends.items))};

	for (struct nl_object *o = code < 0 || !ends.items ? NULL : nl_cache_get_first(addrs); o;
	     o = nl_cache_get_next(o)) {
		struct rtnl_addr *addr = (struct rtnl_addr *)o;
		struct nl_addr *local = rtnl_addr_get_local(addr);
		struct rtnet_end end = {.outer = outer_of(links, rtnl_addr_get_ifindex(addr))};

		if (!end.outer || !local || nl_addr_get_family(local) != AF_INET)
			continue;
		memcpy(&end.address, nl_addr_get_binary_addr(local), sizeof(end.address));
		ends.items[ends.count++] = end;
	}
	nl_cache_free(links);
	nl_cache_free(addrs);
	if (code < 0 || !ends.items) {
		free(ends.items);
		return netlink_fail(code, "list addresses", err);
	}
	*ret_ends = ends;
	return 0;
}

int rtnet_list_group(struct rtnet *rtnet, uint32_t group, struct rtnet_names *ret_names,
		     struct err *err)
{
	struct nl_cache *links = NULL;
	int code = rtnl_link_alloc_cache(rtnet->sock, AF_UNSPEC, &links);

	if (code < 0)
		return netlink_fail(code, "list links", err);
	struct rtnet_names names = {
		.items = calloc((size_t)nl_cache_nitems(links) + 1, sizeof(*names.items))};

	for (struct nl_object *o = nl_cache_get_first(links); names.items && o;
	     o = nl_cache_get_next(o)) {
		struct rtnl_link *link = (struct rtnl_link *)o;

		if (rtnl_link_get_group(link) == group && rtnl_link_get_name(link))
			snprintf(names.items[names.count++], IF_NAMESIZE, "%s",
				 rtnl_link_get_name(link));
	}
	nl_cache_free(links);
	if (!names.items)
		return err_set(err, ENOMEM, "network: list links");
	*ret_names = names;
	return 0;
}

static void note_used(struct subnet_used *used, struct nl_addr *addr, int index)
{
	uint32_t address = 0;

	if (addr && nl_addr_get_len(addr) == sizeof(address))
		memcpy(&address, nl_addr_get_binary_addr(addr), sizeof(address));
	unsigned prefix = addr ? nl_addr_get_prefixlen(addr) : 0;
	used->subnet = (struct subnet){ntohl(address), prefix};
	if (!index || !if_indextoname((unsigned)index, used->link))
		used->link[0] = '\0';
}

static void note_route(struct subnet_used *used, struct rtnl_route *route)
{
	struct rtnl_nexthop *hop = rtnl_route_nexthop_n(route, 0);

	note_used(used, rtnl_route_get_dst(route), hop ? rtnl_route_nh_get_ifindex(hop) : 0);
}

static int list_caches(struct rtnet *rtnet, struct nl_cache **ret_routes,
		       struct nl_cache **ret_addrs, struct err *err)
{
	int code = rtnl_route_alloc_cache(rtnet->sock, AF_INET, 0, ret_routes);

	if (code == 0)
		code = rtnl_addr_alloc_cache(rtnet->sock, ret_addrs);
	return code < 0 ? netlink_fail(code, "list addresses", err) : 0;
}

static int collect_used(struct nl_cache *routes, struct nl_cache *addrs,
			struct subnet_list *ret_used, struct err *err)
{
	size_t max = (size_t)nl_cache_nitems(routes) + (size_t)nl_cache_nitems(addrs);
	struct subnet_used *used = calloc(max + 1, sizeof(*used));
	size_t count = 0;

	if (!used)
		return err_set(err, ENOMEM, "network: list addresses");
	for (struct nl_object *o = nl_cache_get_first(routes); o; o = nl_cache_get_next(o)) {
		note_route(&used[count], (struct rtnl_route *)o);
		count += used[count].subnet.prefix >= ROUTE_PREFIX_MIN;
	}
	for (struct nl_object *o = nl_cache_get_first(addrs); o; o = nl_cache_get_next(o)) {
		struct rtnl_addr *addr = (struct rtnl_addr *)o;

		if (rtnl_addr_get_family(addr) == AF_INET)
			note_used(&used[count++], rtnl_addr_get_local(addr),
				  rtnl_addr_get_ifindex(addr));
	}
	*ret_used = (struct subnet_list){used, count};
	return 0;
}

int rtnet_list_used(struct rtnet *rtnet, struct subnet_list *ret_used, struct err *err)
{
	struct nl_cache *routes = NULL, *addrs = NULL;
	int r = list_caches(rtnet, &routes, &addrs, err);

	if (r == 0)
		r = collect_used(routes, addrs, ret_used, err);
	nl_cache_free(routes);
	nl_cache_free(addrs);
	return r;
}

/* Those that every link has, and those for everything else, are in nobody's way. */
static bool is_in_the_way(const struct ip_prefix *used, const struct ip_prefix *wanted)
{
	return used->bits >= ROUTE_PREFIX_MIN && ip_prefix_overlaps(used, wanted);
}

static struct ip_prefix six_of(struct nl_addr *addr)
{
	struct ip_prefix prefix = {{.family = 6}, addr ? nl_addr_get_prefixlen(addr) : 0};

	if (addr && nl_addr_get_len(addr) == sizeof(prefix.ip.bytes))
		memcpy(prefix.ip.bytes, nl_addr_get_binary_addr(addr), sizeof(prefix.ip.bytes));
	return prefix;
}

int rtnet_check_ipv6(struct rtnet *rtnet, const struct ip_prefix *prefix, const char *own,
		     struct err *err)
{
	char wanted[IP_PREFIX_TEXT_MAX], used[IP_PREFIX_TEXT_MAX], link[IF_NAMESIZE];
	struct nl_cache *routes = NULL;
	int code = rtnl_route_alloc_cache(rtnet->sock, AF_INET6, 0, &routes);
	int r = code < 0 ? err_say(err, EIO, "network: list routes: %s", nl_geterror(code)) : 0;

	for (struct nl_object *o = r < 0 ? NULL : nl_cache_get_first(routes); r == 0 && o;
	     o = nl_cache_get_next(o)) {
		struct rtnl_route *route = (struct rtnl_route *)o;
		struct rtnl_nexthop *hop = rtnl_route_nexthop_n(route, 0);
		const struct ip_prefix there = six_of(rtnl_route_get_dst(route));
		int index = hop ? rtnl_route_nh_get_ifindex(hop) : 0;

		if (!is_in_the_way(&there, prefix))
			continue;
		if (!index || !if_indextoname((unsigned)index, link))
			link[0] = '\0';
		if (strcmp(link, own) != 0)
			r = err_say(err, EADDRINUSE,
				    "network: the subnet %s is not free: the host uses %s%s%s",
				    ip_prefix_format(prefix, wanted),
				    ip_prefix_format(&there, used), *link ? " on " : "", link);
	}
	nl_cache_free(routes);
	return r;
}
