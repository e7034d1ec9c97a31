// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The rules of one stack, as text for libnftables. One table, so that removing it removes all; what
 * changes with the instances is in maps and in chains of their own, see balancer.c.
 *
 * An accept here is no promise: a table of somebody else (a host firewall) may still drop. A drop
 * here is final.
 */
#include "runtime/network/nft_rules.h"

#include "runtime/network/nft_text.h"

/*
 * raw: route_localnet lets the host's own connections to 127.0.0.1 leave through a bridge; without
 * the drops it would also let instances reach what listens on the host's loopback (CVE-2020-8558).
 *
 * calls: to those who may be called by some only, also by a virtual address: refused before that is
 * translated, as a bridged frame cannot be afterwards. What gets past it is a published port.
 *
 * answers: the name server at a gateway. What it is asked, and says, is not tracked: it would fill
 * the table of connections, and whoever publishes port 53 for all of the host's addresses would get
 * the questions instead.
 *
 * addresses: virtual ones, which are so only for who is in the network, and for the host itself;
 * one that leads to nobody is still there when the packet is about to be sent on: unanswered.
 *
 * published: connections to the host's own addresses, from elsewhere and from the host itself.
 *
 * own: an instance that has called itself by another address would not understand an answer from
 * itself.
 *
 * lo: the host refusing a connection of its own, in the name of a virtual address.
 *
 * refusal: where one of several endpoints does not listen (it has just ended, and nobody knows
 * yet), the first refusal is kept from the client, whose next try, a second later, goes to another
 * one. A refusal is a reset that answers the first packet: its sequence number is 0.
 *
 * redirect: instances of a network speak through the gateway; a shorter way they must not be told.
 *
 * visits: instances that call the host itself, by whatever address: it answers for names, and as
 * visited says for the rest (nft_allow.h). What is link-local is the host's as well: where that is
 * a virtual machine, its credentials are there.
 *
 * led: what the balancer leads to a holder is not forwarded; it meets here what it would meet
 * there, so that nobody gets to who sleeps that would not get to who is awake. shut: ports of
 * holders that are for others than instances. holders: theirs, that nobody gets to but by the
 * balancer: else whoever reaches the host could keep a service awake that is closed to him.
 *
 * forward: what is confined to its network, or to whom it may call; then what may come into one,
 * which nobody may from outside it but through a published port; then what may leave.
 */
static const char chains[] =
	"table $f davit_$s {\n"
	"\tmap slots {\n"
	"\t\ttypeof numgen inc mod 2 : $f daddr\n"
	"\t}\n"
	"\tset own {\n"
	"\t\ttype $a . $a\n"
	"\t}\n"
	"\tset several {\n"
	"\t\ttype $a\n"
	"\t}\n"
	"\tset retried {\n"
	"\t\ttype $a . inet_service\n"
	"\t\tsize 65535\n"
	"\t\tflags dynamic,timeout\n"
	"\t\ttimeout 5s\n"
	"\t}\n"
	"\tset virtual {\n"
	"\t\ttype ifname . $a\n"
	"\t}\n"
	"\tmap addresses {\n"
	"\t\ttype ifname . $a : verdict\n"
	"\t}\n"
	"\tmap guarded {\n"
	"\t\ttype $a : verdict\n"
	"\t}\n"
	"\tset shut {\n"
	"\t\ttype inet_proto . inet_service\n"
	"\t}\n"
	"\tset holders {\n"
	"\t\ttype $a . inet_proto . inet_service\n"
	"\t}\n"
	"\tmap ports {\n"
	"\t\ttype inet_proto . inet_service : verdict\n"
	"\t}\n"
	"\tmap ports_of {\n"
	"\t\ttype $a . inet_proto . inet_service : verdict\n"
	"\t}\n"
	"\tchain raw {\n"
	"\t\ttype filter hook prerouting priority raw; policy accept;\n"
	"\t}\n"
	"\tchain answers {\n"
	"\t\ttype filter hook output priority raw; policy accept;\n"
	"\t}\n"
	"\tchain calls {\n"
	"\t\ttype filter hook prerouting priority -110; policy accept;\n"
	"\t\tct state established,related accept\n"
	"\t}\n"
	"\tchain published {\n"
	"\t\t$f daddr . meta l4proto . th dport vmap @ports_of\n"
	"\t\tmeta l4proto . th dport vmap @ports\n"
	"\t}\n"
	"\tchain prerouting {\n"
	"\t\ttype nat hook prerouting priority dstnat; policy accept;\n"
	"\t\tiifname . $f daddr vmap @addresses\n"
	"\t\tfib daddr type local jump published\n"
	"\t}\n"
	"\tchain output {\n"
	"\t\ttype nat hook output priority -100; policy accept;\n"
	"\t\toifname . $f daddr vmap @addresses\n"
	"\t\tfib daddr type local jump published\n"
	"\t}\n"
	"\tchain postrouting {\n"
	"\t\ttype nat hook postrouting priority srcnat; policy accept;\n"
	"\t\toifname \"lo\" accept\n"
	"\t\tct status dnat $f saddr . $f daddr @own masquerade\n"
	"\t}\n"
	"\tchain refusal {\n"
	"\t\tct direction reply ct status dnat tcp flags & (rst|ack) == rst|ack "
	"tcp sequence 0 $f saddr @several $f daddr . tcp dport != @retried "
	"add @retried { $f daddr . tcp dport } drop\n"
	"\t}\n"
	"\tchain unanswered {\n"
	"\t\tmeta l4proto tcp reject with tcp reset\n"
	"\t\treject\n"
	"\t}\n"
	"\tchain sent {\n"
	"\t\ttype filter hook output priority filter; policy accept;\n"
	"\t\toifname . $f daddr @virtual jump unanswered\n"
	"\t}\n"
	"\tchain visited {\n"
	"\t}\n"
	"\tchain confined {\n"
	"\t}\n"
	"\tchain inward {\n"
	"\t}\n"
	"\tchain outward {\n"
	"\t}\n"
	"\tchain forward {\n"
	"\t\ttype filter hook forward priority filter; policy accept;\n"
	"\t\ttcp flags rst jump refusal\n"
	"\t\tct state established,related accept\n"
	"\t\tiifname . $f daddr @virtual jump unanswered\n"
	"\t\tjump confined\n"
	"\t\tjump inward\n"
	"\t\tjump outward\n"
	"\t}\n"
	"\tchain refused {\n"
	"\t}\n"
	"\tchain host {\n"
	"\t\tct state established,related accept\n"
	"\t\tct status dnat meta l4proto . th dport @shut jump unanswered\n"
	"\t\tct status dnat accept\n"
	"\t\tmeta l4proto $p accept\n"
	"\t\tmeta l4proto { tcp, udp } th dport 53 accept\n"
	"\t\tjump visited\n"
	"\t}\n"
	"\tchain led {\n"
	"\t}\n"
	"\tchain visits {\n"
	"\t}\n"
	"\tchain input {\n"
	"\t\ttype filter hook input priority filter; policy accept;\n"
	"\t\ttcp flags rst jump refusal\n"
	"\t\tjump refused\n"
	"\t\tct state new ct status & dnat == 0 "
	"$f daddr . meta l4proto . th dport @holders jump unanswered\n"
	"\t\tct state new ct status dnat jump led\n"
	"\t\tjump visits\n"
	"\t}\n"
	"}\n";

void nft_rules_remove(struct buf *text, unsigned char family, const char *stack)
{
	/* Deleting what is not there fails; adding what is there does not. */
	nft_text_put(text, &(struct nft_words){.family = family, .stack = stack},
		     "add table $f davit_$s\ndelete table $f davit_$s\n");
}

void nft_rules_table(struct buf *text, unsigned char family, const char *stack)
{
	nft_rules_remove(text, family, stack);
	nft_text_put(text, &(struct nft_words){.family = family, .stack = stack}, chains);
}

void nft_rules_spare_loopback(struct buf *text, const char *stack)
{
	nft_text_put(text, &(struct nft_words){.family = 6, .stack = stack},
		     "insert rule $f davit_$s output $f daddr $l accept\n");
}

static const char outer_rules[] =
	"table $f davit_$s {\n"
	"\tchain raw {\n"
	"\t\tiifname \"$b\" $f daddr $l drop\n"
	"\t\tiifname \"$b\" $f saddr $l drop\n"
	"\t\tiifname \"$b\" $f daddr $g meta l4proto { tcp, udp } th dport 53 notrack\n"
	"\t}\n"
	"\tchain answers {\n"
	"\t\toifname \"$b\" $f saddr $g meta l4proto { tcp, udp } th sport 53 notrack\n"
	"\t}\n"
	"\tchain calls {\n"
	"\t\tiifname \"$b\" $f daddr vmap @guarded\n"
	"\t}\n"
	"\tchain sent {\n"
	"\t\toifname \"$b\" $i type $r drop\n"
	"\t}\n"
	"\tchain postrouting {\n"
	"\t\toifname \"$b\" $f saddr $l masquerade\n";

/* What leaves the network. */
static const char way_out[] = "\t\toifname != \"$b\" $f saddr $n masquerade\n";

/* To a holder as to who is awake: out of the network nowhere, into it from the host itself only. */
static const char own_holders[] = "\t}\n"
				  "\tchain led {\n"
				  "\t\tiifname \"$b\" $f daddr != $g drop\n"
				  "\t\tiifname != { \"lo\", \"$b\" } $f daddr $g drop\n";

static const char visits[] = "\t}\n"
			     "\tchain visits {\n"
			     "\t\tiifname \"$b\" jump host\n"
			     "\t}\n"
			     "\tchain confined {\n"
			     "\t\tiifname \"$b\" oifname != \"$b\" $f daddr $k jump visited\n";

static const char no_way_out[] = "\t\tiifname \"$b\" oifname != \"$b\" drop\n";

static const char inward[] = "\t\tiifname \"$b\" $f daddr vmap @guarded\n"
			     "\t}\n"
			     "\tchain inward {\n"
			     "\t\tiifname \"$b\" oifname \"$b\" accept\n";

static const char from_outside[] = "\t\toifname \"$b\" ct status dnat accept\n";

static const char outward[] = "\t\toifname \"$b\" drop\n"
			      "\t}\n"
			      "\tchain outward {\n"
			      "\t\tiifname \"$b\" accept\n"
			      "\t}\n"
			      "}\n";

void nft_rules_network(struct buf *text, const struct nft_network *network)
{
	char gateway[IP_TEXT_MAX], subnet[IP_PREFIX_TEXT_MAX];
	const struct nft_words words = {
		.family = network->gateway.family,
		.stack = network->stack,
		.bridge = network->bridge,
		.gateway = ip_format(&network->gateway, gateway),
		.subnet = ip_prefix_format(&network->subnet, subnet),
	};

	nft_text_put(text, &words, outer_rules);
	nft_text_put(text, &words, network->internal ? "" : way_out);
	nft_text_put(text, &words, network->internal ? own_holders : "");
	nft_text_put(text, &words, visits);
	nft_text_put(text, &words, network->internal ? no_way_out : "");
	nft_text_put(text, &words, inward);
	nft_text_put(text, &words, network->internal ? "" : from_outside);
	nft_text_put(text, &words, outward);
}

static const char served[] =
	"table $f davit_$s {\n"
	"\tchain raw {\n"
	"\t\tiifname \"$b\" $f daddr $g meta l4proto { tcp, udp } th dport 53 notrack\n"
	"\t}\n"
	"\tchain answers {\n"
	"\t\toifname \"$b\" $f saddr $g meta l4proto { tcp, udp } th sport 53 notrack\n"
	"\t}\n"
	"}\n";

/* What these pass the owner's rules still judge. */
static const char joined[] = "table $f davit_$s {\n"
			     "\tchain calls {\n"
			     "\t\tiifname \"$b\" $f daddr vmap @guarded\n"
			     "\t}\n"
			     "\tchain visits {\n"
			     "\t\tiifname \"$b\" ct status dnat meta l4proto . th dport @shut "
			     "jump unanswered\n"
			     "\t}\n"
			     "\tchain inward {\n"
			     "\t\tiifname \"$b\" $f daddr vmap @guarded\n"
			     "\t}\n"
			     "}\n";

void nft_rules_joined(struct buf *text, const struct nft_network *network, const struct ip *server)
{
	char shown[IP_TEXT_MAX];
	struct nft_words words = {
		.family = network->gateway.family,
		.stack = network->stack,
		.bridge = network->bridge,
	};

	if (server) {
		words.gateway = ip_format(server, shown);
		nft_text_put(text, &words, served);
	}
	nft_text_put(text, &words, joined);
}
