// SPDX-License-Identifier: GPL-2.0-or-later
/* The instance that connections and datagrams which have waited are led to. Pure. */
#pragma once

#include "runtime/base/ip.h"

#include <netinet/in.h>
#include <stdbool.h>

/* By its address of each family: family 0: it has none of that. */
struct target {
	struct ip four;
	struct ip six;
};

/* An address of either family. */
union address {
	struct sockaddr any;
	struct sockaddr_in four;
	struct sockaddr_in6 six;
};

/* One of its addresses, by IPv6 where @six and both are there. Returns how long it is. */
socklen_t target_address(const struct target *target, bool six, uint16_t port, union address *ret);

/* Whether to try @six or the other family after a refusal: what listens on addresses of one family
 * only is called by that one. */
bool target_other(const struct target *target, bool six);

/* How long to wait before a program is tried again that has been tried for @since_ms. */
int64_t target_pause_ms(int64_t since_ms);
