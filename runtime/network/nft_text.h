// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Private to runtime/network: the same rules for both families of addresses. Pure: no system calls,
 * no library.
 */
#pragma once

#include "runtime/base/buf.h"
#include "runtime/base/ip.h"

/* What stands for the marks of a pattern; what its pattern does not mention need not be given. */
struct nft_words {
	unsigned char family; /* 4 or 6 */
	const char *stack;    /* $s */
	const char *bridge;   /* $b */
	const char *gateway;  /* $g */
	const char *subnet;   /* $n */
};

/*
 * Appends @pattern. Its other marks are the family's: $f what nftables call it, $a the type of its
 * addresses, $i ICMP there, $p that as a protocol, $r a redirect, $l what is the host's own, $k
 * what is link-local.
 */
void nft_text_put(struct buf *text, const struct nft_words *words, const char *pattern);

/* What nftables call a family of addresses. */
const char *nft_family(unsigned char family);
