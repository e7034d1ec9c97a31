// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who may speak as whom at the ports of the stack's bridges. The rules are the same however many
 * instances there are: these are elements of one set.
 *
 * What is dropped here is forwarded nowhere, and the bridge does not learn from it.
 */
#include "runtime/network/nft_guard.h"

#include "runtime/network/twin.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <stdio.h>

#define MAC_TEXT_MAX 18

/*
 * An instance is its hardware address and its IP address together, in every frame that it sends,
 * and in what it tells its neighbours. It is no DHCP server and no router. What is neither IP nor
 * ARP (tagged frames, spanning tree) does not come in at all; neither does IPv6 of who has no such
 * address. The type of a frame is compared as it is on the wire: of a tagged one, this is the tag.
 *
 * neighbours6: who may say to be at a hardware address; the address looked for is in the 16 bytes
 * behind the first 8 of the message, for which nftables had no word at first.
 *
 * called: by some only, whom the rules for routed packets know (nft_allow.h). The way past the
 * gateway, which an instance may make itself, is closed.
 *
 * called_ports: theirs. What somebody sends to a group (multicast, broadcast) has another address
 * than theirs, and is not passed on to them; neighbours find each other all the same. What the host
 * sends itself is not forwarded. Where br_netfilter is on, connections that it has translated are,
 * with an address of theirs.
 *
 * stranger: another stack's instance in a network that both are in. It is among nobody's callers,
 * and its own table knows nothing of who is called here.
 */
static const char chains[] =
	"\tset speakers {\n"
	"\t\ttype ifname . ether_addr . ipv4_addr\n"
	"\t}\n"
	"\tset called {\n"
	"\t\ttype ipv4_addr\n"
	"\t}\n"
	"\tset speakers6 {\n"
	"\t\ttype ifname . ether_addr . ipv6_addr\n"
	"\t}\n"
	"\tset neighbours6 {\n"
	"\t\ttypeof iifname . ether saddr . @th,64,128\n"
	"\t}\n"
	"\tset called6 {\n"
	"\t\ttype ipv6_addr\n"
	"\t}\n"
	"\tset called_ports {\n"
	"\t\ttype ifname\n"
	"\t}\n"
	"\tset gateways {\n"
	"\t\ttype ether_addr\n"
	"\t}\n"
	"\tchain instance6 {\n"
	"\t\tudp sport 547 counter drop\n"
	"\t\ticmpv6 type { nd-router-advert, nd-redirect } counter drop\n"
	"\t\tip6 daddr @called6 ether daddr != @gateways counter drop\n"
	"\t\ticmpv6 type nd-neighbor-advert iifname . ether saddr . @th,64,128 != @neighbours6 "
	"counter drop\n"
	"\t\tiifname . ether saddr . ip6 saddr @speakers6 accept\n"
	"\t\tcounter drop\n"
	"\t}\n"
	"\tchain instance {\n"
	"\t\tether type ip6 goto instance6\n"
	"\t\tether type ip udp sport 67 counter drop\n"
	"\t\tether type ip ip daddr @called ether daddr != @gateways counter drop\n"
	"\t\tether type ip iifname . ether saddr . ip saddr @speakers accept\n"
	"\t\tether type arp arp htype 1 arp ptype ip arp hlen 6 arp plen 4 iifname . ether saddr . "
	"arp "
	"saddr ip @speakers iifname . arp saddr ether . arp saddr ip @speakers accept\n"
	"\t\tcounter drop\n"
	"\t}\n"
	"\tchain called_port {\n"
	"\t\ticmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept\n"
	"\t\tether type ip ip daddr != @called counter drop\n"
	"\t\tether type ip6 ip6 daddr != @called6 counter drop\n"
	"\t}\n"
	"\tchain stranger {\n"
	"\t\ticmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept\n"
	"\t\tether type { ip, ip6 } counter drop\n"
	"\t}\n";

void nft_guard_remove(struct buf *text, const char *stack)
{
	/* Deleting what is not there fails; adding what is there does not. */
	buf_printf(text, "add table bridge davit_%s\ndelete table bridge davit_%s\n", stack, stack);
}

void nft_guard_table(struct buf *text, const char *stack, const char *ports)
{
	nft_guard_remove(text, stack);
	buf_printf(text,
		   "table bridge davit_%s {\n%s"
		   "\tchain prerouting {\n"
		   "\t\ttype filter hook prerouting priority dstnat; policy accept;\n"
		   "\t\tiifname \"%s*\" jump instance\n"
		   "\t}\n"
		   "\tchain forward {\n"
		   "\t\ttype filter hook forward priority filter; policy accept;\n"
		   "\t\toifname @called_ports iifname != \"%s*\" jump stranger\n"
		   "\t\toifname @called_ports jump called_port\n"
		   "\t}\n"
		   "}\n",
		   stack, chains, ports, ports);
}

static const char *text_of(const unsigned char mac[6], char text[MAC_TEXT_MAX])
{
	snprintf(text, MAC_TEXT_MAX, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2],
		 mac[3], mac[4], mac[5]);
	return text;
}

void nft_guard_gateway(struct buf *text, const char *stack, const unsigned char mac[6])
{
	char shown[MAC_TEXT_MAX];

	buf_printf(text, "add element bridge davit_%s gateways { %s }\n", stack,
		   text_of(mac, shown));
}

static void put_four(struct buf *text, const char *verb, const char *stack,
		     const struct nft_speaker *speaker)
{
	char address[INET_ADDRSTRLEN], mac[MAC_TEXT_MAX];

	inet_ntop(AF_INET, &speaker->address, address, sizeof(address));
	buf_printf(text, "%s element bridge davit_%s speakers { \"%s\" . %s . %s }\n", verb, stack,
		   speaker->port, text_of(speaker->mac, mac), address);
}

static void put_six(struct buf *text, const char *verb, const char *stack,
		    const struct nft_speaker *speaker, const struct ip *ip)
{
	char address[IP_TEXT_MAX], mac[MAC_TEXT_MAX];

	text_of(speaker->mac, mac);
	buf_printf(text, "%s element bridge davit_%s speakers6 { \"%s\" . %s . %s }\n", verb, stack,
		   speaker->port, mac, ip_format(ip, address));
	buf_printf(text, "%s element bridge davit_%s neighbours6 { \"%s\" . %s . 0x", verb, stack,
		   speaker->port, mac);
	for (size_t i = 0; i < sizeof(ip->bytes); i++)
		buf_printf(text, "%02x", ip->bytes[i]);
	buf_puts(text, " }\n");
}

static void put_speaker(struct buf *text, const char *verb, const char *stack,
			const struct nft_speaker *speaker)
{
	const struct ip local = twin_link_local(speaker->mac);

	put_four(text, verb, stack, speaker);
	if (!speaker->address6.family)
		return;
	put_six(text, verb, stack, speaker, &speaker->address6);
	put_six(text, verb, stack, speaker, &local);
}

void nft_guard_admit(struct buf *text, const char *stack, const struct nft_speaker *speaker)
{
	put_speaker(text, "add", stack, speaker);
}

void nft_guard_dismiss(struct buf *text, const char *stack, const struct nft_speaker *speaker)
{
	put_speaker(text, "delete", stack, speaker);
}

static void encode(struct nft_batch *batch, bool comes, struct nft_element *element,
		   const struct nft_speaker *speaker, const struct ip *ip)
{
	char port[IF_NAMESIZE] = "";

	snprintf(port, sizeof(port), "%s", speaker->port);
	element->key.len = 0;
	nft_key_add(&element->key, port, sizeof(port));
	nft_key_add(&element->key, speaker->mac, sizeof(speaker->mac));
	nft_key_add(&element->key, ip->bytes, ip->family == 6 ? 16 : 4);
	nft_batch_put(batch, comes, element);
}

void nft_guard_encode(struct nft_batch *batch, bool comes, const char *stack,
		      const struct nft_speaker *speaker)
{
	const struct ip four = ip_of_in(speaker->address);
	const struct ip six[] = {speaker->address6, twin_link_local(speaker->mac)};
	char table[256];
	struct nft_element element = {.table = table, .set = "speakers"};

	snprintf(table, sizeof(table), "davit_%s", stack);
	encode(batch, comes, &element, speaker, &four);
	for (size_t i = 0; speaker->address6.family && i < 2; i++) {
		element.set = "speakers6";
		encode(batch, comes, &element, speaker, &six[i]);
		element.set = "neighbours6";
		encode(batch, comes, &element, speaker, &six[i]);
	}
}
