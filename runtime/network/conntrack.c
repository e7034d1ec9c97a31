// SPDX-License-Identifier: GPL-2.0-or-later
/* One request of ctnetlink, put together here: libnl has it in a library of its own, as objects. */
#include "runtime/network/conntrack.h"

#include "runtime/base/cleanup.h"

#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>

/* Which parts of a tuple count; the kernel has no public names for these. */
#define FILTER_IP_SRC	 (1U << 0)
#define FILTER_PROTO_NUM (1U << 3)

struct attribute_u8 {
	struct nlattr header;
	uint8_t value;
	uint8_t padding[3];
};

struct attribute_u32 {
	struct nlattr header;
	uint32_t value;
};

/* Delete, of all flows, those whose answers come from an address and are of a protocol. */
struct request {
	struct nlmsghdr header;
	struct nfgenmsg of;
	struct {
		struct nlattr header;
		struct {
			struct nlattr header;
			struct attribute_u32 source;
		} ip;
		struct {
			struct nlattr header;
			struct attribute_u8 number;
		} protocol;
	} reply;
	struct {
		struct nlattr header;
		struct attribute_u32 orig_flags;
		struct attribute_u32 reply_flags;
	} filter;
};

#define HEADER(of, type)                                                                           \
	{                                                                                          \
		sizeof(of), NLA_F_NESTED | (type)                                                  \
	}

int conntrack_open(int *ret_fd, struct err *err)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);

	if (fd < 0)
		return err_set(err, errno, "network: open conntrack");
	*ret_fd = fd;
	return 0;
}

int conntrack_forget_datagrams(int fd, struct in_addr target, struct err *err)
{
	struct request request = {
		.header = {.nlmsg_len = sizeof(request),
			   .nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_DELETE,
			   .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK},
		.of = {.nfgen_family = AF_INET, .version = 1}, /* 0: of all families */
		.reply = {HEADER(request.reply, CTA_TUPLE_REPLY),
			  {HEADER(request.reply.ip, CTA_TUPLE_IP),
			   {{sizeof(struct attribute_u32), CTA_IP_V4_SRC}, target.s_addr}},
			  {HEADER(request.reply.protocol, CTA_TUPLE_PROTO),
			   {{NLA_HDRLEN + 1, CTA_PROTO_NUM}, IPPROTO_UDP, {0}}}},
		.filter = {HEADER(request.filter, CTA_FILTER),
			   {{sizeof(struct attribute_u32), CTA_FILTER_ORIG_FLAGS}, 0},
			   {{sizeof(struct attribute_u32), CTA_FILTER_REPLY_FLAGS},
			    FILTER_IP_SRC | FILTER_PROTO_NUM}},
	};
	struct {
		struct nlmsghdr header;
		struct nlmsgerr result;
		char more[256];
	} answer = {0};

	if (send(fd, &request, sizeof(request), 0) < 0 ||
	    recv(fd, &answer, sizeof(answer), 0) < (ssize_t)NLMSG_LENGTH(sizeof(answer.result)))
		return err_set(err, errno, "network: forget flows");
	return answer.result.error ? err_set(err, -answer.result.error, "network: forget flows")
				   : 0;
}
