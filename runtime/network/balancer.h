// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Private to runtime/network: over whom new connections are spread, as changes of one of the
 * stack's nftables tables. Remembers what the table has, so that only what differs is sent. Pure:
 * no system calls, no library.
 */
#pragma once

#include "runtime/base/buf.h"
#include "runtime/network/net.h"

/* Endpoints of one network that new connections to one address are spread over. */
struct balancer_group {
	const char *name; /* its own in the network */
	const char *bridge;
	struct ip address; /* family 0: only ports lead there */
	enum net_way way;
	const struct ip *targets; /* no address twice */
	size_t target_count;
	struct ip gateway;		  /* where the holders are; family 0: none of this family */
	const struct net_holder *holders; /* of any family, see net_group */
	size_t holder_count;
	bool held;
	bool counted;
};

struct balancer_wish {
	const struct balancer_group *groups;
	size_t group_count;
	const struct net_port *ports; /* of the table's family; `group` is a place in groups */
	size_t port_count;
};

/* What a group is in the table. */
struct balancer_kept {
	char *name;
	char bridge[IF_NAMESIZE];
	struct ip address;
	unsigned number; /* of its chain, and of its part of the slots */
	struct ip *slots;
	size_t count;
	char *rules;
	bool counted; /* by a counter of its number */
};

/* What the table has. Zero-initialise: a table as nft_rules_table() makes it. */
struct balancer {
	struct balancer_kept *groups; /* in the order they were last wished in */
	size_t group_count;
	unsigned numbers; /* given so far */
	char *port_maps;
	char *holders;
	char **port_rules;
	size_t port_count;
	struct ip *left; /* addresses that the last change has taken from a group, or a holder */
	size_t left_count;
};

/*
 * Appends to @text what makes @table ("ip davit_shop") as wished, nothing where it is that already;
 * from here on it is taken to be so. When the text is not carried out, or this fails (-ENOMEM), the
 * table is to be made anew, after balancer_forget().
 */
int balancer_change(struct balancer *balancer, const char *table, const struct balancer_wish *wish,
		    struct buf *text, struct err *err) must_check;

/* The table is new, or gone. Frees all. */
void balancer_forget(struct balancer *balancer);
