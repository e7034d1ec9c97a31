// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who is where on a link, said once and for good. All network namespaces share the kernel's tables
 * of neighbours, and an instance that speaks to many addresses fills them; entries that are
 * permanent do not count among those (Linux 5.0), and nobody is asked for them. Builds requests
 * only.
 */
#include "runtime/network/rtnet_batch.h"

#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <netlink/msg.h>

static struct nl_msg *message(int type, struct ndmsg *entry)
{
	struct nl_msg *msg =
		nlmsg_alloc_simple(type, type == RTM_NEWNEIGH ? NLM_F_CREATE | NLM_F_REPLACE : 0);

	if (msg && nlmsg_append(msg, entry, sizeof(*entry), NLMSG_ALIGNTO) == 0)
		return msg;
	nlmsg_free(msg);
	return NULL;
}

/* These pass on a message with something added, or NULL. */
static struct nl_msg *with_address(struct nl_msg *msg, const struct ip *address)
{
	if (msg && nla_put(msg, NDA_DST, address->family == 6 ? 16 : 4, address->bytes) == 0)
		return msg;
	nlmsg_free(msg);
	return NULL;
}

static struct nl_msg *with_mac(struct nl_msg *msg, const unsigned char mac[6])
{
	if (msg && nla_put(msg, NDA_LLADDR, 6, mac) == 0)
		return msg;
	nlmsg_free(msg);
	return NULL;
}

static struct ndmsg entry_of(int index, const struct ip *address)
{
	return (struct ndmsg){.ndm_family = address->family == 6 ? AF_INET6 : AF_INET,
			      .ndm_ifindex = index,
			      .ndm_state = NUD_PERMANENT};
}

struct nl_msg *rtnet_neighbour_message(int index, const struct ip *address,
				       const unsigned char mac[6])
{
	struct ndmsg entry = entry_of(index, address);

	return with_mac(with_address(message(RTM_NEWNEIGH, &entry), address), mac);
}

struct nl_msg *rtnet_stranger_message(int index, const struct ip *address)
{
	struct ndmsg entry = entry_of(index, address);

	return with_address(message(RTM_DELNEIGH, &entry), address);
}

struct nl_msg *rtnet_behind_message(int port_index, const unsigned char mac[6])
{
	struct ndmsg entry = {.ndm_family = AF_BRIDGE,
			      .ndm_ifindex = port_index,
			      .ndm_state = NUD_NOARP,
			      .ndm_flags = NTF_MASTER};

	return with_mac(message(RTM_NEWNEIGH, &entry), mac);
}
