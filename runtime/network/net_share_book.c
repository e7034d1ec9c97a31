// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Addresses in networks of several stacks: who has one is written down where all of them look; see
 * net_share.h.
 */
#include "runtime/base/cleanup.h"
#include "runtime/network/net_private.h"
#include "runtime/network/net_share.h"

#include <errno.h>

static const char *holder_of(const struct net_network *network)
{
	return network->reserving ? REGISTRY_ITSELF : network->net->stack;
}

/* What a predecessor has given stays given, also where that cannot be written down any more. */
static int write_claim(const struct net_network *network, const struct ip *ip, const char *name,
		       struct err *err)
{
	int r = registry_claim(network->shared_fd, ip, holder_of(network), name, err);

	return r < 0 && r != -EEXIST && network->net->unsettled ? 0 : r;
}

static int claim(void *data, uint32_t address, const char *name, struct err *err)
{
	const struct net_network *network = data;
	const struct ip ip = net_ip(address);

	return write_claim(network, &ip, name, err);
}

static void disclaim(void *data, uint32_t address)
{
	const struct net_network *network = data;
	const struct ip ip = net_ip(address);

	registry_disclaim(network->shared_fd, &ip, holder_of(network));
}

void net_share_claim(struct net_network *network)
{
	if (network->known_as)
		network->addresses.book = (struct addr_book){claim, disclaim, network};
}

int net_share_claim6(const struct net_network *network, const struct ip *address, const char *name,
		     struct err *err)
{
	char text[IP_TEXT_MAX];

	if (!network->known_as)
		return 0;
	int r = write_claim(network, address, name, err);

	return r == -EEXIST
		       ? err_say(err, EADDRINUSE, "network: %s, for '%s', is that of another stack",
				 ip_format(address, text), name)
		       : r;
}

void net_share_disclaim6(const struct net_network *network, const struct ip *address)
{
	if (network->known_as)
		registry_disclaim(network->shared_fd, address, network->net->stack);
}

static int check_fixed(const struct net_network *network, const char *name,
		       const struct ip_prefix *subnet, const struct ip *address, struct err *err)
{
	const bool six = address->family == 6;
	const struct ip gateway = six ? network->twin.gateway : net_ip(network->gateway);
	const struct ip first = ip_prefix_first(subnet), last = ip_prefix_last(subnet);
	char shown[IP_TEXT_MAX], text[IP_PREFIX_TEXT_MAX];

	ip_format(address, shown);
	ip_prefix_format(subnet, text);
	if (!ip_prefix_has(subnet, address))
		return err_say(err, EADDRNOTAVAIL,
			       "network: %s, for '%s', is outside of %s of '%s'", shown, name, text,
			       network->known_as);
	if (ip_compare(address, &first) == 0 || (!six && ip_compare(address, &last) == 0))
		return err_say(err, EADDRNOTAVAIL,
			       "network: %s, for '%s', is an address of %s of '%s' itself", shown,
			       name, text, network->known_as);
	if (ip_compare(address, &gateway) == 0)
		return err_say(err, EADDRNOTAVAIL, "network: %s, for '%s', is the gateway of '%s'",
			       shown, name, network->known_as);
	return 0;
}

int net_share_check(const struct net_network *network, const char *name, uint32_t address,
		    struct err *err)
{
	const struct ip_prefix subnet = {net_ip(network->subnet.address), network->subnet.prefix};
	const struct ip ip = net_ip(address);

	return network->joined ? check_fixed(network, name, &subnet, &ip, err) : 0;
}

int net_share_check6(const struct net_network *network, const char *name, const struct ip *address,
		     struct err *err)
{
	char shown[IP_TEXT_MAX];

	if (!network->joined)
		return 0;
	if (!network->twin.subnet.ip.family)
		return err_say(err, EADDRNOTAVAIL, "network: '%s' has no IPv6: %s is for '%s'",
			       network->known_as, ip_format(address, shown), name);
	return check_fixed(network, name, &network->twin.subnet, address, err);
}

static void check_claim(void *data, const struct ip *address, const char *what)
{
	const struct net_network *network = data;

	(void)what;
	if (address->family == 4 ? !addr_pool_is_ours(&network->addresses, net_number(address))
				 : !twin_is_fixed(&network->twin, address))
		registry_disclaim(network->shared_fd, address, network->net->stack);
}

void net_share_settle(struct net_network *network)
{
	if (network->known_as)
		registry_claims(network->shared_fd, network->net->stack, check_claim, network);
}
