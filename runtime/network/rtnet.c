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
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

/* Fixed for the first interface, so that the address can be set in the same breath; above what
 * tunnel modules put into every new namespace. */
#define FIRST_INDEX 64

/* More than that of the kernel's own. */
#define LOOPBACK_METRIC 4096

static void link_drop(struct rtnl_link **link)
{
	rtnl_link_put(*link);
}
#define autolink __attribute__((cleanup(link_drop)))

static struct nl_addr *address_new(const struct ip *address, unsigned prefix)
{
	struct nl_addr *addr = address->family == 6 ? nl_addr_build(AF_INET6, address->bytes, 16)
						    : nl_addr_build(AF_INET, address->bytes, 4);

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
static struct nl_msg *address_message(int index, const struct ip *address, unsigned prefix,
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

/* Takes over @hop. */
static struct nl_msg *route_build(const struct ip_prefix *to, struct rtnl_nexthop *hop, bool direct)
{
	struct nl_addr *destination = address_new(&to->ip, to->bits);
	struct rtnl_route *route = rtnl_route_alloc();
	struct nl_msg *msg = NULL;

	if (destination && route) {
		rtnl_route_add_nexthop(route, take_ptr(hop)); /* owned by the route now */
		rtnl_route_set_family(route, to->ip.family == 6 ? AF_INET6 : AF_INET);
		rtnl_route_set_scope(route, direct ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE);
		if (rtnl_route_set_dst(route, destination) < 0 ||
		    rtnl_route_build_add_request(route, NLM_F_CREATE | NLM_F_EXCL, &msg) < 0)
			msg = NULL;
	}
	if (hop)
		rtnl_route_nh_free(hop);
	nl_addr_put(destination);
	rtnl_route_put(route);
	return msg;
}

/* @gateway: of family 0: it is on the link itself */
static struct nl_msg *route_message(int index, const struct ip_prefix *to, const struct ip *gateway)
{
	bool direct = !gateway->family;
	struct nl_addr *via = direct ? NULL : address_new(gateway, gateway->family == 6 ? 128 : 32);
	struct rtnl_nexthop *hop = direct || via ? rtnl_route_nh_alloc() : NULL;

	if (!hop) {
		nl_addr_put(via);
		return NULL;
	}
	rtnl_route_nh_set_ifindex(hop, index);
	if (via)
		rtnl_route_nh_set_gateway(hop, via);
	nl_addr_put(via);
	return route_build(to, hop, direct);
}

/*
 * The way back of what the host has called by ::1 and a rule has sent on: IPv6 has no
 * route_localnet. The host itself goes on by its own, which comes first; packets that come in with
 * such an address are dropped by the kernel before they are routed.
 */
static struct nl_msg *loopback_message(int index)
{
	struct rtmsg info = {.rtm_family = AF_INET6,
			     .rtm_dst_len = 128,
			     .rtm_table = RT_TABLE_LOCAL,
			     .rtm_protocol = RTPROT_STATIC,
			     .rtm_type = RTN_LOCAL};
	struct nl_msg *msg = nlmsg_alloc_simple(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_APPEND);

	if (msg && nlmsg_append(msg, &info, sizeof(info), NLMSG_ALIGNTO) == 0 &&
	    nla_put(msg, RTA_DST, sizeof(in6addr_loopback), &in6addr_loopback) == 0 &&
	    nla_put_u32(msg, RTA_OIF, (uint32_t)index) == 0 &&
	    nla_put_u32(msg, RTA_PRIORITY, LOOPBACK_METRIC) == 0)
		return msg;
	nlmsg_free(msg);
	return NULL;
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
	const struct ip ip = ip_of_in(address);
	autobatch struct rtnet_batch batch = {0};

	rtnet_batch_add(&batch, address_message(index, &ip, prefix, 0), "set address of");
	rtnet_batch_add(&batch, link_message(RTM_NEWLINK, index, NULL, IFF_UP), "set up");
	return rtnet_batch_run(rtnet, &batch, "bridge", err);
}

int rtnet_address_remove(struct rtnet *rtnet, int index, struct in_addr address, unsigned prefix,
			 struct err *err)
{
	struct ifaddrmsg info = {.ifa_family = AF_INET,
				 .ifa_prefixlen = (uint8_t)prefix,
				 .ifa_index = (uint32_t)index};
	struct nl_msg *msg = nlmsg_alloc_simple(RTM_DELADDR, 0);
	autobatch struct rtnet_batch batch = {0};

	if (msg && (nlmsg_append(msg, &info, sizeof(info), NLMSG_ALIGNTO) < 0 ||
		    nla_put(msg, IFA_LOCAL, sizeof(address), &address) < 0)) {
		nlmsg_free(msg);
		msg = NULL;
	}
	rtnet_batch_add(&batch, msg, "remove an address of");
	return rtnet_batch_run(rtnet, &batch, "bridge", err);
}

int rtnet_link_group(struct rtnet *rtnet, const char *name, uint32_t group, struct err *err)
{
	autobatch struct rtnet_batch batch = {0};

	rtnet_batch_add(&batch,
			with_number(link_message(RTM_NEWLINK, 0, name, 0), IFLA_GROUP, group),
			"set the group of");
	return rtnet_batch_run(rtnet, &batch, name, err);
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

/*
 * The other instances of the network are reached through the gateway too: what was sent to an
 * address that stands for several of them has to come back the way it went, past who translates it.
 */
static void add_ways(struct rtnet_batch *batch, int index, const struct rtnet_way *way)
{
	const struct ip_prefix gateway = {way->gateway, way->gateway.family == 6 ? 128 : 32};
	const struct ip_prefix own = {way->address, way->prefix};
	const struct ip_prefix network = {ip_prefix_first(&own), way->prefix};
	const struct ip_prefix all = {{.family = way->address.family}, 0};
	const struct ip none = {0};

	rtnet_batch_add(batch,
			address_message(index, &way->address, way->prefix,
					IFA_F_NOPREFIXROUTE | IFA_F_NODAD),
			"set the inner address of");
	rtnet_batch_add(batch, route_message(index, &gateway, &none),
			"set the route to the gateway of");
	rtnet_batch_add(batch, rtnet_neighbour_message(index, &way->gateway, way->gateway_mac),
			"set where the gateway is for");
	rtnet_batch_add(batch, route_message(index, &network, &way->gateway),
			"set the route to the network of");
	if (way->leads_out)
		rtnet_batch_add(batch, route_message(index, &all, &way->gateway),
				"set the default route through");
}

int rtnet_endpoint_make(struct rtnet *inside, const struct rtnet_veth *veth, struct err *err)
{
	autobatch struct rtnet_batch batch = {0};

	rtnet_batch_add(&batch, link_message(RTM_NEWLINK, 0, "lo", IFF_UP), "set up lo beside");
	rtnet_batch_add(&batch, veth_message(veth), "make link");
	add_ways(&batch, index_of(veth), &veth->way);
	return rtnet_batch_run(inside, &batch, veth->host_name, err);
}

int rtnet_endpoint_ipv6(struct rtnet *inside, unsigned number, const struct rtnet_way *way,
			struct err *err)
{
	autobatch struct rtnet_batch batch = {0};
	char address[IP_TEXT_MAX];

	add_ways(&batch, FIRST_INDEX + (int)number, way);
	return rtnet_batch_run(inside, &batch, ip_format(&way->address, address), err);
}

int rtnet_bridge_ipv6(struct rtnet *rtnet, int index, const struct ip_prefix *address,
		      struct err *err)
{
	autobatch struct rtnet_batch batch = {0};
	char shown[IP_TEXT_MAX];

	rtnet_batch_add(&batch, address_message(index, &address->ip, address->bits, IFA_F_NODAD),
			"set the bridge's address");
	rtnet_batch_add(&batch, loopback_message(index), "set a route for");
	return rtnet_batch_run(rtnet, &batch, ip_format(&address->ip, shown), err);
}

static int port_index(struct rtnet *rtnet, const char *name, struct err *err)
{
	struct ifreq request = {0};

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	if (ioctl(nl_socket_get_fd(rtnet->sock), SIOCGIFINDEX, &request) < 0)
		return err_set(err, errno, "network: find link '%s'", name);
	return request.ifr_ifindex;
}

int rtnet_port_attach(struct rtnet *rtnet, const struct rtnet_port *port,
		      const struct rtnet_owner *owner, struct err *err)
{
	const int index = port_index(rtnet, port->name, err), bridge = port->bridge_index;
	autobatch struct rtnet_batch batch = {0};

	if (index < 0)
		return index;
	struct nl_msg *msg = with_owner(link_message(RTM_NEWLINK, index, NULL, IFF_UP), owner);

	rtnet_batch_add(&batch, with_number(msg, IFLA_MASTER, (uint32_t)bridge), "attach link");
	/*
	 * The bridge may send a frame back through the port it came from. That is the way of an
	 * instance's connection to its own published port on hosts where bridged frames pass the
	 * netfilter hooks: there the translated frame is bridged, not routed.
	 */
	rtnet_batch_add(&batch, bridge_option(port->name, true, IFLA_BRPORT_MODE, 1),
			"set the bridge port's mode of");
	rtnet_batch_add(&batch, rtnet_behind_message(index, port->mac), "set who is behind");
	rtnet_batch_add(&batch, rtnet_neighbour_message(bridge, &port->address, port->mac),
			"set who is reached through");
	if (port->address6.family)
		rtnet_batch_add(&batch, rtnet_neighbour_message(bridge, &port->address6, port->mac),
				"set who is reached through");
	return rtnet_batch_run(rtnet, &batch, port->name, err);
}

static struct nl_msg *down_message(const char *name)
{
	struct ifinfomsg info = {.ifi_change = IFF_UP};
	struct nl_msg *msg = nlmsg_alloc_simple(RTM_NEWLINK, 0);

	if (msg && nlmsg_append(msg, &info, sizeof(info), NLMSG_ALIGNTO) == 0 &&
	    nla_put_string(msg, IFLA_IFNAME, name) == 0)
		return msg;
	nlmsg_free(msg);
	return NULL;
}

static void add_forget(struct rtnet_batch *batch, const struct rtnet_port *port)
{
	const int bridge = port->bridge_index;

	rtnet_batch_add(batch, rtnet_stranger_message(bridge, &port->address), "forget");
	if (port->address6.family)
		rtnet_batch_add(batch, rtnet_stranger_message(bridge, &port->address6), "forget");
}

int rtnet_port_cut(struct rtnet *rtnet, const struct rtnet_port *port, struct err *err)
{
	autobatch struct rtnet_batch batch = {0};

	rtnet_batch_add(&batch, down_message(port->name), "set down");
	add_forget(&batch, port);
	return rtnet_batch_run(rtnet, &batch, port->name, err);
}

int rtnet_port_forget(struct rtnet *rtnet, const struct rtnet_port *port, struct err *err)
{
	autobatch struct rtnet_batch batch = {0};

	add_forget(&batch, port);
	return rtnet_batch_run(rtnet, &batch, port->name, err);
}

int rtnet_loopback_up(struct rtnet *rtnet, struct err *err)
{
	autobatch struct rtnet_batch batch = {0};

	rtnet_batch_add(&batch, link_message(RTM_NEWLINK, 0, "lo", IFF_UP), "set up");
	return rtnet_batch_run(rtnet, &batch, "lo", err);
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
