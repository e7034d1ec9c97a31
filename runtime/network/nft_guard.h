// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Private to runtime/network: the text of the stack's second nftables table, which says at the
 * bridges' ports who may speak as whom. Pure: no system calls, no library.
 */
#pragma once

#include "runtime/base/buf.h"
#include "runtime/base/ip.h"
#include "runtime/network/nft_batch.h"

#include <netinet/in.h>

/* Who speaks through a port. */
struct nft_speaker {
	const char *port; /* the link of the instance, in the host's namespace */
	unsigned char mac[6];
	struct in_addr address;
	struct ip address6; /* family 0: it has none, and does not speak IPv6 */
	const char *group;  /* which it belongs to; NULL: none */
};

/* The whole table, with nobody in it; replaces a leftover of the same name.
 *
 * @ports	what the names of all ports of the stack begin with */
void nft_guard_table(struct buf *text, const char *stack, const char *ports);

/* The hardware address of a bridge, behind which packets are routed. */
void nft_guard_gateway(struct buf *text, const char *stack, const unsigned char mac[6]);

void nft_guard_admit(struct buf *text, const char *stack, const struct nft_speaker *speaker);
/* Who is not in the table must not be dismissed. */
void nft_guard_dismiss(struct buf *text, const char *stack, const struct nft_speaker *speaker);

/* The same, as the kernel reads it. */
void nft_guard_encode(struct nft_batch *batch, bool comes, const char *stack,
		      const struct nft_speaker *speaker);

/* Removes the table; nothing happens when it is not there. */
void nft_guard_remove(struct buf *text, const char *stack);
