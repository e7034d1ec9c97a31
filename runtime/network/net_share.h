// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Private to runtime/network: networks that several stacks are in. One makes it; the others attach
 * their endpoints to its bridge. See registry.h for what they know of each other.
 */
#pragma once

#include "runtime/network/net.h"
#include "runtime/network/registry.h"
#include "runtime/network/rtnet.h"

struct nft;

/*
 * Before a network of the stack's own is made: its name is the stack's.
 *
 * Nobody can join before it is made.
 *
 * @ret_left	out: where it is, if the stack has left it to others: .left says so
 */
int net_share_begin(struct net_network *network, const struct net_network_config *config,
		    struct registry_place *ret_left, struct err *err) must_check;

/* Goes on with what begin() has found. */
int net_share_return(struct net_network *network, const struct net_network_config *config,
		     const struct registry_place *left, struct err *err) must_check;

/* After it is made: others may join. */
int net_share_end(struct net_network *network, const struct net_network_config *config,
		  struct err *err) must_check;

/* Out of a network again that could not be made or joined; of one that others are in, everything
 * is as it was before. */
void net_share_give_up(const struct net_network *network, const char *known_as);

/* Of a network that is there, and was made by a predecessor. Where nothing says that it is the
 * stack's under that name it goes on as one that others do not know. */
int net_share_adopt(struct net_network *network, const struct net_network_config *config,
		    struct err *err) must_check;

/* Has its addresses claimed from here on. */
void net_share_claim(struct net_network *network);

/* Takes an IPv6 address that is written for @name; -EADDRINUSE: another stack has it. */
int net_share_claim6(const struct net_network *network, const struct ip *address, const char *name,
		     struct err *err) must_check;

void net_share_disclaim6(const struct net_network *network, const struct ip *address);

/* Whether somebody may have the address in a network that another stack makes, which only knows
 * what the manifest cannot: -EADDRNOTAVAIL. Of the stack's own networks the manifest is checked. */
int net_share_check(const struct net_network *network, const char *name, uint32_t address,
		    struct err *err) must_check;
int net_share_check6(const struct net_network *network, const char *name, const struct ip *address,
		     struct err *err) must_check;

/* Gives back what a predecessor has claimed for who is not there any more. */
void net_share_settle(struct net_network *network);

/* Takes a stack out of all networks; those that it makes stay where others are in them, with rules
 * of their own, and whoever leaves last removes them. */
void net_share_leave(const struct net_config *config, struct rtnet *rtnet, struct nft *nft);
