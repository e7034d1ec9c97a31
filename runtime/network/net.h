// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The networks of one stack: a bridge with a subnet for each, an endpoint (network namespace, a
 * veth for each of its networks, fixed addresses) per instance, an nftables table for each family
 * of addresses with outgoing NAT, published ports, and what keeps networks apart, and another one
 * that lets an instance speak as itself only.
 *
 * IPv6 comes beside IPv4: an instance is known by its IPv4 address, and has an IPv6 one as well
 * where its network has.
 *
 * Links and addresses through libnl (batched), rules through libnftables in one transaction per
 * change. Everything carries the stack's name or its hash, so that leftovers are found. Forwarding
 * is switched on for the whole host and stays on; a firewall of somebody else that drops forwarded
 * packets also drops ours.
 *
 * All calls work in the calling thread, which must be in the host's network namespace and is there
 * again afterwards. They wait for the kernel only; net_close() and net_purge() for tens of ms.
 */
#pragma once

#include "runtime/base/buf.h"
#include "runtime/base/err.h"
#include "runtime/base/ip.h"

#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct net;
struct net_network;
struct net_endpoint;

struct net_config {
	const char *stack; /* names the nft table "davit_<stack>" and, hashed, its links */
	const char *pool;  /* CIDR from which subnets are taken that overlap no route of the host;
			      NULL: 10.213.0.0/16 */
	const char *registry; /* directory where networks are known to all stacks of the host;
				 NULL: this one's are its own */
};

/* What needs a descriptor of a low number later gets it: to be called before there are many. */
void net_reserve(void);

/* Makes the table, leftovers of the same stack removed first. The caller owns it. */
int net_open(const struct net_config *config, struct net **ret_net, struct err *err) must_check;

/*
 * The same for a stack whose process has died and whose instances run: touches nothing of theirs.
 * What is to stay is adopted, one by one, then net_settle() is called; the rules are as the
 * dead process has left them until the first net_balance(), which replaces all in one transaction.
 */
int net_adopt(const struct net_config *config, struct net **ret_net, struct err *err) must_check;

/* Removes the links of the stack that nobody has adopted, and makes anew who may speak through
 * those that are left. */
int net_settle(struct net *net, struct err *err) must_check;

/* Why instances may speak as somebody else in their networks; NULL: they may not. Borrowed. */
const char *net_unguarded(const struct net *net);

/* What IPv6 has made change on the host beside forwarding, such as "accept_ra=2 on eth0"; NULL:
 * nothing. Borrowed. */
const char *net_host_changes(const struct net *net);

/* Gives back memory that only changes of the rules need; the next one takes it again. */
void net_rest(struct net *net);

/* Removes and frees all, but for networks that other stacks are in: the last one to leave removes
 * these. Endpoints must be detached before. Accepts NULL. */
void net_close(struct net *net);

/* Removes what a dead process has left of the stack's networks, as net_close() would; nothing there
 * is success. */
int net_purge(const struct net_config *config, struct err *err) must_check;

/* Addresses without a family are not given; those of IPv6 count where the network has that. */
struct net_network_config {
	const char *name;	 /* in the stack: letters, digits, _ . - */
	const char *known_as;	 /* to all stacks; NULL: to none */
	const char *definition;	 /* with known_as: what it is made from, as text */
	struct ip_prefix subnet; /* default: a free one of the pool, of a /24 or larger */
	struct ip_prefix range;	 /* addresses are given from here; default: all of the subnet */
	struct ip gateway;	 /* of the bridge; default: the first one of the subnet */
	bool ipv6;
	struct ip_prefix subnet6;  /* default: a unique local /64 of its own */
	struct ip_prefix range6;   /* addresses are counted from where it begins */
	struct ip gateway6;	   /* default: the first one of the subnet */
	const struct ip *reserved; /* of both; never given */
	size_t reserved_count;
	bool internal;	/* nothing leaves it, and nothing comes in */
	unsigned mtu;	/* bytes a packet may have; 0: as usual, 1500 */
	unsigned hosts; /* how many addresses are wanted, where the subnet is chosen */
};

/*
 * Makes a network of the stack, with its bridge.
 *
 * @ret_network	out: owned by the net, until net_close()
 *
 * One that the stack has left to others is its own again; from another definition: -EBUSY.
 *
 * Returns 0; -EADDRINUSE: the host uses the subnet; -EADDRNOTAVAIL: the pool has none; -EEXIST:
 * another stack makes one that is known as this; -errno.
 */
int net_network_open(struct net *net, const struct net_network_config *config,
		     struct net_network **ret_network, struct err *err) must_check;

/* Where a network is, for a successor of this process. */
struct net_place {
	struct in_addr address; /* of the subnet */
	unsigned prefix;
	struct in_addr gateway;
	struct ip_prefix subnet6; /* its address is where addresses are counted from; family 0:
				     there is no IPv6 */
	struct ip gateway6;
};

struct net_place net_network_place(const struct net_network *network);

/* Goes on with a network that is there already, at @place; makes its bridge where it is not. */
int net_network_adopt(struct net *net, const struct net_network_config *config,
		      const struct net_place *place, struct net_network **ret_network,
		      struct err *err) must_check;

/*
 * Enters the network that another stack makes and all know as @known_as; also for a successor of
 * the process that has entered it. Endpoints get addresses of it, and are guarded, as those of its
 * owner. What the owner's rules allow, it allows to all.
 *
 * Returns 0; -ENOENT: there is none; -EEXIST: it is this stack's own; -errno.
 */
int net_network_join(struct net *net, const char *name, const char *known_as,
		     struct net_network **ret_network, struct err *err) must_check;

/* Of a network that all know: its name for them, and the directory where each stack that is in it
 * has a file of its name, whose content is up to its user. */
struct net_shared {
	const char *known_as; /* NULL: this one is not known to others */
	const char *owner;    /* the stack that makes it */
	int stacks_fd;	      /* borrowed */
};
struct net_shared net_network_shared(const struct net_network *network);

/* Appends the other stacks that are in it. @others has failed when that is not known now. */
void net_network_others(const struct net_network *network, struct strv *others);

bool net_network_is_internal(const struct net_network *network);

/* The network of that name, or NULL. Borrowed. */
struct net_network *net_network_find(const struct net *net, const char *name);

/* Keeps an address for @name, who is to be attached with it, unless somebody else of the stack is
 * with it now, or @name with another one. -EADDRINUSE: another stack has it; -EADDRNOTAVAIL: the
 * network that another stack makes has no such address to give. */
int net_network_keep(struct net_network *network, const char *name, struct in_addr address,
		     struct err *err) must_check;

/* The same for an IPv6 address, which who has it may have beside any IPv4 one. */
int net_network_keep6(struct net_network *network, const char *name, const struct ip *address,
		      struct err *err) must_check;

/* The IPv6 address of who has this IPv4 one in the network: an endpoint, or what stands for
 * several. Of family 0 where there is none. */
struct ip net_address6(const struct net_network *network, struct in_addr address);

/* Of family 0 where there is none. */
struct ip net_gateway6(const struct net_network *network);

/* Borrowed. */
const char *net_network_name(const struct net_network *network);

struct in_addr net_gateway(const struct net_network *network);

/* Where this stack may serve the network: its gateway, or an address of the stack's own in a
 * network that another one makes. */
struct in_addr net_server(const struct net_network *network);

/*
 * A socket on net_server() that hears only what comes out of the network itself.
 *
 * @type	SOCK_DGRAM, or SOCK_STREAM, which listens then
 * @ret_fd	out: close-on-exec, never waits; owned by the caller
 */
int net_server_socket(const struct net_network *network, int type, uint16_t port, int *ret_fd,
		      struct err *err) must_check;

/* One interface of an endpoint. */
struct net_link {
	struct net_network *network;
	const char *interface;	/* its name inside; NULL: eth0, eth1, … */
	struct in_addr address; /* INADDR_ANY: any; the same name gets the same one */
	struct ip address6;	/* family 0: that which goes with its IPv4 one */
	bool has_mac;		/* else it is derived from the address */
	unsigned char mac[6];
	bool main; /* the endpoint's address is the one there, and the default
		      route leads through it unless the network is internal */
};

struct net_attach_request {
	const char *name; /* the instance, such as "web-1" */
	const struct net_link *links;
	size_t count;	   /* at least one; one of them is the main one */
	const char *group; /* for net_allow(), such as "web"; NULL: none */
};

/*
 * Takes an address in each of the networks; the kernel hears of it with net_endpoint_connect(). The
 * same name gets the same addresses as long as the net lives.
 *
 * @ret_endpoint out: owned by the caller, net_detach()
 *
 * Returns 0; -EADDRNOTAVAIL when a subnet is full; -EADDRINUSE when an address asked for is taken;
 * -EBUSY when the name is attached already; -errno.
 */
int net_attach(struct net *net, const struct net_attach_request *request,
	       struct net_endpoint **ret_endpoint, struct err *err) must_check;

/* An endpoint with only lo (network_mode: none). */
int net_attach_none(struct net_endpoint **ret_endpoint, struct err *err) must_check;

/* Cuts the endpoint off at once; the kernel removes link and namespace in the background as soon as
 * no process uses them. Accepts NULL. */
void net_detach(struct net_endpoint *endpoint);

/*
 * As net_detach(), for a net that is about to be closed: nothing is cut off before net_close()
 * removes all links in one request. One by one each of them would wait for the locks that the
 * kernel takes to remove others in the background.
 */
void net_leave(struct net_endpoint *endpoint);

/*
 * Makes the endpoint's network namespace, with lo up and a link to each of its networks, unless it
 * is there. Some two milliseconds. After a failure nothing of it is left but the addresses, and it
 * may be tried again.
 *
 * @netns_fd	a namespace that nobody uses yet, to be taken for a new one; borrowed. -1: none
 */
int net_endpoint_connect(struct net_endpoint *endpoint, int netns_fd, struct err *err) must_check;

/* Undoes it, whoever is still in the namespace; the addresses stay its own. */
void net_endpoint_cut(struct net_endpoint *endpoint);

/* One link of an endpoint, for a successor of this process; false when there is no @i-th. The texts
 * are borrowed. */
struct net_link_place {
	const char *network;
	struct in_addr address;
	const char *outer; /* its end in the host's namespace; "" before it is connected */
};
bool net_endpoint_link(const struct net_endpoint *endpoint, size_t i, struct net_link_place *ret);

/* A link that was found in a namespace. */
struct net_link_found {
	const char *network; /* borrowed from the net */
	struct in_addr address;
	char outer[IF_NAMESIZE];
};

/* What the links of a namespace are, where nobody has written it down.
 *
 * @ret_found	out: the caller's to free */
int net_look(struct net *net, int netns_fd, struct net_link_found **ret_found, size_t *ret_count,
	     struct err *err) must_check;

/*
 * Instead of net_endpoint_connect(): the namespace is there already, made by a dead process.
 *
 * @places	what that process knew of its links
 * @netns_fd	taken over
 */
void net_endpoint_adopt(struct net_endpoint *endpoint, const struct net_link_place *places,
			size_t count, int netns_fd);

/* Borrowed fd; -1 before it is connected. */
int net_endpoint_netns(const struct net_endpoint *endpoint);

/* Its address in the main network, or in this one; INADDR_ANY for none. */
struct in_addr net_endpoint_address(const struct net_endpoint *endpoint);
struct in_addr net_endpoint_address_in(const struct net_endpoint *endpoint,
				       const struct net_network *network);

/*
 * Instances that are gone keep their addresses for the next one of their name. Makes others of
 * these: of all that are attached no more, unless @stays says that a name keeps its own (NULL: none
 * does). Returns whether there is one now.
 */
bool net_release_gone(struct net *net, bool (*stays)(const void *data, const char *name),
		      const void *data);

/* How many TCP connections from elsewhere there are to what listens in a namespace; from 0.1 ms. */
int net_connections(int netns_fd, unsigned *ret_count, struct err *err) must_check;

/* Calls @each with the port of every socket that listens in a namespace; about a tenth of a
 * millisecond. */
int net_listeners(int netns_fd, void (*each)(void *data, uint16_t port), void *data,
		  struct err *err) must_check;

/* Who may call the endpoints of a group. */
struct net_allow {
	const char *group;	    /* "": the host itself, and all that is link-local */
	const char *const *callers; /* other groups, or this one */
	size_t caller_count;
};

/*
 * From here on new connections to the endpoints of the groups that are named come from endpoints of
 * their callers only; other endpoints are refused, by whatever address and network they try. What
 * the host calls, and what comes from outside of the stack through a published port, is not
 * concerned. The host answers everybody for names (port 53).
 * Holds for endpoints to come, from before they can send anything.
 */
int net_allow(struct net *net, const struct net_allow *rules, size_t count,
	      struct err *err) must_check;

/* How an endpoint is chosen for a new connection. */
enum net_way {
	NET_IN_TURN,
	NET_BY_SOURCE, /* by the client's address: it keeps its endpoint while there are as many */
};

/*
 * An address of @network for all connections that are to be spread over several endpoints. It stays
 * with @name until net_close(), and goes to no endpoint.
 *
 * @spare	so many addresses must be left for endpoints
 *
 * Returns 0; -EADDRNOTAVAIL when the subnet has no room for it; -errno.
 */
int net_virtual_take(struct net_network *network, const char *name, unsigned spare,
		     struct err *err) must_check;

/* Goes on with one that a dead process has taken. */
int net_virtual_keep(struct net_network *network, const char *name, struct in_addr address,
		     struct err *err) must_check;

/* INADDR_ANY: @name has none. */
struct in_addr net_virtual(const struct net_network *network, const char *name);

/* A socket on the gateway of a group's network where who calls the group can wait, see net_hold.h.
 */
struct net_holder {
	int protocol;	      /* IPPROTO_TCP or IPPROTO_UDP */
	unsigned char family; /* 4 or 6 */
	uint16_t called_port; /* of the group's address; 0: all of them */
	uint16_t port;	      /* of the gateway */
};

/* Endpoints of one network that new connections are spread over. */
struct net_group {
	const char *name;
	const struct net_network *network;
	enum net_way way;
	const struct in_addr *targets;	  /* no address twice */
	size_t target_count;		  /* 0: connections are refused */
	const struct net_holder *holders; /* of its address; nobody gets there but by it */
	size_t holder_count;
	bool held;    /* connections go there, and none to the targets, who get datagrams that no
			 holder hears */
	bool counted; /* see net_hold.h */
};

/* One published port. */
struct net_port {
	int protocol;	    /* IPPROTO_TCP or IPPROTO_UDP */
	struct ip host_ip;  /* 0.0.0.0, ::: every address of the host, of that family; an IPv6 one
			       leads to the endpoints' IPv6 addresses */
	uint16_t host_port; /* host byte order, as all ports here */
	uint16_t target_port;
	size_t group;	      /* which of the groups it leads to */
	uint16_t holder_port; /* a holder's, for this port alone; 0: none. It is used while the
				 group is held */
	bool shut;	      /* that one, to the stack's instances */
};

struct net_balance {
	const struct net_group *groups; /* in the same order each time, as far as possible */
	size_t group_count;
	const struct net_port *ports;
	size_t port_count;
};

/*
 * From here on new connections go as @wanted says, those to the virtual address of a group's name
 * as well as those to published ports. What differs from before is changed in one transaction;
 * established connections stay where they are.
 *
 * A virtual address is there for who is in its network, all ports and protocols of it, and for the
 * host. A published port is reachable from other hosts, from the host itself (127.0.0.1 too) and
 * from instances. All clients keep their address, but for an endpoint that reaches itself, and for
 * connections to 127.0.0.1. What is published on ::1 is refused on a host whose bridged frames pass
 * the rules for routed ones, as the kernel drops the answers there.
 */
int net_balance(struct net *net, const struct net_balance *wanted, struct err *err) must_check;

/*
 * Reserves a port of the host by binding it, so that nobody else can and so that a port in use is
 * noticed.
 *
 * @port	in: wanted, 0 for any; out: what was bound
 * @ret_fd	out: keeps the port while open; owned by the caller
 *
 * Returns 0; -EADDRINUSE (err names the process that holds it where it can be found); -errno.
 */
int net_port_reserve(int protocol, const struct ip *host_ip, uint16_t *port, int *ret_fd,
		     struct err *err) must_check;
