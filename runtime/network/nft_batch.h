// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Private to runtime/network: elements that come to sets of bridges' tables and go from them, put
 * together as the kernel reads them. libnftables, which does that from texts, asks the kernel for
 * all tables of the host before each; who knows what the sets are made of need not. Pure.
 */
#pragma once

#include "runtime/base/buf.h"

#define NFT_KEY_MAX 64

/* Zero-initialise. */
struct nft_batch {
	struct buf bytes; /* netlink messages, one after the other */
	size_t last;	  /* where the last one begins */
};

void nft_batch_free(struct nft_batch *batch);

/* Parts of a key are padded to four bytes each, as the kernel has them. */
struct nft_key {
	unsigned char bytes[NFT_KEY_MAX];
	size_t len;
};

void nft_key_add(struct nft_key *key, const void *bytes, size_t len);

struct nft_element {
	const char *table; /* of the family of bridges */
	const char *set;
	struct nft_key key;
};

/* Who is not in the set must not go: that fails, and nothing is changed. */
void nft_batch_put(struct nft_batch *batch, bool comes, const struct nft_element *element);

/* Nothing can be put after it. Returns 0, or -ENOMEM when anything had no room. */
int nft_batch_end(struct nft_batch *batch, struct err *err) must_check;
