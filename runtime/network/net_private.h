// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the net*.c files share. Private to runtime/network.
 */
#pragma once

#include "runtime/network/addr_pool.h"
#include "runtime/network/balancer.h"
#include "runtime/network/net.h"
#include "runtime/network/nft.h"
#include "runtime/network/nft_rules.h"
#include "runtime/network/rtnet.h"
#include "runtime/network/sysctl.h"

#define NET_STACK_NAME_MAX   200
#define NET_NETWORK_NAME_MAX 128
#define NET_ALIAS_BYTES	     256 /* IFALIASZ of linux/if.h, which does not go with net/if.h */

struct net {
	char *stack;
	uint32_t hash; /* of the stack's name: links carry it */
	unsigned links_made;
	bool stale; /* the table of rules is a dead process's */
	struct subnet pool;
	struct net_network *networks;
	void *attached; /* tree of endpoints, by name */
	struct rtnet *rtnet;
	struct nft *nft;
	struct balancer balancer;
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
	bool internal;
	struct addr_pool addresses;
};

/* FNV-1a over @text, going on from @hash. */
#define NET_HASH_START 2166136261U
uint32_t net_hash(uint32_t hash, const char *text);

/* The link group of a stack: far from the small numbers that people and other programs use. */
uint32_t net_group(const struct net *net);

/* A setting of one link, in the calling thread's namespace. */
int net_link_sysctl(const char *family, const char *link, const char *setting, const char *value,
		    struct err *err) must_check;

/* What its rules are made from. Borrows. */
struct nft_network net_network_rules(const struct net_network *network);

/* Whether a link of the stack is that of an endpoint. */
bool net_has_link(const struct net *net, const char *name);

/* Forgets what the process knows of a network; the kernel's side goes with the stack's. */
void net_network_free(struct net_network *network);
