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

static const char *show(struct subnet subnet, char text[INET_ADDRSTRLEN + 4])
{
	struct in_addr address = {htonl(subnet.address)};
	char bare[INET_ADDRSTRLEN];

	inet_ntop(AF_INET, &address, bare, sizeof(bare));
	snprintf(text, INET_ADDRSTRLEN + 4, "%s/%u", bare, subnet.prefix);
	return text;
}

int subnet_check(struct subnet subnet, const struct subnet_list *used, struct err *err)
{
	const struct subnet_used *conflict = find_conflict(subnet, used);
	char text[INET_ADDRSTRLEN + 4], taken[INET_ADDRSTRLEN + 4];

	return conflict ? err_say(err, EADDRINUSE,
				  "network: the subnet %s is not free: the host uses %s%s%s",
				  show(subnet, text), show(conflict->subnet, taken),
				  *conflict->link ? " on " : "", conflict->link)
			: 0;
}

int subnet_pick(const struct subnet_wish *wish, const struct subnet_list *used,
		struct subnet *ret_subnet, struct err *err)
{
	const struct subnet_used *conflict = NULL;
	struct subnet pool = wish->pool;
	char text[INET_ADDRSTRLEN + 4], taken[INET_ADDRSTRLEN + 4];

	if (pool.prefix > wish->prefix)
		return err_say(err, EINVAL, "network: a pool of /%u has no /%u in it", pool.prefix,
			       wish->prefix);
	/* A very large pool is not searched beyond its first 65,536 candidates. */
	unsigned bits = wish->prefix - pool.prefix;
	uint32_t candidates = 1U << (bits > 16 ? 16 : bits);
	for (uint32_t i = 0; i < candidates; i++) {
		uint32_t index = (wish->start + i) % candidates;
		struct subnet subnet = {pool.address + (index << (32 - wish->prefix)),
					wish->prefix};

		conflict = find_conflict(subnet, used);
		if (conflict)
			continue;
		*ret_subnet = subnet;
		return 0;
	}
	return err_say(err, EADDRNOTAVAIL,
		       "network: no free /%u left in %s: the host uses %s%s%s among others",
		       wish->prefix, show(pool, text), show(conflict->subnet, taken),
		       *conflict->link ? " on " : "", conflict->link);
}
