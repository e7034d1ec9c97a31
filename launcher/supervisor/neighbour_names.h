// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What another stack says of its names in a network, beside what one's own say. Pure: another
 * supervisor has written it, perhaps of another version, so it is looked at line by line.
 */
#pragma once

#include "runtime/base/buf.h"
#include "runtime/base/ip.h"

/* The names of a text as launcher/dns/table.h has it. */
struct neighbour_names {
	char *copy;
	char **items; /* sorted, in the copy */
	size_t count;
};

/* -ENOMEM */
int neighbour_names_read(const char *text, struct neighbour_names *ret_names) must_check;

/* Accepts a zeroed one. */
void neighbour_names_free(struct neighbour_names *names);

/* Where all addresses are that are to be told. */
struct neighbour_subnets {
	struct ip_prefix four;
	struct ip_prefix six; /* family 0: none */
};

/* Appends the lines of @said that tell names which @own does not have, and whose addresses are in
 * the network; nothing else. */
void neighbour_names_put(char *said, const struct neighbour_names *own,
			 const struct neighbour_subnets *subnets, struct buf *text);
