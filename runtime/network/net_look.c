// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the links of an instance's namespace are, where nobody has written it down. Changes nothing.
 */
#include "runtime/base/cleanup.h"
#include "runtime/network/net_private.h"
#include "runtime/network/netns.h"

#include <errno.h>
#include <stdlib.h>

static int look_inside(void *data, struct err *err)
{
	struct rtnet *inside = NULL;
	int r = rtnet_open(&inside, err);

	if (r == 0)
		r = rtnet_list_ends(inside, data, err);
	rtnet_close(inside);
	return r;
}

static const char *network_of(const struct net *net, struct in_addr address)
{
	const struct subnet host = {ntohl(address.s_addr), 32};

	for (const struct net_network *one = net->networks; one; one = one->next)
		if (subnet_overlaps(one->subnet, host))
			return one->name;
	return NULL;
}

int net_look(struct net *net, int netns_fd, struct net_link_found **ret_found, size_t *ret_count,
	     struct err *err)
{
	struct rtnet_ends ends = {0};
	size_t count = 0;
	int r = netns_visit(netns_fd, look_inside, &ends, err);

	if (r < 0)
		return r;
	autofree struct rtnet_end *items = ends.items;
	struct net_link_found *found = calloc(ends.count + 1, sizeof(*found));

	if (!found)
		return err_set(err, ENOMEM, "network");
	for (size_t i = 0; i < ends.count; i++) {
		const char *network = network_of(net, items[i].address);

		if (!network || !if_indextoname((unsigned)items[i].outer, found[count].outer))
			continue;
		found[count].network = network;
		found[count++].address = items[i].address;
	}
	*ret_found = found;
	*ret_count = count;
	return 0;
}
