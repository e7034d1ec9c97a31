// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Private to runtime/network: IPv4 prefixes and the choice of a free one. Pure: no system calls.
 */
#pragma once

#include "runtime/base/err.h"

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct subnet {
	uint32_t address; /* host byte order, host part zero */
	unsigned prefix;  /* bits, 0..32 */
};

/* A prefix the host has a route or an address in. */
struct subnet_used {
	struct subnet subnet;
	char link[IF_NAMESIZE]; /* through which link; may be empty */
};

struct subnet_list {
	struct subnet_used *items;
	size_t count;
};

/* Parses "A.B.C.D/N"; a set bit in the host part is refused. */
int subnet_parse(const char *cidr, struct subnet *ret_subnet, struct err *err) must_check;

bool subnet_overlaps(struct subnet a, struct subnet b);

struct subnet_wish {
	struct subnet pool;
	unsigned prefix; /* bits of the subnet wanted */
	uint32_t start;	 /* where the search begins, so that the same network tends to get the same
			    one */
};

/*
 * Picks a subnet that overlaps none of @used.
 *
 * Returns 0, or -EADDRNOTAVAIL with a message that names a conflict.
 */
int subnet_pick(const struct subnet_wish *wish, const struct subnet_list *used,
		struct subnet *ret_subnet, struct err *err) must_check;

/* -EADDRINUSE, naming what is in the way, when @subnet overlaps one of @used. */
int subnet_check(struct subnet subnet, const struct subnet_list *used, struct err *err) must_check;
