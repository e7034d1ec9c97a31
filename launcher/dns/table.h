// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The names of a stack as davit-dns knows them: one snapshot, read from the text that the
 * supervisor has written, never changed. Pure.
 *
 * The text is lines of words. Networks come first, each followed by what is in it; then views, each
 * followed by what it is and by whom it is for:
 *
 *	network KEY GATEWAY/BITS open|internal [GATEWAY6/BITS]
 *	name NAME [ADDRESS…]		what the name means there; several lines add up
 *	pointer ADDRESS NAME
 *	view KEY…			networks, the one that is preferred first
 *	upstream ADDRESS…		who is asked for other names; none: whom the host asks
 *	link ALIAS NAME
 *	client ADDRESS…
 *
 * All names are in lower case and without a dot at the end.
 */
#pragma once

#include "runtime/base/ip.h"

#include <stddef.h>

#define TABLE_BYTES_MAX	    (64 << 20)
#define TABLE_UPSTREAMS_MAX 3

struct table;

/* Who asks, and what that means. */
struct table_asker {
	const struct table *table;
	size_t network; /* in which it has asked */
	long view;	/* -1: not known (yet): it sees the network it asks in */
};

/* @ret_table	out: owned by the caller, table_free() */
int table_parse(const char *text, size_t len, struct table **ret_table, struct err *err) must_check;

/* Accepts NULL. */
void table_free(struct table *table);

/* False when nobody with the address @client is to ask in the network: no such network, or an
 * address that is not of it. */
bool table_ask(const struct table *table, const char *network, const struct ip *client,
	       struct table_asker *ret);

/*
 * What @name means to the asker.
 *
 * @ret		gets at most @room addresses, of both families
 * @ret_count	out: how many; 0 for a name without one
 *
 * Returns false when it sees no such name.
 */
bool table_find(const struct table_asker *asker, const char *name, struct ip *ret, size_t room,
		size_t *ret_count);

/* The name of an address; NULL: none that the asker sees. */
const char *table_pointer(const struct table_asker *asker, const struct ip *address);

/* It is one of the stack's networks that the address belongs to, whoever sees it. */
bool table_is_ours(const struct table *table, const struct ip *address);

/* It is the gateway of one of the stack's networks. */
bool table_is_gateway(const struct table *table, const struct ip *address);

/* Other names may be asked for on the asker's behalf: not all of its networks are internal. */
bool table_forwards(const struct table_asker *asker);

/* Whom to ask for other names; at most TABLE_UPSTREAMS_MAX. 0: whom the host asks. */
size_t table_upstreams(const struct table_asker *asker, const struct ip **ret);
