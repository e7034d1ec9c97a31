// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Private to net_endpoint.c and net_connect.c: what an endpoint is, and what is known of it apart
 * from the kernel.
 */
#pragma once

#include "runtime/network/net_private.h"

struct end {
	struct net_network *network;
	uint32_t address;
	char link[IF_NAMESIZE];	     /* of the outer end; empty: never made */
	char interface[IF_NAMESIZE]; /* of the inner one */
	unsigned char mac[6];
};

struct net_endpoint {
	struct net *net; /* borrowed; NULL: only lo */
	struct net_endpoint *next_left;
	char *name;
	char *group; /* NULL: none */
	int netns_fd;
	struct end *ends;
	size_t count;
	size_t main;
};

struct nft_speaker net_endpoint_speaker(const struct net_endpoint *endpoint, size_t i);

struct rtnet_port net_endpoint_port(const struct net_endpoint *endpoint, size_t i);
