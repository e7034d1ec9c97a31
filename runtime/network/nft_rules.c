// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The rules of one stack, as text for libnftables. One table, so that removing it removes all; what
 * is published is in two chains of their own, so that a change replaces only these.
 *
 * An accept here is no promise: a table of somebody else (a host firewall) may still drop. A drop
 * here is final.
 */
#include "runtime/network/nft_rules.h"

#include <arpa/inet.h>
#include <stdio.h>

static const char *text_of(struct in_addr address, char text[INET_ADDRSTRLEN])
{
	return inet_ntop(AF_INET, &address, text, INET_ADDRSTRLEN);
}

/*
 * raw: route_localnet lets the host's own connections to 127.0.0.1 leave through a bridge; without
 * the drops it would also let instances reach what listens on the host's loopback (CVE-2020-8558).
 *
 * published: connections to the host's own addresses, from elsewhere and from the host itself.
 *
 * forward: what is confined to its network; then what may come into one, which nobody may from
 * outside it but through a published port; then what may leave.
 */
static const char chains[] = "\tchain raw {\n"
			     "\t\ttype filter hook prerouting priority raw; policy accept;\n"
			     "\t}\n"
			     "\tchain published {\n"
			     "\t}\n"
			     "\tchain prerouting {\n"
			     "\t\ttype nat hook prerouting priority dstnat; policy accept;\n"
			     "\t\tfib daddr type local jump published\n"
			     "\t}\n"
			     "\tchain output {\n"
			     "\t\ttype nat hook output priority -100; policy accept;\n"
			     "\t\tfib daddr type local jump published\n"
			     "\t}\n"
			     "\tchain postrouting {\n"
			     "\t\ttype nat hook postrouting priority srcnat; policy accept;\n"
			     "\t}\n"
			     "\tchain confined {\n"
			     "\t}\n"
			     "\tchain inward {\n"
			     "\t}\n"
			     "\tchain outward {\n"
			     "\t}\n"
			     "\tchain forward {\n"
			     "\t\ttype filter hook forward priority filter; policy accept;\n"
			     "\t\tct state established,related accept\n"
			     "\t\tjump confined\n"
			     "\t\tjump inward\n"
			     "\t\tjump outward\n"
			     "\t}\n"
			     "\tchain refused {\n"
			     "\t}\n"
			     "\tchain input {\n"
			     "\t\ttype filter hook input priority filter; policy accept;\n"
			     "\t\tjump refused\n"
			     "\t}\n";

void nft_rules_remove(struct buf *text, const char *stack)
{
	/* Deleting what is not there fails; adding what is there does not. */
	buf_printf(text, "add table ip davit_%s\ndelete table ip davit_%s\n", stack, stack);
}

void nft_rules_table(struct buf *text, const char *stack)
{
	nft_rules_remove(text, stack);
	buf_printf(text, "table ip davit_%s {\n%s}\n", stack, chains);
}

/* In this order: 127.0.0.1 of the host, an instance's connection that was turned back to its
 * bridge, what leaves the network. */
static void put_masquerade(struct buf *text, const struct nft_network *network)
{
	char address[INET_ADDRSTRLEN], subnet[INET_ADDRSTRLEN + 4];

	text_of((struct in_addr){htonl(network->subnet.address)}, address);
	snprintf(subnet, sizeof(subnet), "%s/%u", address, network->subnet.prefix);
	buf_printf(text, "\t\toifname \"%s\" ip saddr 127.0.0.0/8 masquerade\n", network->bridge);
	buf_printf(text, "\t\toifname \"%s\" ip saddr %s ct status dnat masquerade\n",
		   network->bridge, subnet);
	if (!network->internal)
		buf_printf(text, "\t\toifname != \"%s\" ip saddr %s masquerade\n", network->bridge,
			   subnet);
}

void nft_rules_network(struct buf *text, const struct nft_network *network)
{
	const char *bridge = network->bridge;

	buf_printf(text,
		   "table ip davit_%s {\n"
		   "\tchain raw {\n"
		   "\t\tiifname \"%s\" ip daddr 127.0.0.0/8 drop\n"
		   "\t\tiifname \"%s\" ip saddr 127.0.0.0/8 drop\n"
		   "\t}\n"
		   "\tchain postrouting {\n",
		   network->stack, bridge, bridge);
	put_masquerade(text, network);
	buf_puts(text, "\t}\n\tchain confined {\n");
	if (network->internal)
		buf_printf(text, "\t\tiifname \"%s\" oifname != \"%s\" drop\n", bridge, bridge);
	buf_printf(text, "\t}\n\tchain inward {\n\t\tiifname \"%s\" oifname \"%s\" accept\n",
		   bridge, bridge);
	if (!network->internal)
		buf_printf(text, "\t\toifname \"%s\" ct status dnat accept\n", bridge);
	buf_printf(text,
		   "\t\toifname \"%s\" drop\n"
		   "\t}\n"
		   "\tchain outward {\n"
		   "\t\tiifname \"%s\" accept\n"
		   "\t}\n"
		   "}\n",
		   bridge, bridge);
}

/* "ip daddr 192.0.2.2 tcp dport 80", the address only where one was asked for. */
static void put_match(struct buf *text, const struct net_port *port)
{
	char address[INET_ADDRSTRLEN];

	if (port->host_ip.s_addr != htonl(INADDR_ANY))
		buf_printf(text, " ip daddr %s", text_of(port->host_ip, address));
	buf_printf(text, " %s dport %u", port->protocol == IPPROTO_UDP ? "udp" : "tcp",
		   port->host_port);
}

static void put_port(struct buf *text, const char *stack, const struct net_port *port)
{
	char address[INET_ADDRSTRLEN];

	buf_printf(text, "add rule ip davit_%s published", stack);
	put_match(text, port);
	buf_puts(text, " dnat to ");
	if (port->target_count > 1)
		buf_printf(text, "numgen inc mod %zu map { ", port->target_count);
	for (size_t i = 0; i < port->target_count; i++) {
		if (port->target_count > 1)
			buf_printf(text, "%s%zu : ", i ? ", " : "", i);
		buf_puts(text, text_of(port->targets[i], address));
	}
	buf_printf(text, "%s:%u\n", port->target_count > 1 ? " }" : "", port->target_port);
}

/*
 * Without a target, a connection meets the socket that reserves the port. For TCP that is a reset,
 * as the socket does not listen; UDP would be swallowed.
 */
static void put_refusal(struct buf *text, const char *stack, const struct net_port *port)
{
	if (port->protocol != IPPROTO_UDP)
		return;
	buf_printf(text, "add rule ip davit_%s refused", stack);
	put_match(text, port);
	buf_puts(text, " reject\n");
}

void nft_rules_publish(struct buf *text, const char *stack, const struct net_port *ports,
		       size_t count)
{
	buf_printf(text,
		   "flush chain ip davit_%s published\n"
		   "flush chain ip davit_%s refused\n",
		   stack, stack);
	for (size_t i = 0; i < count; i++) {
		if (ports[i].target_count)
			put_port(text, stack, &ports[i]);
		else
			put_refusal(text, stack, &ports[i]);
	}
}
