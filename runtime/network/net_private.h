// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the net*.c files share. Private to runtime/network.
 */
#pragma once

#include "runtime/network/addr_pool.h"
#include "runtime/network/balancer.h"
#include "runtime/network/conntrack.h"
#include "runtime/network/net.h"
#include "runtime/network/net_allow.h"
#include "runtime/network/net_guard.h"
#include "runtime/network/net_six.h"
#include "runtime/network/nft.h"
#include "runtime/network/nft_rules.h"
#include "runtime/network/rtnet.h"
#include "runtime/network/sysctl.h"
#include "runtime/network/twin.h"

#define NET_STACK_NAME_MAX   200
#define NET_NETWORK_NAME_MAX 128
#define NET_ALIAS_BYTES	     256 /* IFALIASZ of linux/if.h, which does not go with net/if.h */

struct net {
	char *stack;
	const char *tables; /* what those of routed packets are called after: the stack, or, for a
			       moment, who stands in for it */
	bool stood_in;	    /* of whom something may be there */
	char *registry;	    /* NULL: none */
	uint32_t hash;	    /* of the stack's name: links carry it */
	unsigned links_made;
	bool stale;	/* the table of rules is a dead process's */
	bool unsettled; /* who is there is not known yet */
	struct subnet pool;
	struct net_network *networks;
	void *attached; /* tree of endpoints, by name */
	struct net_endpoint *left;
	struct rtnet *rtnet;
	struct nft *nft;
	struct balancer balancers[2]; /* IPv4, IPv6 */
	bool six;		      /* there is a table for IPv6 */
	char *host_changes;	      /* NULL: none */
	int netfilter_fd;	      /* for connection tracking, and elements of sets */
	struct net_guard guard;
	struct net_allowed allow;
	struct sysctl sysctl; /* for setting up namespaces */
	int home_fd;	      /* the host's network namespace */
};

struct net_network {
	struct net *net;
	struct net_network *next;
	char name[NET_NETWORK_NAME_MAX];
	char bridge[IF_NAMESIZE];
	int bridge_index;
	struct subnet subnet;
	uint32_t gateway; /* host byte order */
	struct twin twin;
	bool internal;
	unsigned mtu; /* of its links; 0: as usual */
	struct addr_pool addresses;
	char *known_as;	 /* to all stacks; NULL: to none */
	char *owner;	 /* with that: the stack that makes it */
	int shared_fd;	 /* with that: its directory in the registry; else -1 */
	int stacks_fd;	 /* below that: who is in it */
	bool joined;	 /* another stack makes it */
	bool reserving;	 /* addresses are claimed for the network itself */
	uint32_t server; /* the gateway, or where this stack serves another's network */
};

/* FNV-1a over @text, going on from @hash. */
#define NET_HASH_START 2166136261U
uint32_t net_hash(uint32_t hash, const char *text);

/* The link group of a stack: far from the small numbers that people and other programs use. */
uint32_t net_group(const struct net *net);

/* An IPv4 address in host byte order, and back. */
struct ip net_ip(uint32_t address);
uint32_t net_number(const struct ip *ip);

/* A setting of one link, in the calling thread's namespace. */
int net_link_sysctl(const char *family, const char *link, const char *setting, const char *value,
		    struct err *err) must_check;

/* Says who has a port of the host: -EADDRINUSE. */
int net_port_in_use(int protocol, const struct ip *ip, uint16_t port, struct err *err);

/* Appends the table of rules for a family of addresses, with nothing in it. */
void net_put_table(const struct net *net, struct buf *text, unsigned char family);

/* A locally administered hardware address with the IPv4 address in its last four bytes: neighbours'
 * caches stay right when an instance starts again. */
void net_mac(uint32_t address, unsigned char ret_mac[6]);

/* The rules of all families of a network, as text. */
void net_network_rules(const struct net_network *network, struct buf *text);

/* Calls @say for each end of an endpoint that is connected. */
void net_each_speaker(const struct net *net,
		      void (*say)(void *data, const struct nft_speaker *speaker), void *data);

/* Whether there is an endpoint of that name. */
bool net_is_attached(const struct net *net, const char *name);

/* Whether a link of the stack is that of an endpoint. */
bool net_has_link(const struct net *net, const char *name);

/* A network that the process does not know of yet. */
struct net_network *net_network_new(struct net *net, const char *name);

/* Goes on with what is there at @place; @config: of a network of the stack's own. */
int net_network_take(struct net_network *network, const struct net_network_config *config,
		     const struct net_place *place, struct err *err) must_check;

/* From here on the net knows it. */
void net_network_add(struct net_network *network);

/* Forgets what the process knows of a network; the kernel's side goes with the stack's. */
void net_network_free(struct net_network *network);

/* Has bridges that may stay with others forget who net_leave()s, before others get the addresses.
 */
void net_strangers_left(const struct net *net);

/* Ends what net_leave() has put off. */
void net_forget_left(struct net *net);
