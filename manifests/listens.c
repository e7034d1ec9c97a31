// SPDX-License-Identifier: GPL-2.0-or-later
/* Ports that a service is said to listen on, and who is waited for until it does. */
#include "manifests/listens.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void put(struct listens *listens, unsigned long port)
{
	listens->bits[port / 8] |= (unsigned char)(1U << port % 8);
}

/* "PORT[-PORT][/PROTOCOL]", as a manifest has it; an image may have anything. */
static void put_range(struct listens *listens, const char *text)
{
	char *end;
	unsigned long first = strtoul(text, &end, 10);
	unsigned long last = *end == '-' ? strtoul(end + 1, &end, 10) : first;

	if ((*end != '\0' && strcmp(end, "/tcp") != 0) || first == 0 || last > UINT16_MAX)
		return;
	for (unsigned long port = first; port <= last; port++)
		put(listens, port);
}

void listens_add(struct listens *listens, const struct service *service)
{
	for (size_t i = 0; i < service->port_count; i++)
		if (service->ports[i].protocol == PROTOCOL_TCP)
			put(listens, service->ports[i].target);
	for (size_t i = 0; i < service->expose.count; i++)
		put_range(listens, service->expose.items[i].value);
	for (size_t i = 0; i < service->image_ports.count; i++)
		put_range(listens, service->image_ports.items[i].value);
}

bool listens_on(const struct listens *listens, uint16_t port)
{
	return listens->bits[port / 8] & 1U << port % 8;
}

bool listens_somewhere(const struct listens *listens)
{
	for (size_t i = 0; i < sizeof(listens->bits); i++)
		if (listens->bits[i])
			return true;
	return false;
}

/* Do its instances come while others are called? Who came too early would be called in vain. */
static bool comes_beside_others(const struct service *service)
{
	return service->autoscale.present || service->deploy.update.start_first;
}

bool listens_first(const struct service *service, const struct service *now)
{
	enum probe_method startup = service->probes[PROBE_STARTUP].method;
	bool unsaid = startup == PROBE_UNWRITTEN || startup == PROBE_LISTEN;
	bool written = now->probes[PROBE_STARTUP].method == PROBE_LISTEN &&
		       (unsaid || startup == PROBE_NONE);
	bool needed = comes_beside_others(now) && unsaid && !service->healthcheck.present &&
		      service->probes[PROBE_READINESS].method == PROBE_UNWRITTEN;
	struct listens listens = {0};

	if ((!written && !needed) || service->network.mode != NETWORK_BRIDGE)
		return false;
	listens_add(&listens, service);
	listens_add(&listens, now);
	return listens_somewhere(&listens);
}

void listens_text(const struct listens *listens, char *text, size_t size)
{
	size_t len = 0;

	text[0] = '\0';
	for (unsigned port = 1; port <= UINT16_MAX && len < size; port++) {
		unsigned first = port;

		if (!listens_on(listens, (uint16_t)port))
			continue;
		while (port < UINT16_MAX && listens_on(listens, (uint16_t)(port + 1)))
			port++;
		len += (size_t)snprintf(text + len, size - len, port > first ? "%s%u-%u" : "%s%u",
					len ? ", " : "", first, port);
	}
}
