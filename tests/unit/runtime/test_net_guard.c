// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Frames that an instance forges, against the real kernel: what its neighbour hears of them, with
 * the guard and, as the control, without.
 */
#include "runtime/base/cleanup.h"
#include "tests/unit/runtime/net_world.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/ip.h>
#include <linux/udp.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static const unsigned char everybody[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
static const unsigned char strange_mac[6] = {0x02, 0x99, 1, 2, 3, 4};

static struct net *net;
static struct net_endpoint *forger, *victim;
static int sender_fd, hearer_fd;

struct frame {
	unsigned char bytes[128];
	size_t len;
};

static void own_mac(const struct net_endpoint *endpoint, unsigned char mac[6])
{
	struct in_addr address = net_endpoint_address(endpoint);

	mac[0] = 0x02;
	mac[1] = 0x64;
	memcpy(mac + 2, &address, 4);
}

/* All frames, of the first interface. */
static int packet_socket(int ns)
{
	enter(ns);
	struct sockaddr_ll to = {.sll_family = AF_PACKET,
				 .sll_protocol = htons(ETH_P_ALL),
				 .sll_ifindex = (int)if_nametoindex("eth0")};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	enter(host_ns);
	return fd;
}

static void put(struct frame *frame, const void *bytes, size_t len)
{
	memcpy(frame->bytes + frame->len, bytes, len);
	frame->len += len;
}

static void begin(struct frame *frame, const unsigned char mac[6], uint16_t type)
{
	uint16_t wire = htons(type);

	*frame = (struct frame){0};
	put(frame, everybody, 6);
	put(frame, mac, 6);
	put(frame, &wire, 2);
}

/* "ADDRESS is at MAC", to everybody. */
static struct frame arp_frame(const unsigned char mac[6], const unsigned char said_mac[6],
			      struct in_addr said)
{
	const struct arphdr header = {htons(ARPHRD_ETHER), htons(ETH_P_IP), 6, 4,
				      htons(ARPOP_REPLY)};
	struct frame frame;

	begin(&frame, mac, ETH_P_ARP);
	put(&frame, &header, sizeof(header));
	put(&frame, said_mac, 6);
	put(&frame, &said, 4);
	put(&frame, everybody, 6);
	put(&frame, &said, 4);
	return frame;
}

static uint16_t checksum(const void *bytes, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < len; i += 2) {
		uint16_t word;

		memcpy(&word, (const char *)bytes + i, sizeof(word));
		sum += word;
	}
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t) ~(sum + (sum >> 16));
}

static struct frame ip_frame(const unsigned char mac[6], struct in_addr from, uint16_t from_port)
{
	struct iphdr ip_header = {.version = 4,
				  .ihl = 5,
				  .ttl = 64,
				  .protocol = IPPROTO_UDP,
				  .tot_len = htons(28),
				  .saddr = from.s_addr,
				  .daddr = INADDR_BROADCAST};
	struct udphdr udp_header = {.source = htons(from_port), .dest = htons(68), .len = htons(8)};
	struct frame frame;

	ip_header.check = checksum(&ip_header, sizeof(ip_header));
	begin(&frame, mac, ETH_P_IP);
	put(&frame, &ip_header, sizeof(ip_header));
	put(&frame, &udp_header, sizeof(udp_header));
	return frame;
}

/* To all nodes, from a router's address, that it is their router. */
static struct frame router_frame(const unsigned char mac[6])
{
	static const unsigned char all_nodes[6] = {0x33, 0x33, 0, 0, 0, 1};
	static const unsigned char header[40] = {0x60, [5] = 16, 58,   255, 0xfe,
						 0x80, [23] = 1, 0xff, 2,   [39] = 1};
	static const unsigned char advertisement[16] = {134, [4] = 64, 0, 0xff, 0xff};
	struct frame frame;

	begin(&frame, mac, ETH_P_IPV6);
	memcpy(frame.bytes, all_nodes, sizeof(all_nodes));
	put(&frame, header, sizeof(header));
	put(&frame, advertisement, sizeof(advertisement));
	return frame;
}

/* A frame of another kind: only its type counts. */
static struct frame other_frame(const unsigned char mac[6], uint16_t type)
{
	struct frame frame;

	begin(&frame, mac, type);
	frame.len = 64;
	return frame;
}

/* The same with the tag of a virtual LAN before its type. */
static struct frame tagged(const struct frame *plain)
{
	const unsigned char tag[4] = {0x81, 0, 0, 5};
	struct frame frame = {0};

	put(&frame, plain->bytes, 12);
	put(&frame, tag, sizeof(tag));
	put(&frame, plain->bytes + 12, plain->len - 12);
	return frame;
}

/* The bridge passes nothing on before the kernel has noticed that its ports are connected, which it
 * does when it has time. */
static void wait_until_connected(void)
{
	unsigned char mac[6], bytes[2048];
	struct pollfd ready = {.fd = hearer_fd, .events = POLLIN};

	own_mac(forger, mac);
	const struct frame hello = ip_frame(mac, net_endpoint_address(forger), 39999);

	for (int waited_ms = 0; waited_ms < LATE_MS; waited_ms += 50) {
		assert_int_equal(send(sender_fd, hello.bytes, hello.len, 0), (ssize_t)hello.len);
		while (poll(&ready, 1, 50) > 0) {
			ssize_t n = recv(hearer_fd, bytes, sizeof(bytes), 0);

			if (n >= (ssize_t)hello.len && memcmp(bytes, hello.bytes, hello.len) == 0)
				return;
		}
	}
	fail_msg("nothing gets through");
}

/* Whether the victim gets to see @frame before something that is let through. */
static bool heard(const struct frame *frame)
{
	unsigned char mac[6], bytes[2048];
	static uint16_t mark = 40000;

	own_mac(forger, mac);
	const struct frame last = ip_frame(mac, net_endpoint_address(forger), ++mark);

	assert_int_equal(send(sender_fd, frame->bytes, frame->len, 0), (ssize_t)frame->len);
	assert_int_equal(send(sender_fd, last.bytes, last.len, 0), (ssize_t)last.len);
	for (bool seen = false;;) {
		struct pollfd ready = {.fd = hearer_fd, .events = POLLIN};

		assert_int_equal(poll(&ready, 1, LATE_MS), 1);
		ssize_t n = recv(hearer_fd, bytes, sizeof(bytes), 0);
		if (n >= (ssize_t)last.len && memcmp(bytes, last.bytes, last.len) == 0)
			return seen;
		/* The kernel takes a tag out of the frame. */
		seen |= n >= 12 && memcmp(bytes, frame->bytes, 12) == 0 &&
			memcmp(bytes + n - 8, frame->bytes + frame->len - 8, 8) == 0;
	}
}

struct forgery {
	const char *what;
	struct frame frame;
};

static size_t make_forgeries(struct forgery *all)
{
	struct in_addr own = net_endpoint_address(forger), gateway = gateway_of(net);
	struct in_addr other = net_endpoint_address(victim);
	unsigned char mac[6], other_mac[6];
	size_t count = 0;

	own_mac(forger, mac);
	own_mac(victim, other_mac);
	const struct frame plain = ip_frame(mac, own, 99);
	all[count++] = (struct forgery){"ARP: I am the gateway", arp_frame(mac, mac, gateway)};
	all[count++] = (struct forgery){"ARP: I am the neighbour", arp_frame(mac, mac, other)};
	all[count++] = (struct forgery){"ARP: I am at another's hardware address",
					arp_frame(mac, other_mac, own)};
	all[count++] = (struct forgery){"ARP from another hardware address",
					arp_frame(other_mac, other_mac, other)};
	all[count++] = (struct forgery){"IP of the neighbour", ip_frame(mac, other, 99)};
	all[count++] = (struct forgery){"IP of the gateway", ip_frame(mac, gateway, 99)};
	all[count++] = (struct forgery){"IP of nobody", ip_frame(mac, ip("203.0.113.9"), 99)};
	all[count++] = (struct forgery){"IP from a strange hardware address",
					ip_frame(strange_mac, own, 99)};
	all[count++] = (struct forgery){"an answer of a DHCP server", ip_frame(mac, own, 67)};
	all[count++] = (struct forgery){"a router's IPv6", router_frame(mac)};
	all[count++] = (struct forgery){"spanning tree", other_frame(mac, 0x26)};
	all[count++] = (struct forgery){"a tagged frame", tagged(&plain)};
	return count;
}

static void open_two(void)
{
	net = open_stack(STACK);
	forger = attach(net, "forger-1");
	victim = attach(net, "victim-1");
	sender_fd = packet_socket(net_endpoint_netns(forger));
	hearer_fd = packet_socket(net_endpoint_netns(victim));
}

static void close_two(void)
{
	close(sender_fd);
	close(hearer_fd);
	net_detach(forger);
	net_detach(victim);
	net_close(net);
}

static void an_instance_speaks_as_nobody_else(void **unused)
{
	struct forgery all[16];
	struct frame own;
	unsigned char mac[6];

	(void)unused;
	open_two();
	if (net_unguarded(net)) {
		close_two();
		print_message("no nftables for bridges in this kernel\n");
		skip();
	}
	own_mac(forger, mac);
	size_t count = make_forgeries(all);

	wait_until_connected();
	own = arp_frame(mac, mac, net_endpoint_address(forger));
	assert_true(heard(&own));
	for (size_t i = 0; i < count; i++)
		if (heard(&all[i].frame))
			fail_msg("got through: %s", all[i].what);
	/* Without the guard all of it does: what was tried were real forgeries. */
	shell("nft delete table bridge davit_" STACK);
	for (size_t i = 0; i < count; i++)
		if (!heard(&all[i].frame))
			fail_msg("does not even get through unguarded: %s", all[i].what);
	close_two();
}

static size_t speakers(void)
{
	return (size_t)output_lines("nft list set bridge davit_" STACK
				    " speakers 2>&1 | grep -o '\"dv[0-9a-f]*\"'");
}

static void who_has_gone_is_forgotten_when_somebody_comes(void **unused)
{
	(void)unused;
	open_two();
	if (!net_unguarded(net)) {
		assert_int_equal(speakers(), 2);
		for (int i = 0; i < 5; i++) {
			net_endpoint_cut(victim);
			assert_int_equal(net_endpoint_connect(victim, -1, NULL), 0);
		}
		assert_int_equal(speakers(), 2);
	}
	close_two();
	assert_int_equal(output_lines("nft list tables | grep davit_"), 0);
}

static void a_guard_that_somebody_has_removed_is_made_anew(void **unused)
{
	(void)unused;
	open_two();
	if (!net_unguarded(net)) {
		struct net_endpoint *third;

		shell("nft delete table bridge davit_" STACK);
		third = attach(net, "third-1");
		assert_int_equal(speakers(), 3);
		net_detach(third);
	}
	close_two();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_instance_speaks_as_nobody_else),
		cmocka_unit_test(who_has_gone_is_forgotten_when_somebody_comes),
		cmocka_unit_test(a_guard_that_somebody_has_removed_is_made_anew),
	};

	cpu_set_t here;

	/* Frames that are sent from two processors may overtake each other. */
	CPU_ZERO(&here);
	CPU_SET((size_t)sched_getcpu(), &here);
	if (sched_setaffinity(0, sizeof(here), &here) < 0)
		return 1;
	set_up_world();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
