// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Groups of the balancer that may have nobody at times: whether anybody calls them, and where those
 * who do wait meanwhile.
 */
#pragma once

#include "runtime/network/net.h"

/*
 * Calls @seen with the name of each group that is counted, once for each of its networks: how many
 * connections have begun that way, or have been tried. A number that is another one than before
 * says that there were some, nothing else: it may begin anew. A good part of a millisecond.
 */
int net_hits(struct net *net, void (*seen)(void *data, const char *group, uint64_t hits),
	     void *data, struct err *err) must_check;

/*
 * A socket of the host's that listens on the network's gateway, for net_group.holder_port: what the
 * balancer leads there waits in its queue. So does who calls it by its own address: that he has not
 * been translated tells SO_ORIGINAL_DST, once he is accepted.
 *
 * @ret_fd	out: close-on-exec, never waits; owned by the caller
 */
int net_hold_socket(const struct net_network *network, int *ret_fd, struct err *err) must_check;

/* The port of one; 0: it is none. */
uint16_t net_hold_port(int fd);
