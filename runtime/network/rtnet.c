// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The only file that includes libnl-route. Requests are built by the library where it knows them
 * and by hand where it does not (links addressed by name); they are sent as one batch, and the
 * kernel's answers are read here, since the library awaits one answer at a time.
 */
#include "runtime/network/rtnet.h"

#include "runtime/base/cleanup.h"

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
#include <sys/socket.h>

/* Fixed for the first interface, so that the address can be set in the same breath; above what
 * tunnel modules put into every new namespace. */
#define FIRST_INDEX 64
#define BATCH_MAX   6

/* A shorter route stands for "everything else": the default route, or the two halves of the address
 * space that some VPNs install in its place. */
#define ROUTE_PREFIX_MIN 8

struct rtnet {
	struct nl_sock *sock;
};

struct batch {
	struct nl_msg *msgs[BATCH_MAX];
	const char *what[BATCH_MAX];
	unsigned count;
	bool failed; /* out of memory while building */
};

static void batch_drop(struct batch *batch)
{
	for (unsigned i = 0; i < batch->count; i++)
		nlmsg_free(batch->msgs[i]);
}
#define autobatch __attribute__((cleanup(batch_drop)))

static void link_drop(struct rtnl_link **link)
{
	rtnl_link_put(*link);
}
#define autolink __attribute__((cleanup(link_drop)))

/* Takes over @msg; NULL stands for a failed allocation. */
static void batch_add(struct batch *batch, struct nl_msg *msg, const char *what)
{
	if (!msg || batch->count == BATCH_MAX) {
		nlmsg_free(msg);
		batch->failed = true;
		return;
	}
	batch->what[batch->count] = what;
	batch->msgs[batch->count++] = msg;
}

/* Numbers the requests from 1 and asks for an answer to each. */
static ssize_t batch_transmit(struct rtnet *rtnet, struct batch *batch)
{
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	struct iovec parts[BATCH_MAX];

	for (unsigned i = 0; i < batch->count; i++) {
		struct nlmsghdr *header = nlmsg_hdr(batch->msgs[i]);

		header->nlmsg_seq = i + 1;
		header->nlmsg_pid = nl_socket_get_local_port(rtnet->sock);
		header->nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
		/* Messages are padded to 4 bytes in the library's buffers as they are here. */
		parts[i] = (struct iovec){header, NLMSG_ALIGN(header->nlmsg_len)};
	}
	struct msghdr message = {.msg_name = &kernel,
				 .msg_namelen = sizeof(kernel),
				 .msg_iov = parts,
				 .msg_iovlen = batch->count};
	return sendmsg(nl_socket_get_fd(rtnet->sock), &message, 0);
}

/* Reads the answers of one datagram; records the first failure. Returns how many there were. */
static unsigned read_answers(const struct batch *batch, char *bytes, ssize_t size, int *failure,
			     unsigned *failed_index)
{
	unsigned answers = 0;
	unsigned len = (unsigned)size;

	for (struct nlmsghdr *header = (struct nlmsghdr *)bytes; NLMSG_OK(header, len);
	     header = NLMSG_NEXT(header, len)) {
		if (header->nlmsg_type != NLMSG_ERROR || header->nlmsg_seq < 1 ||
		    header->nlmsg_seq > batch->count)
			continue;
		const struct nlmsgerr *answer = NLMSG_DATA(header);
		answers++;
		if (answer->error && !*failure) {
			*failure = answer->error;
			*failed_index = header->nlmsg_seq - 1;
		}
	}
	return answers;
}

/*
 * Runs the batch. The kernel goes on after a failed request, so all answers are awaited; the first
 * failure is the one that counts. The kernel works while we are in sendmsg(): no waiting here.
 */
static int batch_run(struct rtnet *rtnet, struct batch *batch, const char *name, struct err *err)
{
	_Alignas(struct nlmsghdr) char bytes[8192];
	unsigned answers = 0, failed_index = 0;
	int failure = 0;

	if (batch->failed)
		return err_set(err, ENOMEM, "network: '%s'", name);
	if (batch_transmit(rtnet, batch) < 0)
		return err_set(err, errno, "network: '%s': netlink", name);
	while (answers < batch->count) {
		ssize_t n = recv(nl_socket_get_fd(rtnet->sock), bytes, sizeof(bytes), 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(err, errno, "network: '%s': netlink answer", name);
		answers += read_answers(batch, bytes, n, &failure, &failed_index);
	}
	return failure ? err_set(err, -failure, "network: %s '%s'", batch->what[failed_index], name)
		       : 0;
}

int rtnet_open(struct rtnet **ret_rtnet, struct err *err)
{
	struct rtnet *rtnet = calloc(1, sizeof(*rtnet));

	if (!rtnet)
		return err_set(err, ENOMEM, "network");
	rtnet->sock = nl_socket_alloc();
	int code = rtnet->sock ? nl_connect(rtnet->sock, NETLINK_ROUTE) : -NLE_NOMEM;
	if (code < 0) {
		/* Of most failures the library says no more than that there was one. */
		int error = code == -NLE_NOMEM ? ENOMEM : errno;

		rtnet_close(rtnet);
		return err_set(err, error, "network: open netlink");
	}
	*ret_rtnet = rtnet;
	return 0;
}

void rtnet_close(struct rtnet *rtnet)
{
	if (!rtnet)
		return;
	nl_socket_free(rtnet->sock);
	free(rtnet);
}

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
	autobatch struct batch batch = {0};

	/* The kernel takes no alias at creation. */
	batch_add(&batch, bridge_message(bridge), "make bridge");
	batch_add(&batch, with_owner(link_message(RTM_NEWLINK, 0, name, 0), &bridge->owner),
		  "name bridge");
	/* Snooping has timers for every port, and without somebody who queries it is of no use. */
	batch_add(&batch, bridge_option(name, false, IFLA_BR_MCAST_SNOOPING, 0),
		  "let multicasts through");
	return batch_run(rtnet, &batch, name, err);
}

int rtnet_link_index(struct rtnet *rtnet, const char *name, int *ret_index, struct err *err)
{
	autolink struct rtnl_link *link = NULL;
	int code = rtnl_link_get_kernel(rtnet->sock, 0, name, &link);

	if (code < 0)
		return err_say(err, EIO, "network: find link '%s': %s", name, nl_geterror(code));
	*ret_index = rtnl_link_get_ifindex(link);
	return 0;
}

int rtnet_link_address(struct rtnet *rtnet, int index, struct in_addr address, unsigned prefix,
		       struct err *err)
{
	autobatch struct batch batch = {0};

	batch_add(&batch, address_message(index, address, prefix, 0), "set address of");
	batch_add(&batch, link_message(RTM_NEWLINK, index, NULL, IFF_UP), "set up");
	return batch_run(rtnet, &batch, "bridge", err);
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
	autobatch struct batch batch = {0};
	int index = index_of(veth);

	batch_add(&batch, link_message(RTM_NEWLINK, 0, "lo", IFF_UP), "set up lo beside");
	batch_add(&batch, veth_message(veth), "make link");
	batch_add(&batch, address_message(index, veth->address, veth->prefix, IFA_F_NOPREFIXROUTE),
		  "set the inner address of");
	batch_add(&batch, route_message(index, veth->gateway, 32, (struct in_addr){INADDR_ANY}),
		  "set the route to the gateway of");
	batch_add(&batch, route_message(index, network_of(veth), veth->prefix, veth->gateway),
		  "set the route to the network of");
	if (veth->leads_out)
		batch_add(&batch, route_message(index, (struct in_addr){0}, 0, veth->gateway),
			  "set the default route through");
	return batch_run(inside, &batch, veth->host_name, err);
}

int rtnet_port_attach(struct rtnet *rtnet, const char *name, const struct rtnet_owner *owner,
		      int bridge_index, struct err *err)
{
	struct nl_msg *msg = with_owner(link_message(RTM_NEWLINK, 0, name, IFF_UP), owner);
	autobatch struct batch batch = {0};

	batch_add(&batch, with_number(msg, IFLA_MASTER, (uint32_t)bridge_index), "attach link");
	/*
	 * The bridge may send a frame back through the port it came from. That is the way of an
	 * instance's connection to its own published port on hosts where bridged frames pass the
	 * netfilter hooks: there the translated frame is bridged, not routed.
	 */
	batch_add(&batch, bridge_option(name, true, IFLA_BRPORT_MODE, 1),
		  "set the bridge port's mode of");
	return batch_run(rtnet, &batch, name, err);
}

int rtnet_loopback_up(struct rtnet *rtnet, struct err *err)
{
	autobatch struct batch batch = {0};

	batch_add(&batch, link_message(RTM_NEWLINK, 0, "lo", IFF_UP), "set up");
	return batch_run(rtnet, &batch, "lo", err);
}

int rtnet_link_down(struct rtnet *rtnet, const char *name, struct err *err)
{
	struct ifinfomsg info = {.ifi_change = IFF_UP};
	struct nl_msg *msg = nlmsg_alloc_simple(RTM_NEWLINK, 0);
	autobatch struct batch batch = {0};

	if (msg && (nlmsg_append(msg, &info, sizeof(info), NLMSG_ALIGNTO) < 0 ||
		    nla_put_string(msg, IFLA_IFNAME, name) < 0)) {
		nlmsg_free(msg);
		msg = NULL;
	}
	batch_add(&batch, msg, "set down");
	return batch_run(rtnet, &batch, name, err);
}

int rtnet_link_remove(struct rtnet *rtnet, const char *name, struct err *err)
{
	autobatch struct batch batch = {0};

	batch_add(&batch, link_message(RTM_DELLINK, 0, name, 0), "remove");
	int r = batch_run(rtnet, &batch, name, err);
	return r == -ENODEV ? 0 : r;
}

int rtnet_remove_group(struct rtnet *rtnet, uint32_t group, struct err *err)
{
	struct nl_msg *msg = link_message(RTM_DELLINK, 0, NULL, 0);
	autobatch struct batch batch = {0};

	batch_add(&batch, with_number(msg, IFLA_GROUP, group), "remove links of");
	int r = batch_run(rtnet, &batch, "stack", err);
	return r == -ENODEV ? 0 : r;
}

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
		return err_say(err, EIO, "network: list addresses: %s", nl_geterror(code));
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
		return err_say(err, EIO, "network: list links: %s", nl_geterror(code));
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
	return code < 0 ? err_say(err, EIO, "network: list addresses: %s", nl_geterror(code)) : 0;
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
