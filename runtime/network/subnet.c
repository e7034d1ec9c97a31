// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * IPv4 prefixes and the choice of a free one for a stack.
 */
#include "runtime/network/subnet.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STACK_PREFIX 24

static uint32_t mask_of(unsigned prefix)
{
	return prefix ? UINT32_MAX << (32 - prefix) : 0;
}

int subnet_parse(const char *cidr, struct subnet *ret_subnet, struct err *err)
{
	char text[INET_ADDRSTRLEN];
	struct in_addr address;
	const char *slash = strchr(cidr, '/');
	char *end = NULL;

	if (!slash || (size_t)(slash - cidr) >= sizeof(text) || slash[1] < '0' || slash[1] > '9')
		return err_say(err, EINVAL, "network: '%s' is not of the form A.B.C.D/N", cidr);
	snprintf(text, sizeof(text), "%.*s", (int)(slash - cidr), cidr);
	unsigned long prefix = strtoul(slash + 1, &end, 10);
	if (inet_pton(AF_INET, text, &address) != 1 || *end || prefix > 32)
		return err_say(err, EINVAL, "network: '%s' is not of the form A.B.C.D/N", cidr);
	struct subnet subnet = {ntohl(address.s_addr), (unsigned)prefix};
	if (subnet.address & ~mask_of(subnet.prefix))
		return err_say(err, EINVAL, "network: '%s' has bits set behind its prefix", cidr);
	*ret_subnet = subnet;
	return 0;
}

bool subnet_overlaps(struct subnet a, struct subnet b)
{
	uint32_t mask = mask_of(a.prefix < b.prefix ? a.prefix : b.prefix);

	return (a.address & mask) == (b.address & mask);
}

static const struct subnet_used *find_conflict(struct subnet subnet, const struct subnet_list *used)
{
	for (size_t i = 0; i < used->count; i++)
		if (subnet_overlaps(subnet, used->items[i].subnet))
			return &used->items[i];
	return NULL;
}

static int say_exhausted(struct subnet pool, const struct subnet_used *conflict, struct err *err)
{
	struct in_addr address = {htonl(pool.address)}, taken = {htonl(conflict->subnet.address)};
	char text[INET_ADDRSTRLEN], taken_text[INET_ADDRSTRLEN];

	inet_ntop(AF_INET, &address, text, sizeof(text));
	inet_ntop(AF_INET, &taken, taken_text, sizeof(taken_text));
	return err_say(err, EADDRNOTAVAIL,
		       "network: no free /24 left in %s/%u: the host uses %s/%u%s%s among others",
		       text, pool.prefix, taken_text, conflict->subnet.prefix,
		       *conflict->link ? " on " : "", conflict->link);
}

int subnet_pick(struct subnet pool, const struct subnet_list *used, uint32_t start,
		struct subnet *ret_subnet, struct err *err)
{
	const struct subnet_used *conflict = NULL;

	if (pool.prefix > STACK_PREFIX)
		return err_say(err, EINVAL, "network: a pool of /%u has no /%d in it", pool.prefix,
			       STACK_PREFIX);
	/* A pool of more than a /8 is not searched beyond its first 65,536 candidates. */
	unsigned bits = STACK_PREFIX - pool.prefix;
	uint32_t candidates = 1U << (bits > 16 ? 16 : bits);
	for (uint32_t i = 0; i < candidates; i++) {
		uint32_t index = (start + i) % candidates;
		struct subnet subnet = {pool.address + (index << (32 - STACK_PREFIX)),
					STACK_PREFIX};

		conflict = find_conflict(subnet, used);
		if (conflict)
			continue;
		*ret_subnet = subnet;
		return 0;
	}
	return say_exhausted(pool, conflict, err);
}
