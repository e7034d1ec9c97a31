// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Netlink requests that are sent as one batch: the kernel's answers are read here, since the
 * library awaits one answer at a time.
 */
#include "runtime/network/rtnet_batch.h"

#include "runtime/base/cleanup.h"
#include "runtime/network/netlink.h"
#include "runtime/network/rtnet.h"

#include <errno.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <stdlib.h>
#include <sys/socket.h>

void rtnet_batch_drop(struct rtnet_batch *batch)
{
	for (unsigned i = 0; i < batch->count; i++)
		nlmsg_free(batch->msgs[i]);
}

void rtnet_batch_add(struct rtnet_batch *batch, struct nl_msg *msg, const char *what)
{
	if (!msg || batch->count == RTNET_BATCH_MAX) {
		nlmsg_free(msg);
		batch->failed = true;
		return;
	}
	batch->what[batch->count] = what;
	batch->msgs[batch->count++] = msg;
}

/* Numbers the requests from 1 and asks for an answer to each. */
static ssize_t batch_transmit(struct rtnet *rtnet, struct rtnet_batch *batch)
{
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	struct iovec parts[RTNET_BATCH_MAX];

	for (unsigned i = 0; i < batch->count; i++) {
		struct nlmsghdr *header = nlmsg_hdr(batch->msgs[i]);

		header->nlmsg_seq = i + 1;
		header->nlmsg_pid = nl_socket_get_local_port(rtnet->sock);
		header->nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
		/* Messages are padded to 4 bytes in the library's buffers as they are here. */
		parts[i] = (struct iovec){header, NLMSG_ALIGN(header->nlmsg_len)};
	}
	struct msghdr message = {.msg_name = &kernel,
				 .msg_namelen = sizeof(kernel),
				 .msg_iov = parts,
				 .msg_iovlen = batch->count};
	return sendmsg(nl_socket_get_fd(rtnet->sock), &message, 0);
}

/* Reads the answers of one datagram; records the first failure. Returns how many there were. */
static unsigned read_answers(const struct rtnet_batch *batch, char *bytes, ssize_t size,
			     int *failure, unsigned *failed_index)
{
	unsigned answers = 0;
	unsigned len = (unsigned)size;

	for (struct nlmsghdr *header = (struct nlmsghdr *)bytes; NLMSG_OK(header, len);
	     header = NLMSG_NEXT(header, len)) {
		if (header->nlmsg_type != NLMSG_ERROR || header->nlmsg_seq < 1 ||
		    header->nlmsg_seq > batch->count)
			continue;
		const struct nlmsgerr *answer = NLMSG_DATA(header);
		answers++;
		if (answer->error && !*failure) {
			*failure = answer->error;
			*failed_index = header->nlmsg_seq - 1;
		}
	}
	return answers;
}

/* The kernel works while we are in sendmsg(): no waiting here. */
int rtnet_batch_run(struct rtnet *rtnet, struct rtnet_batch *batch, const char *name,
		    struct err *err)
{
	_Alignas(struct nlmsghdr) char bytes[8192];
	unsigned answers = 0, failed_index = 0;
	int failure = 0;

	if (batch->failed)
		return err_set(err, ENOMEM, "network: '%s'", name);
	if (batch_transmit(rtnet, batch) < 0)
		return err_set(err, errno, "network: '%s': netlink", name);
	while (answers < batch->count) {
		ssize_t n = recv(nl_socket_get_fd(rtnet->sock), bytes, sizeof(bytes), 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(err, errno, "network: '%s': netlink answer", name);
		answers += read_answers(batch, bytes, n, &failure, &failed_index);
	}
	return failure ? err_set(err, -failure, "network: %s '%s'", batch->what[failed_index], name)
		       : 0;
}

int rtnet_open(struct rtnet **ret_rtnet, struct err *err)
{
	struct rtnet *rtnet = calloc(1, sizeof(*rtnet));

	if (!rtnet)
		return err_set(err, ENOMEM, "network");
	int r = netlink_open(NETLINK_ROUTE, &rtnet->sock, err);

	if (r < 0) {
		free(rtnet);
		return r;
	}
	*ret_rtnet = rtnet;
	return 0;
}

void rtnet_close(struct rtnet *rtnet)
{
	if (!rtnet)
		return;
	nl_socket_free(rtnet->sock);
	free(rtnet);
}
