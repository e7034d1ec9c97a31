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

/* Delete, of all flows, those whose answers come from an address and are of a protocol. */
struct request {
	struct nlmsghdr header;
	struct nfgenmsg of;
	char attributes[128];
};

static struct nlattr *put(struct request *request, int type, const void *value, size_t size)
{
	char *end = (char *)request + request->header.nlmsg_len;
	struct nlattr *attribute = (struct nlattr *)(void *)end;

	attribute->nla_type = (uint16_t)type;
	attribute->nla_len = (uint16_t)(NLA_HDRLEN + size);
	if (size)
		memcpy(end + NLA_HDRLEN, value, size);
	request->header.nlmsg_len += (uint32_t)NLA_ALIGN(attribute->nla_len);
	return attribute;
}

static struct nlattr *begin(struct request *request, int type)
{
	return put(request, NLA_F_NESTED | type, NULL, 0);
}

static void end(const struct request *request, struct nlattr *nest)
{
	const char *begin = (const char *)nest;

	nest->nla_len = (uint16_t)((const char *)request + request->header.nlmsg_len - begin);
}

int conntrack_open(int *ret_fd, struct err *err)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);

	if (fd < 0)
		return err_set(err, errno, "network: open conntrack");
	*ret_fd = fd;
	return 0;
}

static void put_flows(struct request *request, const struct ip *target)
{
	const uint32_t none = 0, flags = FILTER_IP_SRC | FILTER_PROTO_NUM;
	const uint8_t udp = IPPROTO_UDP;
	struct nlattr *reply = begin(request, CTA_TUPLE_REPLY);
	struct nlattr *part = begin(request, CTA_TUPLE_IP);

	if (target->family == 6)
		put(request, CTA_IP_V6_SRC, target->bytes, 16);
	else
		put(request, CTA_IP_V4_SRC, target->bytes, 4);
	end(request, part);
	part = begin(request, CTA_TUPLE_PROTO);
	put(request, CTA_PROTO_NUM, &udp, sizeof(udp));
	end(request, part);
	end(request, reply);
	part = begin(request, CTA_FILTER);
	put(request, CTA_FILTER_ORIG_FLAGS, &none, sizeof(none));
	put(request, CTA_FILTER_REPLY_FLAGS, &flags, sizeof(flags));
	end(request, part);
}

int conntrack_forget_datagrams(int fd, const struct ip *target, struct err *err)
{
	struct request request = {
		.header = {.nlmsg_len = NLMSG_LENGTH(sizeof(request.of)),
			   .nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_DELETE,
			   .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK},
		.of = {.nfgen_family = target->family == 6 ? AF_INET6 : AF_INET,
		       .version = 1}, /* 0: of all families */
	};
	struct {
		struct nlmsghdr header;
		struct nlmsgerr result;
		char more[256];
	} answer = {0};

	put_flows(&request, target);
	if (send(fd, &request, request.header.nlmsg_len, 0) < 0 ||
	    recv(fd, &answer, sizeof(answer), 0) < (ssize_t)NLMSG_LENGTH(sizeof(answer.result)))
		return err_set(err, errno, "network: forget flows");
	return answer.result.error ? err_set(err, -answer.result.error, "network: forget flows")
				   : 0;
}
