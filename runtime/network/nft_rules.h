// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Private to runtime/network: the text of the stack's nftables table. Pure: no system calls, no
 * library.
 */
#pragma once

#include "runtime/base/buf.h"
#include "runtime/network/net.h"
#include "runtime/network/subnet.h"

struct nft_names {
	const char *stack;
	const char *bridge;
	struct subnet subnet;
};

/* The whole table, nothing published; replaces a leftover of the same name. */
void nft_rules_table(struct buf *text, const struct nft_names *names);

/* Replaces what is published. */
void nft_rules_publish(struct buf *text, const struct nft_names *names,
		       const struct net_port *ports, size_t count);

/* Removes the table; nothing happens when it is not there. */
void nft_rules_remove(struct buf *text, const char *stack);
