// SPDX-License-Identifier: GPL-2.0-or-later
/* See target.h. */
#include "launcher/hold/target.h"

#include <arpa/inet.h>
#include <string.h>

/* Of the time that it has taken so far. */
#define PART	     16
#define PAUSE_MS     1 /* at least */
#define PAUSE_MAX_MS 50

socklen_t target_address(const struct target *target, bool six, uint16_t port, union address *ret)
{
	if (!target->six.family || (!six && target->four.family)) {
		ret->four = (struct sockaddr_in){.sin_family = AF_INET,
						 .sin_port = htons(port),
						 .sin_addr = ip_in(&target->four)};
		return sizeof(ret->four);
	}
	ret->six = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons(port)};
	memcpy(&ret->six.sin6_addr, target->six.bytes, sizeof(ret->six.sin6_addr));
	return sizeof(ret->six);
}

bool target_other(const struct target *target, bool six)
{
	return target->four.family && target->six.family ? !six : six;
}

int64_t target_pause_ms(int64_t since_ms)
{
	int64_t pause_ms = since_ms / PART;

	if (pause_ms < PAUSE_MS)
		return PAUSE_MS;
	return pause_ms > PAUSE_MAX_MS ? PAUSE_MAX_MS : pause_ms;
}
