// SPDX-License-Identifier: GPL-2.0-or-later
/* One transaction is one message to the kernel and its answer; see nft_direct.h. */
#include "runtime/network/nft_direct.h"

#include <errno.h>
#include <linux/netlink.h>
#include <sys/socket.h>

/* What one datagram of the answer says of the transaction: 0, its error, or -1: nothing. */
static int said(const char *bytes, size_t size)
{
	const struct nlmsghdr *header = (const struct nlmsghdr *)(const void *)bytes;
	const struct nlmsgerr *answer = (const struct nlmsgerr *)NLMSG_DATA(header);

	if (size < NLMSG_LENGTH(sizeof(*answer)) || header->nlmsg_type != NLMSG_ERROR)
		return -1;
	return -answer->error;
}

/* The kernel has done everything when send() returns, and its answers are there: the last message
 * is answered in any case, and before it each one that failed. */
static int heed(int fd, struct err *err)
{
	_Alignas(struct nlmsghdr) char bytes[4096];
	int error = -1; /* no answer */

	for (;;) {
		ssize_t n = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != ENOBUFS)
			break;
		int one = n < 0 ? ENOBUFS : said(bytes, (size_t)n);

		if (error <= 0 && one >= 0)
			error = one;
	}
	return error == 0
		       ? 0
		       : err_set(err, error > 0 ? error : EIO, "network: nftables: change a set");
}

int nft_direct_run(int fd, struct nft_batch *batch, struct err *err)
{
	int r = nft_batch_end(batch, err);

	if (r < 0)
		return r;
	if (send(fd, batch->bytes.data, batch->bytes.len, 0) < 0)
		return err_set(err, errno, "network: nftables: change a set");
	return heed(fd, err);
}
