// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Private to runtime/network: the text of the stack's nftables tables, one of each
 * family of addresses. Pure: no system calls, no
 * library.
 */
#pragma once

#include "runtime/base/buf.h"
#include "runtime/base/ip.h"

#include <stdbool.h>

/* One family's side of a network. */
struct nft_network {
	const char *stack;
	const char *bridge;
	struct ip_prefix subnet;
	bool internal;
	struct ip gateway;
};

/* The whole table, without networks and without anything to balance; replaces a leftover of the
 * same name. */
void nft_rules_table(struct buf *text, unsigned char family, const char *stack);

/* Where bridged frames pass the rules, answers to ::1 would be lost: what is published there is
 * refused, so that clients go on to 127.0.0.1 at once. */
void nft_rules_spare_loopback(struct buf *text, const char *stack);

/* Adds a network to the table of its addresses' family. */
void nft_rules_network(struct buf *text, const struct nft_network *network);

/*
 * Adds a network that another stack makes, whose table has the rules for all who are in it: this
 * one's are about its own endpoints there, as they are called.
 *
 * @server	where this stack serves it; NULL: nowhere in this family
 */
void nft_rules_joined(struct buf *text, const struct nft_network *network, const struct ip *server);

/* Removes the table; nothing happens when it is not there. */
void nft_rules_remove(struct buf *text, unsigned char family, const char *stack);
