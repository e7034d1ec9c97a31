// SPDX-License-Identifier: GPL-2.0-or-later
/* IPv6 addresses derived from IPv4 ones; see twin.h. */
#include "runtime/network/twin.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct twin_fixed {
	uint32_t distance;
	struct ip ip;
};

void twin_free(struct twin *twin)
{
	free(twin->fixed);
	*twin = (struct twin){0};
}

/* FNV-1a */
static uint64_t hash_text(uint64_t hash, const char *text)
{
	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 1099511628211U;
	return hash;
}

struct ip_prefix twin_subnet(const char *stack, const char *network)
{
	uint64_t hash = hash_text(14695981039346656037U, stack);
	struct ip_prefix subnet = {{6, {0xfd}}, 64};

	hash = hash_text(hash_text(hash, "/"), network);
	for (int i = 1; i < 8; i++)
		subnet.ip.bytes[i] = (unsigned char)(hash >> 8 * i);
	return subnet;
}

struct ip twin_behind(const struct ip *first, uint32_t distance)
{
	struct ip ip = *first;
	uint64_t carry = distance;

	for (size_t i = sizeof(ip.bytes); i-- > 0;) {
		carry += ip.bytes[i];
		ip.bytes[i] = (unsigned char)carry;
		carry >>= 8;
	}
	return ip;
}

uint32_t twin_distance(const struct twin *twin, const struct ip *ip)
{
	uint64_t distance = 0;
	int borrow = 0;

	for (size_t i = sizeof(ip->bytes); i-- > 0;) {
		int digit = ip->bytes[i] - twin->subnet.ip.bytes[i] - borrow;
		size_t place = sizeof(ip->bytes) - 1 - i;

		borrow = digit < 0;
		if (place < 4)
			distance |= (uint64_t)(digit & 0xff) << 8 * place;
		else if (digit & 0xff)
			return 0;
	}
	return borrow ? 0 : (uint32_t)distance;
}

static void forget(struct twin *twin, uint32_t distance, const struct ip *ip)
{
	size_t kept = 0;

	for (size_t i = 0; i < twin->fixed_count; i++)
		if (twin->fixed[i].distance != distance && ip_compare(&twin->fixed[i].ip, ip) != 0)
			twin->fixed[kept++] = twin->fixed[i];
	twin->fixed_count = kept;
}

int twin_fix(struct twin *twin, uint32_t distance, const struct ip *ip, struct err *err)
{
	forget(twin, distance, ip);
	if (!ip->family)
		return 0;
	struct twin_fixed *fixed = reallocarray(twin->fixed, twin->fixed_count + 1, sizeof(*fixed));

	if (!fixed)
		return err_set(err, ENOMEM, "network: addresses");
	fixed[twin->fixed_count++] = (struct twin_fixed){distance, *ip};
	twin->fixed = fixed;
	return 0;
}

struct ip twin_written(const struct twin *twin, uint32_t distance)
{
	for (size_t i = 0; i < twin->fixed_count; i++)
		if (twin->fixed[i].distance == distance)
			return twin->fixed[i].ip;
	return (struct ip){0};
}

bool twin_is_fixed(const struct twin *twin, const struct ip *ip)
{
	for (size_t i = 0; i < twin->fixed_count; i++)
		if (ip_compare(&twin->fixed[i].ip, ip) == 0)
			return true;
	return false;
}

struct ip twin_at(const struct twin *twin, uint32_t distance)
{
	if (!twin->subnet.ip.family)
		return (struct ip){0};
	const struct ip written = twin_written(twin, distance);

	return written.family ? written : twin_behind(&twin->subnet.ip, distance);
}

struct ip twin_link_local(const unsigned char mac[6])
{
	return (struct ip){6,
			   {0xfe, 0x80, 0, 0, 0, 0, 0, 0, mac[0] ^ 0x02, mac[1], mac[2], 0xff, 0xfe,
			    mac[3], mac[4], mac[5]}};
}
