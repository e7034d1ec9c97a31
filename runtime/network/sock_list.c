// SPDX-License-Identifier: GPL-2.0-or-later
/* The only file of sock_diag; see sock_list.h. */
#include "runtime/network/sock_list.h"

#include "runtime/network/netlink.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <string.h>

#define ENDING                                                                                     \
	(1U << TCP_SYN_RECV | 1U << TCP_CLOSE_WAIT | 1U << TCP_FIN_WAIT1 | 1U << TCP_LAST_ACK |    \
	 1U << TCP_CLOSING)

/* From so many in vain on, nobody is there to be waited for. */
#define RETRANSMITS_MAX 3

/* One netlink socket, wearing a type of ours. */
static struct nl_sock *sock_of(struct sock_list *list)
{
	return (struct nl_sock *)list;
}

int sock_list_open(struct sock_list **ret_list, struct err *err)
{
	struct nl_sock *sock = NULL;
	int r = netlink_open(NETLINK_SOCK_DIAG, &sock, err);

	if (r == 0)
		*ret_list = (struct sock_list *)sock;
	return r;
}

void sock_list_close(struct sock_list *list)
{
	nl_socket_free(sock_of(list));
}

static bool is_own(const struct inet_diag_msg *info)
{
	static const uint8_t mapped[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127};
	const uint8_t *to = (const uint8_t *)info->id.idiag_dst;

	if (memcmp(info->id.idiag_dst, info->id.idiag_src, sizeof(info->id.idiag_dst)) == 0)
		return true;
	return info->idiag_family == AF_INET ? to[0] == 127
					     : memcmp(to, mapped, sizeof(mapped)) == 0;
}

/* The program has closed it, and all that is left to arrive is the end: who does not say that it
 * has may be gone himself. The end counts as a byte. */
static bool is_over(const struct inet_diag_msg *info)
{
	bool closed = 1U << info->idiag_state &
		      (1U << TCP_FIN_WAIT1 | 1U << TCP_LAST_ACK | 1U << TCP_CLOSING);

	return closed && (info->idiag_wqueue <= 1 || info->idiag_retrans >= RETRANSMITS_MAX);
}

static int on_socket(struct nl_msg *msg, void *data)
{
	const struct sock_visitor *visitor = data;
	const struct nlmsghdr *header = nlmsg_hdr(msg);
	const struct inet_diag_msg *info = nlmsg_data(header);

	if (header->nlmsg_type != SOCK_DIAG_BY_FAMILY || nlmsg_datalen(header) < (int)sizeof(*info))
		return NL_SKIP;
	visitor->each(visitor->data, &(struct sock_seen){
					     .listening = info->idiag_state == TCP_LISTEN,
					     .port = info->id.idiag_sport,
					     .queue = info->idiag_rqueue,
					     .own = is_own(info),
					     .over = is_over(info),
				     });
	return NL_OK;
}

int sock_list_run(struct sock_list *list, int family, unsigned states,
		  const struct sock_visitor *visitor, struct err *err)
{
	struct inet_diag_req_v2 request = {
		.sdiag_family = (uint8_t)family,
		.sdiag_protocol = IPPROTO_TCP,
		.idiag_states = (states & SOCK_LISTENING ? 1U << TCP_LISTEN : 0) |
				(states & SOCK_ESTABLISHED ? 1U << TCP_ESTABLISHED : 0) |
				(states & SOCK_ENDING ? ENDING : 0),
	};
	struct nl_sock *sock = sock_of(list);
	int r = nl_socket_modify_cb(sock, NL_CB_VALID, NL_CB_CUSTOM, on_socket, (void *)visitor);

	if (r == 0)
		r = nl_send_simple(sock, SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, &request,
				   sizeof(request));
	if (r >= 0)
		r = nl_recvmsgs_default(sock);
	return r < 0 ? netlink_fail(r, "sock_diag", err) : 0;
}
