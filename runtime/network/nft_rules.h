// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Private to runtime/network: the text of the stack's nftables table. Pure: no system calls, no
 * library.
 */
#pragma once

#include "runtime/base/buf.h"
#include "runtime/network/subnet.h"

struct nft_network {
	const char *stack;
	const char *bridge;
	struct subnet subnet;
	bool internal;
	uint32_t gateway; /* host byte order */
};

/* The whole table, without networks and without anything to balance; replaces a leftover of the
 * same name. */
void nft_rules_table(struct buf *text, const char *stack);

/* Adds a network to the table. */
void nft_rules_network(struct buf *text, const struct nft_network *network);

/* Removes the table; nothing happens when it is not there. */
void nft_rules_remove(struct buf *text, const char *stack);
