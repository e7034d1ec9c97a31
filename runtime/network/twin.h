// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Private to runtime/network: the IPv6 side of a network. An address of it is the twin of an IPv4
 * one, as far behind its first one as that is behind its network's; some are written in the
 * manifest instead. So there is one book of who has which address. Pure: no system calls.
 */
#pragma once

#include "runtime/base/err.h"
#include "runtime/base/ip.h"

#include <stddef.h>
#include <stdint.h>

/* Zero-initialise: there is no IPv6. */
struct twin {
	struct ip_prefix subnet; /* addresses are counted from its ip, which may be behind the
				    first one; family 0: none */
	struct ip gateway;
	struct twin_fixed *fixed;
	size_t fixed_count;
};

void twin_free(struct twin *twin);

/* The subnet of a network that has none in the manifest: unique local, the same for the same names.
 */
struct ip_prefix twin_subnet(const char *stack, const char *network);

/* The address @distance behind the first one. */
struct ip twin_behind(const struct ip *first, uint32_t distance);

/* How far @ip is behind where addresses are counted from; 0: not behind it, or too far to be the
 * twin of anything. */
uint32_t twin_distance(const struct twin *twin, const struct ip *ip);

/* From here on the twin at @distance is @ip, which is nobody else's; of family 0: as it is by
 * itself. */
int twin_fix(struct twin *twin, uint32_t distance, const struct ip *ip, struct err *err) must_check;

/* What is written for the twin at @distance; of family 0: nothing. */
struct ip twin_written(const struct twin *twin, uint32_t distance);

/* Whether @ip is written for somebody. */
bool twin_is_fixed(const struct twin *twin, const struct ip *ip);

/* Of family 0 when there is no IPv6. */
struct ip twin_at(const struct twin *twin, uint32_t distance);

/* What the kernel calls an interface by its hardware address. */
struct ip twin_link_local(const unsigned char mac[6]);
