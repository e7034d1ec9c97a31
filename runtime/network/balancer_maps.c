// SPDX-License-Identifier: GPL-2.0-or-later
/* What of a balancer is written as a whole; see balancer_maps.h. */
#include "runtime/network/balancer_maps.h"

#include "runtime/base/cleanup.h"

#include <stdio.h>
#include <string.h>

const char *balancer_protocol(int protocol)
{
	return protocol == IPPROTO_UDP ? "udp" : "tcp";
}

/* Without an endpoint a connection meets the socket that reserves the port, which refuses streams
 * as it does not listen, but would swallow datagrams. */
char *balancer_port_maps(const char *table, const struct balancer_wish *wish)
{
	const struct net_port *ports = wish->ports;
	autobuf struct buf text = {0};
	char address[IP_TEXT_MAX];

	buf_printf(&text,
		   "flush map %s ports\nflush map %s ports_of\n"
		   "flush chain %s refused\nflush set %s shut\n",
		   table, table, table, table);
	for (size_t i = 0; i < wish->port_count; i++) {
		const char *protocol = balancer_protocol(ports[i].protocol);
		const char *family = ports[i].host_ip.family == 6 ? "ip6" : "ip";
		bool any = ip_is_any(&ports[i].host_ip);

		ip_format(&ports[i].host_ip, address);
		buf_printf(&text, "add chain %s port_%zu\n", table, i);
		buf_printf(&text, "add element %s %s { %s%s%s . %u : goto port_%zu }\n", table,
			   any ? "ports" : "ports_of", any ? "" : address, any ? "" : " . ",
			   protocol, ports[i].host_port, i);
		if (ports[i].protocol == IPPROTO_UDP)
			buf_printf(&text, "add rule %s refused %s%s%s%sudp dport %u reject\n",
				   table, any ? "" : family, any ? "" : " daddr ",
				   any ? "" : address, any ? "" : " ", ports[i].host_port);
		if (ports[i].holder_port && ports[i].shut)
			buf_printf(&text, "add element %s shut { %s . %u }\n", table, protocol,
				   ports[i].holder_port);
	}
	return buf_check(&text, NULL) < 0 ? NULL : buf_take(&text);
}

static void put_known(struct buf *text, const char *table, const struct balancer_group *group,
		      int protocol, unsigned port)
{
	char address[IP_TEXT_MAX];

	buf_printf(text, "add element %s holders { %s . %s . %u }\n", table,
		   ip_format(&group->gateway, address), balancer_protocol(protocol), port);
}

char *balancer_holders(const char *table, const struct balancer_wish *wish)
{
	autobuf struct buf text = {0};

	buf_printf(&text, "flush set %s holders\n", table);
	for (size_t i = 0; i < wish->group_count; i++)
		for (size_t j = 0; j < wish->groups[i].holder_count; j++) {
			const struct net_holder *one = &wish->groups[i].holders[j];

			if (one->family == wish->groups[i].gateway.family)
				put_known(&text, table, &wish->groups[i], one->protocol, one->port);
		}
	for (size_t i = 0; i < wish->port_count; i++)
		if (wish->ports[i].holder_port)
			put_known(&text, table, &wish->groups[wish->ports[i].group],
				  wish->ports[i].protocol, wish->ports[i].holder_port);
	return buf_check(&text, NULL) < 0 ? NULL : buf_take(&text);
}

static bool has_address(const struct buf *addresses, const struct ip *address)
{
	for (size_t at = 0; at < addresses->len; at += sizeof(*address))
		if (ip_compare((const void *)(addresses->data + at), address) == 0)
			return true;
	return false;
}

void balancer_gone_holders(const char *before, const char *after, struct buf *addresses)
{
	char holder[128], text[IP_TEXT_MAX];
	struct ip address;

	for (const char *at = before; (at = strchr(at, '{')); at++) {
		snprintf(holder, sizeof(holder), "%.*s", (int)strcspn(at, "\n"), at);
		if (!strstr(holder, " udp ") || strstr(after, holder))
			continue;
		snprintf(text, sizeof(text), "%.*s", (int)strcspn(at + 2, " "), at + 2);
		if (ip_parse(text, &address, NULL) == 0 && !has_address(addresses, &address))
			buf_put(addresses, &address, sizeof(address));
	}
}
