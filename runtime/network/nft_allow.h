// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Private to runtime/network: the text of who may call whom, as parts of the stack's nftables
 * tables. Pure: no system calls, no library.
 *
 * What may be called by some only is numbered from 0.
 */
#pragma once

#include "runtime/base/buf.h"
#include "runtime/base/ip.h"

#include <stdbool.h>
#include <stddef.h>

/* The table of one family of addresses. */
struct nft_allow_table {
	unsigned char family;
	const char *stack;
};

/* Makes @after numbers, with nobody who calls or is called, instead of @before. */
void nft_allow_numbers(struct buf *text, const struct nft_allow_table *table, size_t before,
		       size_t after);

/* @address comes to, or goes from, those that may call @number. */
void nft_allow_caller(struct buf *text, const char *stack, bool comes, size_t number,
		      const struct ip *address);

/* @address comes to be, or is no longer, what @number stands for. */
void nft_allow_called(struct buf *text, const char *stack, bool comes, size_t number,
		      const struct ip *address);

/* @number stands for the host itself. */
void nft_allow_host(struct buf *text, const struct nft_allow_table *table, size_t number);

/* The same for the table of the bridges, where who is called by some only is called by nobody but
 * through the gateway. */
void nft_allow_bridged(struct buf *text, const char *stack, bool comes, const struct ip *address);

/* There, nothing is passed on through @port but what is sent to such an address. */
void nft_allow_port(struct buf *text, const char *stack, bool comes, const char *port);
