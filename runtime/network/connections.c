// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who is connected to what listens in a namespace, by the kernel's own list of its sockets
 * (sock_diag). The kernel looks through its tables of all namespaces for that, a good part of a
 * millisecond, so it is first asked how many sockets there are: mostly only those that listen.
 */
#include "runtime/base/cleanup.h"
#include "runtime/network/net.h"
#include "runtime/network/netns.h"

#include <errno.h>
#include <limits.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define LISTENING (1U << TCP_LISTEN)
/* Something may still have to be said, or to arrive. */
#define CONNECTED                                                                                  \
	(1U << TCP_ESTABLISHED | 1U << TCP_SYN_RECV | 1U << TCP_CLOSE_WAIT | 1U << TCP_FIN_WAIT1 | \
	 1U << TCP_LAST_ACK | 1U << TCP_CLOSING)

/* From so many in vain on, nobody is there to be waited for. */
#define RETRANSMITS_MAX 3

struct survey {
	int fd;		 /* of sock_diag, in the namespace */
	unsigned in_use; /* of the address family at hand; UINT_MAX: not known */
	unsigned listening;
	unsigned char ports[65536 / 8]; /* that are listened on */
	struct net_load *load;
};

/* The number behind "TCP: inuse " or the like. */
static unsigned read_in_use(const char *path, const char *before)
{
	autofile FILE *file = fopen(path, "re");
	char line[256];

	while (file && fgets(line, sizeof(line), file))
		if (strncmp(line, before, strlen(before)) == 0)
			return (unsigned)strtoul(line + strlen(before), NULL, 10);
	return UINT_MAX;
}

static bool is_loopback(const struct inet_diag_msg *socket)
{
	const uint8_t *to = (const uint8_t *)socket->id.idiag_dst;
	static const uint8_t mapped[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127};
	static const uint8_t own[16] = {[15] = 1};

	if (memcmp(socket->id.idiag_dst, socket->id.idiag_src, sizeof(socket->id.idiag_dst)) == 0)
		return true;
	if (socket->idiag_family == AF_INET)
		return to[0] == 127;
	return memcmp(to, own, sizeof(own)) == 0 || memcmp(to, mapped, sizeof(mapped)) == 0;
}

/* The program has closed it, and all that is left to arrive is the end: who does not say that it
 * has may be gone himself. The end counts as a byte. */
static bool is_over(const struct inet_diag_msg *socket)
{
	bool closed = 1U << socket->idiag_state &
		      (1U << TCP_FIN_WAIT1 | 1U << TCP_LAST_ACK | 1U << TCP_CLOSING);

	return closed && (socket->idiag_wqueue <= 1 || socket->idiag_retrans >= RETRANSMITS_MAX);
}

static void count_socket(struct survey *survey, const struct inet_diag_msg *socket)
{
	uint16_t port = ntohs(socket->id.idiag_sport);
	unsigned char bit = (unsigned char)(1U << port % 8);

	if (socket->idiag_state == TCP_LISTEN) {
		survey->listening++;
		survey->ports[port / 8] |= bit;
		survey->load->waiting += socket->idiag_rqueue;
	} else if (survey->ports[port / 8] & bit && !is_loopback(socket) && !is_over(socket)) {
		survey->load->connections++;
	}
}

/* One datagram of the answer. Returns 1 when it was the last one, 0 when there is more. */
static int take_answer(struct survey *survey, const char *bytes, size_t size, struct err *err)
{
	unsigned len = (unsigned)size;

	for (const struct nlmsghdr *header = (const struct nlmsghdr *)(const void *)bytes;
	     NLMSG_OK(header, len); header = NLMSG_NEXT(header, len)) {
		if (header->nlmsg_type == NLMSG_DONE)
			return 1;
		if (header->nlmsg_type == NLMSG_ERROR) {
			const struct nlmsgerr *failure = NLMSG_DATA(header);

			return err_set(err, -failure->error, "network: list sockets");
		}
		if (header->nlmsg_len >= NLMSG_LENGTH(sizeof(struct inet_diag_msg)))
			count_socket(survey, NLMSG_DATA(header));
	}
	return 0;
}

static int list(struct survey *survey, int family, unsigned states, struct err *err)
{
	_Alignas(struct nlmsghdr) char bytes[16384];
	struct {
		struct nlmsghdr header;
		struct inet_diag_req_v2 what;
	} request = {
		.header = {.nlmsg_len = sizeof(request),
			   .nlmsg_type = SOCK_DIAG_BY_FAMILY,
			   .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
		.what = {.sdiag_family = (uint8_t)family,
			 .sdiag_protocol = IPPROTO_TCP,
			 .idiag_states = states},
	};
	int r = 0;

	if (send(survey->fd, &request, sizeof(request), 0) < 0)
		return err_set(err, errno, "network: list sockets");
	while (r == 0) {
		ssize_t n = recv(survey->fd, bytes, sizeof(bytes), 0);

		if (n < 0 && errno == EINTR)
			continue;
		r = n < 0 ? err_set(err, errno, "network: list sockets")
			  : take_answer(survey, bytes, (size_t)n, err);
	}
	return r < 0 ? r : 0;
}

static int look_at(struct survey *survey, int family, struct err *err)
{
	survey->listening = 0;
	memset(survey->ports, 0, sizeof(survey->ports));
	if (survey->in_use == 0)
		return 0;
	int r = list(survey, family, LISTENING, err);

	return r == 0 && survey->listening && survey->listening < survey->in_use
		       ? list(survey, family, CONNECTED, err)
		       : r;
}

static int look(void *data, struct err *err)
{
	struct survey *survey = data;
	autoclose int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);

	if (fd < 0)
		return err_set(err, errno, "network: open sock_diag");
	survey->fd = fd;
	survey->in_use = read_in_use("/proc/thread-self/net/sockstat", "TCP: inuse ");
	int r = look_at(survey, AF_INET, err);

	survey->in_use = read_in_use("/proc/thread-self/net/sockstat6", "TCP6: inuse ");
	return r < 0 ? r : look_at(survey, AF_INET6, err);
}

int net_load(int netns_fd, struct net_load *ret_load, struct err *err)
{
	struct net_load load = {0};
	struct survey survey = {.load = &load};
	int r = netns_visit(netns_fd, look, &survey, err);

	if (r == 0)
		*ret_load = load;
	return r;
}
