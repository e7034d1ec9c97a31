// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Private to runtime/network: links, addresses and routes of one network namespace, through one
 * netlink socket. Requests that belong together travel in one message.
 */
#pragma once

#include "runtime/base/err.h"
#include "runtime/base/ip.h"
#include "runtime/network/subnet.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

struct rtnet;

/* Opens in the calling thread's network namespace; stays there wherever the thread goes. */
int rtnet_open(struct rtnet **ret_rtnet, struct err *err) must_check;

/* Accepts NULL. */
void rtnet_close(struct rtnet *rtnet);

/* All prefixes the namespace has a route or an address in, but for default routes. The items are
 * the caller's to free. */
int rtnet_list_used(struct rtnet *rtnet, struct subnet_list *ret_used, struct err *err) must_check;

/* -EADDRINUSE, naming what is in the way, when the namespace has a route or an address of IPv6 in
 * @prefix, but for those of the link @own. */
int rtnet_check_ipv6(struct rtnet *rtnet, const struct ip_prefix *prefix, const char *own,
		     struct err *err) must_check;

/* Whose a link is. */
struct rtnet_owner {
	uint32_t group;	   /* links of one owner are found, and removed at once, by it */
	const char *alias; /* for eyes: shows in `ip link` */
};

struct rtnet_bridge {
	const char *name;
	struct rtnet_owner owner;
	unsigned char mac[6]; /* fixed: else it is that of a port and changes as they come and go */
	unsigned mtu;	      /* 0: as usual */
};

/* Makes a bridge, not yet up. */
int rtnet_bridge_make(struct rtnet *rtnet, const struct rtnet_bridge *bridge,
		      struct err *err) must_check;

/* The number of a link, by which ports and addresses are attached. */
int rtnet_link_index(struct rtnet *rtnet, const char *name, int *ret_index,
		     struct err *err) must_check;

/* Gives a link its address and sets it up. */
int rtnet_link_address(struct rtnet *rtnet, int index, struct in_addr address, unsigned prefix,
		       struct err *err) must_check;

int rtnet_address_remove(struct rtnet *rtnet, int index, struct in_addr address, unsigned prefix,
			 struct err *err) must_check;

/* From here on the link is that group's. */
int rtnet_link_group(struct rtnet *rtnet, const char *name, uint32_t group,
		     struct err *err) must_check;

/* Gives a bridge that is up an address of IPv6, which nobody else is asked about, and has what is
 * published on ::1 find its way back through it. */
int rtnet_bridge_ipv6(struct rtnet *rtnet, int index, const struct ip_prefix *address,
		      struct err *err) must_check;

/* Of one family of addresses, inside. */
struct rtnet_way {
	struct ip address;
	unsigned prefix;
	struct ip gateway; /* towards all others of the network */
	const unsigned char *gateway_mac;
	bool leads_out; /* and towards everything else */
};

/* A veth pair between an instance's namespace and the host's. */
struct rtnet_veth {
	const char *host_name; /* of the end in the host's namespace */
	int host_netns_fd;
	const char *name; /* of the end inside */
	unsigned number;  /* of the interface inside: 0 for the first one */
	struct rtnet_way way;
	const unsigned char *mac;
	unsigned mtu; /* 0: as usual */
};

/* Through a socket inside an instance's new namespace: lo up, the pair with its other end born in
 * the host's namespace, the inner end's address and its routes. */
int rtnet_endpoint_make(struct rtnet *inside, const struct rtnet_veth *veth,
			struct err *err) must_check;

/* The same for IPv6, whose addresses nobody else is asked about, on a link that is there. */
int rtnet_endpoint_ipv6(struct rtnet *inside, unsigned number, const struct rtnet_way *way,
			struct err *err) must_check;

/* An endpoint's outer end, and who is behind it. */
struct rtnet_port {
	const char *name;
	int bridge_index;
	struct ip address, address6; /* of family 0: none */
	const unsigned char *mac;
};

/* Attaches it to the bridge, on which all that is sent to who is behind it goes there from here on,
 * without asking, and sets it up. */
int rtnet_port_attach(struct rtnet *rtnet, const struct rtnet_port *port,
		      const struct rtnet_owner *owner, struct err *err) must_check;

/* Cuts it off, whoever is behind it. Cheap, where removing it makes the caller wait for RCU grace
 * periods. */
int rtnet_port_cut(struct rtnet *rtnet, const struct rtnet_port *port, struct err *err) must_check;

/* Forgets who was behind it on a bridge that stays. */
int rtnet_port_forget(struct rtnet *rtnet, const struct rtnet_port *port,
		      struct err *err) must_check;

/* Through a socket inside an instance's namespace: lo up. */
int rtnet_loopback_up(struct rtnet *inside, struct err *err) must_check;

/* Removes a link; none of that name is success. Takes tens of milliseconds. */
int rtnet_link_remove(struct rtnet *rtnet, const char *name, struct err *err) must_check;

/* An address of an instance, as seen through a socket inside its namespace. */
struct rtnet_end {
	struct in_addr address;
	int outer; /* the number of the link's other end, where that is */
};

struct rtnet_ends {
	struct rtnet_end *items;
	size_t count;
};

/* All addresses on pairs of links. The items are the caller's to free. */
int rtnet_list_ends(struct rtnet *inside, struct rtnet_ends *ret_ends, struct err *err) must_check;

struct rtnet_names {
	char (*items)[IF_NAMESIZE];
	size_t count;
};

/* The names of all links of an owner. The items are the caller's to free. */
int rtnet_list_group(struct rtnet *rtnet, uint32_t group, struct rtnet_names *ret_names,
		     struct err *err) must_check;

/* Removes all links of an owner; none is success. Takes tens of milliseconds, however many. */
int rtnet_remove_group(struct rtnet *rtnet, uint32_t group, struct err *err) must_check;
