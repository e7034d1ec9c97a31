// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Links, addresses and routes as they are made and removed. Requests are built by the library where
 * it knows them and by hand where it does not (links addressed by name).
 */
#include "runtime/network/rtnet.h"

#include "runtime/base/cleanup.h"
#include "runtime/network/netlink.h"
#include "runtime/network/rtnet_batch.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <netlink/netlink.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <netlink/route/link/bridge.h>
#include <netlink/route/link/veth.h>
#include <netlink/route/route.h>
#include <stdbool.h>
#include <string.h>

/* Fixed for the first interface, so that the address can be set in the same breath; above what
 * tunnel modules put into every new namespace. */
#define FIRST_INDEX 64

static void link_drop(struct rtnl_link **link)
{
	rtnl_link_put(*link);
}
#define autolink __attribute__((cleanup(link_drop)))

static struct nl_addr *address_new(struct in_addr address, unsigned prefix)
{
	struct nl_addr *addr = nl_addr_build(AF_INET, &address, sizeof(address));

	if (addr)
		nl_addr_set_prefixlen(addr, (int)prefix);
	return addr;
}

static bool set_mac(struct rtnl_link *link, const unsigned char mac[6])
{
	struct nl_addr *addr = nl_addr_build(AF_LLC, mac, 6);
	if (!addr)
		return false;
	rtnl_link_set_addr(link, addr);
	nl_addr_put(addr);
	return true;
}

/* A change of the link @index, or of the link @name where @index is 0. */
static struct nl_msg *link_message(int type, int index, const char *name, unsigned flags_up)
{
	struct ifinfomsg info = {.ifi_index = index, .ifi_flags = flags_up, .ifi_change = flags_up};
	struct nl_msg *msg = nlmsg_alloc_simple(type, 0);

	if (msg && nlmsg_append(msg, &info, sizeof(info), NLMSG_ALIGNTO) == 0 &&
	    (!name || nla_put_string(msg, IFLA_IFNAME, name) == 0))
		return msg;
	nlmsg_free(msg);
	return NULL;
}

/* These pass on a message with something added, or NULL. */
static struct nl_msg *with_number(struct nl_msg *msg, int attribute, uint32_t value)
{
	if (msg && nla_put_u32(msg, attribute, value) == 0)
		return msg;
	nlmsg_free(msg);
	return NULL;
}

static struct nl_msg *with_owner(struct nl_msg *msg, const struct rtnet_owner *owner)
{
	msg = with_number(msg, IFLA_GROUP, owner->group);
	if (msg && nla_put_string(msg, IFLA_IFALIAS, owner->alias) == 0)
		return msg;
	nlmsg_free(msg);
	return NULL;
}

/* @flags: of linux/if_addr.h */
static struct nl_msg *address_message(int index, struct in_addr address, unsigned prefix,
				      unsigned flags)
{
	struct rtnl_addr *entry = rtnl_addr_alloc();
	struct nl_addr *local = address_new(address, prefix);
	struct nl_msg *msg = NULL;

	if (entry && local) {
		rtnl_addr_set_ifindex(entry, index);
		rtnl_addr_set_flags(entry, flags);
		if (rtnl_addr_set_local(entry, local) < 0 ||
		    rtnl_addr_build_add_request(entry, NLM_F_CREATE | NLM_F_EXCL, &msg) < 0)
			msg = NULL;
	}
	nl_addr_put(local);
	rtnl_addr_put(entry);
	return msg;
}

/* @gateway: INADDR_ANY: it is on the link itself */
static struct nl_msg *route_message(int index, struct in_addr to, unsigned prefix,
				    struct in_addr gateway)
{
	struct nl_addr *destination = address_new(to, prefix);
	struct nl_addr *via = address_new(gateway, 32);
	bool direct = gateway.s_addr == INADDR_ANY;
	struct rtnl_route *route = rtnl_route_alloc();
	struct rtnl_nexthop *hop = rtnl_route_nh_alloc();
	struct nl_msg *msg = NULL;

	if (destination && via && route && hop) {
		rtnl_route_nh_set_ifindex(hop, index);
		if (!direct)
			rtnl_route_nh_set_gateway(hop, via);
		rtnl_route_add_nexthop(route, take_ptr(hop)); /* owned by the route now */
		rtnl_route_set_family(route, AF_INET);
		rtnl_route_set_scope(route, direct ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE);
		if (rtnl_route_set_dst(route, destination) < 0 ||
		    rtnl_route_build_add_request(route, NLM_F_CREATE | NLM_F_EXCL, &msg) < 0)
			msg = NULL;
	}
	if (hop)
		rtnl_route_nh_free(hop);
	nl_addr_put(via);
	nl_addr_put(destination);
	rtnl_route_put(route);
	return msg;
}

static void set_mtu(struct rtnl_link *link, unsigned mtu)
{
	if (mtu)
		rtnl_link_set_mtu(link, mtu);
}

static struct nl_msg *bridge_message(const struct rtnet_bridge *bridge)
{
	autolink struct rtnl_link *link = rtnl_link_bridge_alloc();
	struct nl_msg *msg = NULL;

	/* Without spanning tree a port forwards at once. */
	if (!link || !set_mac(link, bridge->mac))
		return NULL;
	rtnl_link_set_name(link, bridge->name);
	set_mtu(link, bridge->mtu);
	return rtnl_link_build_add_request(link, NLM_F_CREATE | NLM_F_EXCL, &msg) < 0 ? NULL : msg;
}

/* What a bridge, or its port, is told beside what all links are. */
static struct nl_msg *bridge_option(const char *name, bool port, int attribute, uint8_t value)
{
	int kind = port ? IFLA_INFO_SLAVE_KIND : IFLA_INFO_KIND;
	struct nl_msg *msg = link_message(RTM_NEWLINK, 0, name, 0);
	struct nlattr *info = msg ? nla_nest_start(msg, IFLA_LINKINFO) : NULL;

	if (info && nla_put_string(msg, kind, "bridge") == 0) {
		struct nlattr *data =
			nla_nest_start(msg, port ? IFLA_INFO_SLAVE_DATA : IFLA_INFO_DATA);

		if (data && nla_put_u8(msg, attribute, value) == 0) {
			nla_nest_end(msg, data);
			nla_nest_end(msg, info);
			return msg;
		}
	}
	nlmsg_free(msg);
	return NULL;
}

int rtnet_bridge_make(struct rtnet *rtnet, const struct rtnet_bridge *bridge, struct err *err)
{
	const char *name = bridge->name;
	autobatch struct rtnet_batch batch = {0};

	/* The kernel takes no alias at creation. */
	rtnet_batch_add(&batch, bridge_message(bridge), "make bridge");
	rtnet_batch_add(&batch, with_owner(link_message(RTM_NEWLINK, 0, name, 0), &bridge->owner),
			"name bridge");
	/* Snooping has timers for every port, and without somebody who queries it is of no use. */
	rtnet_batch_add(&batch, bridge_option(name, false, IFLA_BR_MCAST_SNOOPING, 0),
			"let multicasts through");
	return rtnet_batch_run(rtnet, &batch, name, err);
}

int rtnet_link_index(struct rtnet *rtnet, const char *name, int *ret_index, struct err *err)
{
	autolink struct rtnl_link *link = NULL;
	int code = rtnl_link_get_kernel(rtnet->sock, 0, name, &link);
	char what[40];

	snprintf(what, sizeof(what), "find link '%s'", name);
	if (code < 0)
		return netlink_fail(code, what, err);
	*ret_index = rtnl_link_get_ifindex(link);
	return 0;
}

int rtnet_link_address(struct rtnet *rtnet, int index, struct in_addr address, unsigned prefix,
		       struct err *err)
{
	autobatch struct rtnet_batch batch = {0};

	rtnet_batch_add(&batch, address_message(index, address, prefix, 0), "set address of");
	rtnet_batch_add(&batch, link_message(RTM_NEWLINK, index, NULL, IFF_UP), "set up");
	return rtnet_batch_run(rtnet, &batch, "bridge", err);
}

/* The end in the host's namespace. It is not set up in this request: the pair is not tied yet. */
static bool fill_peer(struct rtnl_link *link, const struct rtnet_veth *veth)
{
	autolink struct rtnl_link *peer = rtnl_link_veth_get_peer(link);

	if (!peer)
		return false;
	rtnl_link_set_name(peer, veth->host_name);
	rtnl_link_set_ns_fd(peer, veth->host_netns_fd);
	set_mtu(peer, veth->mtu);
	return true;
}

static int index_of(const struct rtnet_veth *veth)
{
	return FIRST_INDEX + (int)veth->number;
}

static struct nl_msg *veth_message(const struct rtnet_veth *veth)
{
	struct rtnl_link *link = rtnl_link_veth_alloc();
	struct nl_msg *msg = NULL;

	if (!link)
		return NULL;
	rtnl_link_set_name(link, veth->name);
	rtnl_link_set_ifindex(link, index_of(veth));
	rtnl_link_set_flags(link, IFF_UP);
	set_mtu(link, veth->mtu);
	if (!set_mac(link, veth->mac) || !fill_peer(link, veth) ||
	    rtnl_link_build_add_request(link, NLM_F_CREATE | NLM_F_EXCL, &msg) < 0)
		msg = NULL;
	rtnl_link_veth_release(link);
	return msg;
}

static struct in_addr network_of(const struct rtnet_veth *veth)
{
	uint32_t mask = veth->prefix ? UINT32_MAX << (32 - veth->prefix) : 0;

	return (struct in_addr){veth->address.s_addr & htonl(mask)};
}

/*
 * The other instances of the network are reached through the gateway too: what was sent to an
 * address that stands for several of them has to come back the way it went, past who translates it.
 */
int rtnet_endpoint_make(struct rtnet *inside, const struct rtnet_veth *veth, struct err *err)
{
	autobatch struct rtnet_batch batch = {0};
	int index = index_of(veth);

	rtnet_batch_add(&batch, link_message(RTM_NEWLINK, 0, "lo", IFF_UP), "set up lo beside");
	rtnet_batch_add(&batch, veth_message(veth), "make link");
	rtnet_batch_add(&batch,
			address_message(index, veth->address, veth->prefix, IFA_F_NOPREFIXROUTE),
			"set the inner address of");
	rtnet_batch_add(&batch,
			route_message(index, veth->gateway, 32, (struct in_addr){INADDR_ANY}),
			"set the route to the gateway of");
	rtnet_batch_add(&batch, route_message(index, network_of(veth), veth->prefix, veth->gateway),
			"set the route to the network of");
	if (veth->leads_out)
		rtnet_batch_add(&batch, route_message(index, (struct in_addr){0}, 0, veth->gateway),
				"set the default route through");
	return rtnet_batch_run(inside, &batch, veth->host_name, err);
}

int rtnet_port_attach(struct rtnet *rtnet, const char *name, const struct rtnet_owner *owner,
		      int bridge_index, struct err *err)
{
	struct nl_msg *msg = with_owner(link_message(RTM_NEWLINK, 0, name, IFF_UP), owner);
	autobatch struct rtnet_batch batch = {0};

	rtnet_batch_add(&batch, with_number(msg, IFLA_MASTER, (uint32_t)bridge_index),
			"attach link");
	/*
	 * The bridge may send a frame back through the port it came from. That is the way of an
	 * instance's connection to its own published port on hosts where bridged frames pass the
	 * netfilter hooks: there the translated frame is bridged, not routed.
	 */
	rtnet_batch_add(&batch, bridge_option(name, true, IFLA_BRPORT_MODE, 1),
			"set the bridge port's mode of");
	return rtnet_batch_run(rtnet, &batch, name, err);
}

int rtnet_loopback_up(struct rtnet *rtnet, struct err *err)
{
	autobatch struct rtnet_batch batch = {0};

	rtnet_batch_add(&batch, link_message(RTM_NEWLINK, 0, "lo", IFF_UP), "set up");
	return rtnet_batch_run(rtnet, &batch, "lo", err);
}

int rtnet_link_down(struct rtnet *rtnet, const char *name, struct err *err)
{
	struct ifinfomsg info = {.ifi_change = IFF_UP};
	struct nl_msg *msg = nlmsg_alloc_simple(RTM_NEWLINK, 0);
	autobatch struct rtnet_batch batch = {0};

	if (msg && (nlmsg_append(msg, &info, sizeof(info), NLMSG_ALIGNTO) < 0 ||
		    nla_put_string(msg, IFLA_IFNAME, name) < 0)) {
		nlmsg_free(msg);
		msg = NULL;
	}
	rtnet_batch_add(&batch, msg, "set down");
	return rtnet_batch_run(rtnet, &batch, name, err);
}

int rtnet_link_remove(struct rtnet *rtnet, const char *name, struct err *err)
{
	autobatch struct rtnet_batch batch = {0};

	rtnet_batch_add(&batch, link_message(RTM_DELLINK, 0, name, 0), "remove");
	int r = rtnet_batch_run(rtnet, &batch, name, err);
	return r == -ENODEV ? 0 : r;
}

int rtnet_remove_group(struct rtnet *rtnet, uint32_t group, struct err *err)
{
	struct nl_msg *msg = link_message(RTM_DELLINK, 0, NULL, 0);
	autobatch struct rtnet_batch batch = {0};

	rtnet_batch_add(&batch, with_number(msg, IFLA_GROUP, group), "remove links of");
	int r = rtnet_batch_run(rtnet, &batch, "stack", err);
	return r == -ENODEV ? 0 : r;
}
