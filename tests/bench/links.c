// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the kernel alone takes for the network of a stack that grows: COUNT network namespaces, each
 * with a link to one bridge, an address and routes, made one after the other by bare requests, then
 * removed in one. Prints the microseconds of processor time that making and removing took, of each.
 * In a namespace of its own, without IPv6, which would have all of them talk to each other.
 *
 *   links COUNT
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define BRIDGE	    "davit-links"
#define GROUP	    0xd0b0b0b0U
#define COUNT_MAX   1020
#define NETWORK	    0xc6120000U /* 198.18.0.0 */
#define PREFIX	    16
#define LINK_NUMBER 2 /* in its namespace */

struct request {
	struct nlmsghdr head;
	union {
		struct ifinfomsg info;
		struct ifaddrmsg address;
		struct rtmsg route;
	};
	char attributes[512];
};

static double spent_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static void die(const char *what)
{
	fprintf(stderr, "links: %s: %s\n", what, strerror(errno));
	exit(1);
}

static struct request request(int type, unsigned flags)
{
	return (struct request){
		.head = {.nlmsg_len = NLMSG_LENGTH(sizeof(struct ifinfomsg)),
			 .nlmsg_type = (uint16_t)type,
			 .nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags)},
	};
}

/* Returns where it begins, for close_nest(). */
static struct rtattr *put(struct request *to, int type, const void *bytes, size_t len)
{
	struct rtattr *at = (struct rtattr *)((char *)to + NLMSG_ALIGN(to->head.nlmsg_len));

	at->rta_type = (unsigned short)type;
	at->rta_len = (unsigned short)RTA_LENGTH(len);
	if (len)
		memcpy(RTA_DATA(at), bytes, len);
	to->head.nlmsg_len = NLMSG_ALIGN(to->head.nlmsg_len) + RTA_ALIGN(at->rta_len);
	return at;
}

static void close_nest(struct request *of, struct rtattr *nest)
{
	nest->rta_len = (unsigned short)((char *)of + of->head.nlmsg_len - (char *)nest);
}

static void put_number(struct request *to, int type, uint32_t value)
{
	put(to, type, &value, sizeof(value));
}

static void put_text(struct request *to, int type, const char *text)
{
	put(to, type, text, strlen(text) + 1);
}

/* Waits for the answers to so many requests. */
static void confirm(int socket_fd, int count, const char *what)
{
	struct {
		struct nlmsghdr head;
		struct nlmsgerr error;
		char rest[1024];
	} answer;

	for (int i = 0; i < count; i++) {
		if (recv(socket_fd, &answer, sizeof(answer), 0) < (ssize_t)sizeof(answer.head))
			die(what);
		errno = -answer.error.error;
		if (answer.head.nlmsg_type != NLMSG_ERROR || errno)
			die(what);
	}
}

static void run(int socket_fd, struct request *request, const char *what)
{
	if (send(socket_fd, request, request->head.nlmsg_len, 0) < 0)
		die(what);
	confirm(socket_fd, 1, what);
}

static int open_netlink(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	if (fd < 0)
		die("netlink");
	return fd;
}

static unsigned make_bridge(int home_fd)
{
	struct request link = request(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
	uint8_t off = 0;

	link.info.ifi_flags = link.info.ifi_change = IFF_UP;
	put_text(&link, IFLA_IFNAME, BRIDGE);
	put_number(&link, IFLA_GROUP, GROUP);
	put(&link, IFLA_ADDRESS, "\x02\x64\x01\x01\x01\x01", 6);
	struct rtattr *info = put(&link, IFLA_LINKINFO, NULL, 0);

	put_text(&link, IFLA_INFO_KIND, "bridge");
	struct rtattr *data = put(&link, IFLA_INFO_DATA, NULL, 0);

	put(&link, IFLA_BR_MCAST_SNOOPING, &off, sizeof(off));
	close_nest(&link, data);
	close_nest(&link, info);
	run(home_fd, &link, "make the bridge");
	return if_nametoindex(BRIDGE);
}

static struct request address_of(unsigned number)
{
	struct request to = request(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL);
	uint32_t address = htonl(NETWORK + 2 + number);

	to.head.nlmsg_len = NLMSG_LENGTH(sizeof(struct ifaddrmsg));
	to.address = (struct ifaddrmsg){
		.ifa_family = AF_INET, .ifa_prefixlen = PREFIX, .ifa_index = LINK_NUMBER};
	put_number(&to, IFA_FLAGS, IFA_F_NOPREFIXROUTE);
	put_number(&to, IFA_LOCAL, address);
	put_number(&to, IFA_ADDRESS, address);
	return to;
}

/* @gateway	0: what is there is on the link */
static struct request route_to(uint32_t address, uint8_t prefix, uint32_t gateway)
{
	struct request to = request(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL);

	to.head.nlmsg_len = NLMSG_LENGTH(sizeof(struct rtmsg));
	to.route = (struct rtmsg){
		.rtm_family = AF_INET,
		.rtm_dst_len = prefix,
		.rtm_table = RT_TABLE_MAIN,
		.rtm_protocol = RTPROT_STATIC,
		.rtm_scope = gateway ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK,
		.rtm_type = RTN_UNICAST,
	};
	if (prefix)
		put_number(&to, RTA_DST, htonl(address));
	if (gateway)
		put_number(&to, RTA_GATEWAY, htonl(gateway));
	put_number(&to, RTA_OIF, LINK_NUMBER);
	return to;
}

static struct request pair_of(const char *name, int netns_fd)
{
	const struct ifinfomsg other = {0};
	struct request link = request(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);

	link.info.ifi_flags = link.info.ifi_change = IFF_UP;
	link.info.ifi_index = LINK_NUMBER;
	put_text(&link, IFLA_IFNAME, "eth0");
	struct rtattr *info = put(&link, IFLA_LINKINFO, NULL, 0);

	put_text(&link, IFLA_INFO_KIND, "veth");
	struct rtattr *data = put(&link, IFLA_INFO_DATA, NULL, 0);
	struct rtattr *peer = put(&link, VETH_INFO_PEER, &other, sizeof(other));

	put_text(&link, IFLA_IFNAME, name);
	put_number(&link, IFLA_NET_NS_FD, (uint32_t)netns_fd);
	close_nest(&link, peer);
	close_nest(&link, data);
	close_nest(&link, info);
	return link;
}

/* In the namespace that the thread is in, in one go; the other end in @netns_fd. */
static void make_pair(const char *name, int netns_fd, unsigned number)
{
	int inside_fd = open_netlink();
	struct request lo = request(RTM_NEWLINK, 0);

	lo.info.ifi_index = 1;
	lo.info.ifi_flags = lo.info.ifi_change = IFF_UP;
	struct request all[] = {
		lo,
		pair_of(name, netns_fd),
		address_of(number),
		route_to(NETWORK + 1, 32, 0),
		route_to(NETWORK, PREFIX, NETWORK + 1),
		route_to(0, 0, NETWORK + 1),
	};
	const int count = (int)(sizeof(all) / sizeof(*all));
	struct iovec parts[sizeof(all) / sizeof(*all)];

	for (int i = 0; i < count; i++)
		parts[i] = (struct iovec){&all[i], NLMSG_ALIGN(all[i].head.nlmsg_len)};
	if (writev(inside_fd, parts, count) < 0)
		die("make a link");
	confirm(inside_fd, count, "make a link");
	close(inside_fd);
}

static void attach(int home_fd, const char *name, unsigned bridge)
{
	struct request link = request(RTM_NEWLINK, 0);

	link.info.ifi_flags = link.info.ifi_change = IFF_UP;
	put_text(&link, IFLA_IFNAME, name);
	put_number(&link, IFLA_GROUP, GROUP);
	put_number(&link, IFLA_MASTER, bridge);
	run(home_fd, &link, "attach a link");
}

static int new_netns(void)
{
	if (unshare(CLONE_NEWNET) < 0)
		die("new network namespace");
	int off = open("/proc/sys/net/ipv6/conf/default/disable_ipv6", O_WRONLY | O_CLOEXEC);

	if (off >= 0 && write(off, "1", 1) != 1)
		die("without IPv6");
	close(off);
	int fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		die("own network namespace");
	return fd;
}

static void remove_all(int home_fd)
{
	struct request links = request(RTM_DELLINK, 0);

	put_number(&links, IFLA_GROUP, GROUP);
	run(home_fd, &links, "remove the links");
}

int main(int argc, char **argv)
{
	int count = argc == 2 ? atoi(argv[1]) : 0;
	char name[IF_NAMESIZE];

	if (count < 1 || count > COUNT_MAX) {
		fprintf(stderr, "usage: links COUNT (1 to %d)\n", COUNT_MAX);
		return 2;
	}
	int home_netns = new_netns();
	int home_fd = open_netlink();

	(void)setrlimit(RLIMIT_NOFILE, &(struct rlimit){4096, 4096});
	unsigned bridge = make_bridge(home_fd);
	double begin_us = spent_us();

	for (int i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "dvl%d", i);
		(void)new_netns(); /* held until the end */
		make_pair(name, home_netns, (unsigned)i);
		if (setns(home_netns, CLONE_NEWNET) < 0)
			die("back home");
		attach(home_fd, name, bridge);
	}
	double made_us = spent_us();

	remove_all(home_fd);
	printf("%.0f %.0f\n", (made_us - begin_us) / count, (spent_us() - made_us) / count);
	return 0;
}
