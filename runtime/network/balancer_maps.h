// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Private to runtime/network: the parts of a balancer's table that change seldom, and are written
 * anew as a whole then. Pure. The caller frees what these return; NULL: out of memory.
 */
#pragma once

#include "runtime/network/balancer.h"

/* As nftables call it. */
const char *balancer_protocol(int protocol);

/* What leads connections to the chains of published ports, and refuses datagrams that no chain
 * leads away. */
char *balancer_port_maps(const char *table, const struct balancer_wish *wish);

/* Where nobody gets to but by the balancer. */
char *balancer_holders(const char *table, const struct balancer_wish *wish);

/* Appends the addresses (struct ip, none twice) of those that datagrams were led to by @before and
 * that are not in @after, both of balancer_holders(). */
void balancer_gone_holders(const char *before, const char *after, struct buf *addresses);
