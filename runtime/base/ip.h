// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * IP addresses and prefixes of both families as values: reading, writing, comparing. Pure: no
 * resolver, no system calls.
 */
#pragma once

#include "runtime/base/err.h"

#include <netinet/in.h>
#include <stdbool.h>

#define IP_TEXT_MAX	   46 /* longest address as text, with its end */
#define IP_PREFIX_TEXT_MAX (IP_TEXT_MAX + 4)

struct ip {
	unsigned char family; /* 4 or 6; 0: none */
	unsigned char bytes[16];
};

struct ip_prefix {
	struct ip ip;
	unsigned bits; /* 0..32 or 0..128 */
};

/* "192.0.2.1", "2001:db8::1", also in brackets. Returns 0 or -EINVAL. */
int ip_parse(const char *text, struct ip *ret_ip, struct err *err) must_check;

/* "192.0.2.0/24"; bits behind the prefix are kept. Returns 0 or -EINVAL. */
int ip_prefix_parse(const char *text, struct ip_prefix *ret_prefix, struct err *err) must_check;

/* These return @text. */
const char *ip_format(const struct ip *ip, char text[IP_TEXT_MAX]);
const char *ip_prefix_format(const struct ip_prefix *prefix, char text[IP_PREFIX_TEXT_MAX]);

struct ip ip_of_in(struct in_addr address);

/* Of an address that is one of IPv4. */
struct in_addr ip_in(const struct ip *ip);

/* 0.0.0.0 or ::, that stand for all addresses. */
bool ip_is_any(const struct ip *ip);

/* By family, then by value. */
int ip_compare(const struct ip *a, const struct ip *b);

/* The lowest and the highest address of a prefix. */
struct ip ip_prefix_first(const struct ip_prefix *prefix);
struct ip ip_prefix_last(const struct ip_prefix *prefix);

bool ip_prefix_has(const struct ip_prefix *prefix, const struct ip *ip);
bool ip_prefix_overlaps(const struct ip_prefix *a, const struct ip_prefix *b);
