// SPDX-License-Identifier: GPL-2.0-or-later
/* IP addresses as values; see ip.h. */
#include "runtime/base/ip.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned width_of(const struct ip *ip)
{
	return ip->family == 4 ? 32 : 128;
}

int ip_parse(const char *text, struct ip *ret_ip, struct err *err)
{
	char bare[IP_TEXT_MAX];
	size_t len = strlen(text);
	bool brackets = len > 2 && text[0] == '[' && text[len - 1] == ']';
	struct ip ip = {.family = strchr(text, ':') ? 6 : 4};

	snprintf(bare, sizeof(bare), "%.*s", (int)(len - 2 * brackets), text + brackets);
	if (len - 2 * brackets >= sizeof(bare) || (brackets && ip.family == 4) ||
	    inet_pton(ip.family == 4 ? AF_INET : AF_INET6, bare, ip.bytes) != 1)
		return err_say(err, EINVAL, "'%.60s' is not an IP address", text);
	*ret_ip = ip;
	return 0;
}

int ip_prefix_parse(const char *text, struct ip_prefix *ret_prefix, struct err *err)
{
	const char *slash = strchr(text, '/');
	char address[IP_TEXT_MAX] = "";
	struct ip_prefix prefix = {.bits = 0};
	char *end = NULL;

	if (slash && (size_t)(slash - text) < sizeof(address) && slash[1] >= '0' && slash[1] <= '9')
		snprintf(address, sizeof(address), "%.*s", (int)(slash - text), text);
	unsigned long bits = address[0] ? strtoul(slash + 1, &end, 10) : 0;

	if (!address[0] || *end || ip_parse(address, &prefix.ip, NULL) < 0 ||
	    bits > width_of(&prefix.ip))
		return err_say(err, EINVAL,
			       "'%.60s' is not a subnet: write for example 172.28.0.0/16", text);
	prefix.bits = (unsigned)bits;
	*ret_prefix = prefix;
	return 0;
}

const char *ip_format(const struct ip *ip, char text[IP_TEXT_MAX])
{
	text[0] = '\0';
	if (ip->family)
		inet_ntop(ip->family == 4 ? AF_INET : AF_INET6, ip->bytes, text, IP_TEXT_MAX);
	return text;
}

const char *ip_prefix_format(const struct ip_prefix *prefix, char text[IP_PREFIX_TEXT_MAX])
{
	char address[IP_TEXT_MAX];

	snprintf(text, IP_PREFIX_TEXT_MAX, "%s/%u", ip_format(&prefix->ip, address), prefix->bits);
	return text;
}

struct ip ip_of_in(struct in_addr address)
{
	struct ip ip = {.family = 4};

	memcpy(ip.bytes, &address, sizeof(address));
	return ip;
}

struct in_addr ip_in(const struct ip *ip)
{
	struct in_addr address;

	memcpy(&address, ip->bytes, sizeof(address));
	return address;
}

bool ip_is_any(const struct ip *ip)
{
	static const unsigned char none[sizeof(ip->bytes)];

	return memcmp(ip->bytes, none, sizeof(none)) == 0;
}

int ip_compare(const struct ip *a, const struct ip *b)
{
	return a->family != b->family ? a->family - b->family
				      : memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

/* Sets the bits behind the prefix to @value, 0x00 or 0xff each. */
static struct ip fill(const struct ip_prefix *prefix, unsigned char value)
{
	struct ip ip = prefix->ip;

	for (unsigned i = 0; i < width_of(&ip) / 8; i++) {
		unsigned kept = prefix->bits > 8 * i ? prefix->bits - 8 * i : 0;
		unsigned char mask = (unsigned char)(kept >= 8 ? 0xff : 0xff00 >> kept);

		ip.bytes[i] = (unsigned char)((ip.bytes[i] & mask) | (value & ~mask));
	}
	return ip;
}

struct ip ip_prefix_first(const struct ip_prefix *prefix)
{
	return fill(prefix, 0x00);
}

struct ip ip_prefix_last(const struct ip_prefix *prefix)
{
	return fill(prefix, 0xff);
}

bool ip_prefix_has(const struct ip_prefix *prefix, const struct ip *ip)
{
	struct ip first = ip_prefix_first(prefix);
	struct ip last = ip_prefix_last(prefix);

	return ip->family == prefix->ip.family && ip_compare(&first, ip) <= 0 &&
	       ip_compare(ip, &last) <= 0;
}

bool ip_prefix_overlaps(const struct ip_prefix *a, const struct ip_prefix *b)
{
	return ip_prefix_has(a, &b->ip) || ip_prefix_has(b, &a->ip);
}
