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
 * A socket of the host's on the network's gateway, for net_group.holders: what the balancer leads
 * there waits in its queue; where a stream was to go tells SO_ORIGINAL_DST. Who calls it by its own
 * address is refused, as long as the balancer knows of it.
 *
 * @type	SOCK_STREAM, which listens, or SOCK_DGRAM
 * @ret_fd	out: close-on-exec, never waits; owned by the caller
 *
 * Returns 0; -EAFNOSUPPORT when the network has no addresses of that family; -errno.
 */
int net_hold_socket(const struct net_network *network, unsigned char family, int type, int *ret_fd,
		    struct err *err) must_check;

/* Whether one, that may be of an earlier process, is on the gateway that the network has now. */
bool net_hold_is_on(const struct net_network *network, unsigned char family, int fd);

/* The port of one; 0: it is none. */
uint16_t net_hold_port(int fd);
