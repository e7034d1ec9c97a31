// SPDX-License-Identifier: GPL-2.0-or-later
/* See datagrams.h. */
#include "manifests/datagrams.h"

#include <stdlib.h>
#include <string.h>

static bool has(const uint16_t *ports, size_t count, unsigned long port)
{
	for (size_t i = 0; i < count; i++)
		if (ports[i] == port)
			return true;
	return false;
}

static size_t add(uint16_t *ports, size_t count, unsigned long port)
{
	if (!has(ports, count, port))
		ports[count++] = (uint16_t)port;
	return count;
}

size_t datagrams_ports(const struct service *service, uint16_t *ret, size_t most)
{
	size_t count = 0;

	for (size_t i = 0; i < service->port_count && count < most; i++)
		if (service->ports[i].protocol == PROTOCOL_UDP)
			count = add(ret, count, service->ports[i].target);
	for (size_t i = 0; i < service->expose.count; i++) {
		const char *text = service->expose.items[i].value;
		char *end;
		unsigned long port = strtoul(text, &end, 10);
		unsigned long last = *end == '-' ? strtoul(end + 1, &end, 10) : port;

		for (; strcmp(end, "/udp") == 0 && port <= last && count < most; port++)
			count = add(ret, count, port);
	}
	return count;
}
