// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Private to runtime/network: keeps the table of who may speak at the bridges' ports as it should
 * be. By the same thread as the rest of the net.
 *
 * A kernel whose nftables know no bridges has no guard: instances are let to speak there.
 */
#pragma once

#include "runtime/base/buf.h"
#include "runtime/network/nft_batch.h"
#include "runtime/network/nft_guard.h"

struct net;
struct net_network;
struct nft;

/* What is one transaction, in both forms. */
struct net_guard_change {
	struct buf text;
	struct nft_batch batch;
	bool mixed; /* it is about more than who speaks: the text only has it all */
};

struct net_guard {
	struct net_guard_change leaving; /* dismisses who has gone since the last change */
	char *missing;			 /* why there is none; NULL: there is */
};

/* Makes the table, with who is attached now. That there is no guard is no failure. */
int net_guard_open(struct net *net, struct err *err) must_check;

/* Forgets it, as after net_guard_open() by a process that is dead. */
void net_guard_free(struct net *net);

/* The tables are made anew: who has gone is in none of them. */
void net_guard_forget_leaving(struct net *net);

/* Appends what the guard has to know of a network that is being made. */
void net_guard_put_network(struct buf *text, const struct net_network *network);

/* Lets the speakers in: before their ports are up, or their first words are lost. */
int net_guard_admit(struct net *net, const struct nft_speaker *speakers, size_t count,
		    struct err *err) must_check;

/* Who was let in goes. The table hears of it with the next one to come: nobody else gets the name
 * of this port. */
void net_guard_dismiss(struct net *net, const struct nft_speaker *speaker);

/* Removes the table of a stack; a failure is that there are no such tables. */
void net_guard_remove(struct nft *nft, const char *stack);
