// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Private to runtime/network: who may call whom, in the rules' text.
 */
#pragma once

#include "runtime/base/buf.h"
#include "runtime/network/nft_guard.h"

#include <stdbool.h>
#include <stddef.h>

struct net;
struct allow_rule;

/* What net_allow() was told; a rule's place is its number in the table. */
struct net_allowed {
	struct allow_rule *rules;
	size_t count;
	bool outdated; /* there are virtual addresses that the table does not know */
};

void net_allow_free(struct net *net);

/* Appends what makes @speaker come to, or go from, the sets that it belongs to. */
void net_allow_put(const struct net *net, struct buf *text, bool comes,
		   const struct nft_speaker *speaker);
void net_allow_put_bridged(const struct net *net, struct buf *text, bool comes,
			   const struct nft_speaker *speaker);

/* Appends the numbers of one family's table, with nobody in them. */
void net_allow_put_numbers(const struct net *net, struct buf *text, unsigned char family,
			   size_t before);

/* Appends all of it, with who is attached now, to a table that has @before numbers. */
void net_allow_put_all(const struct net *net, struct buf *text, size_t before);
