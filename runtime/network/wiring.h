// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Private to runtime/network: all that the kernel is to be told when an endpoint is connected, as
 * plain bytes, so that any process in the host's network namespace can tell it.
 */
#pragma once

#include "runtime/base/err.h"
#include "runtime/base/ip.h"
#include "runtime/network/netns.h"
#include "runtime/network/rtnet.h"

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#define NET_ALIAS_BYTES 256 /* IFALIASZ of linux/if.h, which does not go with net/if.h */

/* Of one family of addresses. */
struct wiring_way {
	struct ip address; /* of family 0: none */
	unsigned prefix;
	struct ip gateway;
};

/* One link. */
struct wiring_end {
	char link[IF_NAMESIZE];	     /* the outer end */
	char interface[IF_NAMESIZE]; /* the inner one */
	unsigned char mac[6];
	unsigned char gateway_mac[6];
	unsigned mtu; /* 0: as usual */
	int bridge_index;
	bool leads_out;
	bool six; /* IPv6 is on for the link */
	struct wiring_way way, way6;
};

struct wiring {
	uint64_t id; /* for who asks for it */
	uint32_t group;
	char alias[NET_ALIAS_BYTES];
	unsigned count;
	struct wiring_end ends[];
};

/* How many bytes one with so many ends has. */
size_t wiring_bytes(size_t count);

/*
 * Makes the namespace, or takes a given one, with lo up and the links. After a failure links may be
 * left, which go with the namespace.
 *
 * @outside	in the host's network namespace
 * @ret_netns_fd out: owned by the caller
 */
int wiring_run(const struct wiring *wiring, struct rtnet *outside, const struct netns_home *home,
	       int *ret_netns_fd, struct err *err) must_check;
