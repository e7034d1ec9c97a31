// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Subnets and fixed addresses; see check_networks.h. Sorted and compared with their neighbours: a
 * stack may have very many of both.
 */
#include "manifests/check_networks.h"

#include "runtime/base/cleanup.h"

#include <stdlib.h>
#include <string.h>

#define SUBNETS_MAX 64 /* of one network */

/* An address that is spoken for. */
struct claim {
	const struct network *network;
	struct ip ip;
	struct pos pos;
	const char *path; /* in front of messages; NULL: a gateway that is not written */
};

struct claims {
	struct claim *items;
	size_t count;
	size_t cap;
};

/* A subnet and whose it is. */
struct holding {
	const struct network *network;
	const struct prefix_spec *subnet;
};

static void claim(const struct network_check *check, struct claims *claims,
		  const struct claim *claim)
{
	*arena_push(check->scratch, claims->items, claims->count, claims->cap) = *claim;
}

static const char *show(const struct network_check *check, const struct ip *ip)
{
	char text[IP_TEXT_MAX];

	return arena_text(check->scratch, ip_format(ip, text));
}

static const char *show_prefix(const struct network_check *check, const struct ip_prefix *prefix)
{
	char text[IP_PREFIX_TEXT_MAX];

	return arena_text(check->scratch, ip_prefix_format(prefix, text));
}

/* An address of `ipam`: inside of its subnet, and nobody else's. */
static void check_member(const struct network_check *check, const struct network *network,
			 const struct subnet_spec *subnet, const struct ip_spec *member,
			 struct claims *claims)
{
	const char *path = arena_format(check->scratch, "networks.%s.ipam", network->key);

	if (!member->ip.family)
		return;
	if (!ip_prefix_has(&subnet->subnet.prefix, &member->ip))
		report_error(check->report, member->pos, "%s: %s is outside of the subnet %s", path,
			     show(check, &member->ip), show_prefix(check, &subnet->subnet.prefix));
	else
		claim(check, claims, &(struct claim){network, member->ip, member->pos, path});
}

static void check_subnet(const struct network_check *check, const struct network *network,
			 const struct subnet_spec *subnet, struct claims *claims)
{
	const struct ip_prefix *prefix = &subnet->subnet.prefix;
	const struct ip_prefix *range = &subnet->range.prefix;

	if (!prefix->ip.family) {
		if (subnet->gateway.ip.family || range->ip.family || subnet->reserved_count)
			report_error(check->report, subnet->pos,
				     "networks.%s.ipam.config: needs a subnet", network->key);
		return;
	}
	if (range->ip.family && (range->bits < prefix->bits || !ip_prefix_has(prefix, &range->ip)))
		report_error(check->report, subnet->range.pos,
			     "networks.%s.ipam: the range %s is outside of the subnet %s",
			     network->key, show_prefix(check, range), show_prefix(check, prefix));
	if (prefix->ip.family == 6 && !network->ipv6)
		report_warning(check->report, subnet->subnet.pos,
			       "networks.%s.ipam: an IPv6 subnet has no effect beside "
			       "enable_ipv6: false",
			       network->key);
	check_member(check, network, subnet, &subnet->gateway, claims);
	for (size_t i = 0; i < subnet->reserved_count; i++)
		check_member(check, network, subnet, &subnet->reserved[i], claims);
}

/* A bridge has one subnet of each family. */
static void check_subnets(const struct network_check *check, const struct network *network,
			  struct claims *claims)
{
	bool bridge = network->driver == NETWORK_DRIVER_BRIDGE;
	unsigned count[7] = {0};

	if (network->subnet_count > SUBNETS_MAX) {
		report_error(check->report, network->subnets[SUBNETS_MAX].pos,
			     "networks.%s.ipam: more than %d subnets", network->key, SUBNETS_MAX);
		return;
	}
	for (size_t i = 0; i < network->subnet_count; i++) {
		const struct subnet_spec *subnet = &network->subnets[i];
		unsigned family = subnet->subnet.prefix.ip.family;

		if (++count[family] == 2 && family && bridge)
			report_error(check->report, subnet->subnet.pos,
				     "networks.%s.ipam: a bridge has one IPv%u subnet, this is a "
				     "second one",
				     network->key, family);
		check_subnet(check, network, subnet, claims);
	}
}

static int compare_pos(struct pos a, struct pos b)
{
	return a.line != b.line ? (a.line > b.line) - (a.line < b.line)
				: (a.col > b.col) - (a.col < b.col);
}

static int compare_holdings(const void *left, const void *right)
{
	const struct prefix_spec *a = ((const struct holding *)left)->subnet;
	const struct prefix_spec *b = ((const struct holding *)right)->subnet;
	int order = ip_compare(&a->prefix.ip, &b->prefix.ip);

	if (order)
		return order;
	return a->prefix.bits != b->prefix.bits ? (a->prefix.bits > b->prefix.bits ? 1 : -1)
						: compare_pos(a->pos, b->pos);
}

/* The wider of two that overlap sorts first, and stands for both after. */
static void check_overlaps(const struct network_check *check, struct holding *holdings,
			   size_t count)
{
	const struct holding *wide = holdings;

	if (count)
		qsort(holdings, count, sizeof(*holdings), compare_holdings);
	for (size_t i = 1; i < count; i++) {
		const struct holding *here = &holdings[i];

		if (!ip_prefix_overlaps(&wide->subnet->prefix, &here->subnet->prefix)) {
			wide = here;
			continue;
		}
		bool first = compare_pos(wide->subnet->pos, here->subnet->pos) < 0;
		const struct holding *told = first ? here : wide;
		const struct holding *other = first ? wide : here;

		report_error(check->report, told->subnet->pos,
			     "networks.%s.ipam: the subnet %s overlaps %s of '%.80s' on line %u",
			     told->network->key, show_prefix(check, &told->subnet->prefix),
			     show_prefix(check, &other->subnet->prefix), other->network->key,
			     other->subnet->pos.line);
	}
}

static void check_stack_subnets(const struct network_check *check, struct claims *claims)
{
	const struct stack *stack = check->stack;
	struct holding *holdings = NULL;
	size_t count = 0;
	size_t cap = 0;

	for (size_t i = 0; i < stack->network_count; i++) {
		const struct network *network = &stack->networks[i];

		check_subnets(check, network, claims);
		for (size_t j = 0; j < network->subnet_count && j < SUBNETS_MAX; j++)
			if (network->subnets[j].subnet.prefix.ip.family)
				*arena_push(check->scratch, holdings, count, cap) =
					(struct holding){network, &network->subnets[j].subnet};
	}
	check_overlaps(check, holdings, count);
}

static const struct prefix_spec *subnet_of(const struct network *network, unsigned family)
{
	for (size_t i = 0; i < network->subnet_count && i < SUBNETS_MAX; i++)
		if (network->subnets[i].subnet.prefix.ip.family == family)
			return &network->subnets[i].subnet;
	return NULL;
}

static bool has_address(const struct network *network, const struct ip *ip)
{
	for (size_t i = 0; i < network->subnet_count && i < SUBNETS_MAX; i++)
		if (ip_prefix_has(&network->subnets[i].subnet.prefix, ip))
			return true;
	return false;
}

/* The first address of an IPv4 subnet is its name, the last one reaches all of it. */
static bool is_end(const struct prefix_spec *subnet, const struct ip *ip)
{
	struct ip first = ip_prefix_first(&subnet->prefix);
	struct ip last = ip_prefix_last(&subnet->prefix);

	return ip_compare(ip, &first) == 0 || (ip->family == 4 && ip_compare(ip, &last) == 0);
}

static void check_fixed(const struct network_check *check, const struct service *service,
			const struct network *network, const struct ip_spec *fixed,
			struct claims *claims)
{
	const struct prefix_spec *subnet = subnet_of(network, fixed->ip.family);
	const char *path = arena_format(check->scratch, "services.%s.networks.%s", service->name,
					network->key);

	if (!fixed->ip.family)
		return;
	if (service->replicas > 1)
		report_error(check->report, fixed->pos,
			     "%s: %u instances cannot share one address: remove it, or run one "
			     "instance",
			     path, service->replicas);
	if (service->replicas > 1 || network->external)
		return;
	if (!subnet)
		report_error(check->report, fixed->pos,
			     "%s: a fixed address needs an IPv%u subnet in networks.%s.ipam.config",
			     path, fixed->ip.family, network->key);
	else if (fixed->ip.family == 6 && !network->ipv6)
		report_error(check->report, fixed->pos,
			     "%s: an IPv6 address needs enable_ipv6: true in networks.%s", path,
			     network->key);
	else if (!has_address(network, &fixed->ip))
		report_error(check->report, fixed->pos, "%s: %s is outside of the subnet %s", path,
			     show(check, &fixed->ip), show_prefix(check, &subnet->prefix));
	else if (is_end(subnet, &fixed->ip))
		report_error(check->report, fixed->pos,
			     "%s: %s is an address of the subnet %s itself", path,
			     show(check, &fixed->ip), show_prefix(check, &subnet->prefix));
	else if (service->enabled)
		claim(check, claims, &(struct claim){network, fixed->ip, fixed->pos, path});
}

static void check_mac(const struct network_check *check, const struct service *service,
		      const struct text *mac)
{
	if (mac->value && service->replicas > 1)
		report_error(check->report, mac->pos,
			     "services.%s: %u instances cannot share one hardware address: remove "
			     "it, or run one instance",
			     service->name, service->replicas);
}

static void check_service(const struct network_check *check, const struct service *service,
			  struct claims *claims)
{
	check_mac(check, service, &service->network.mac_address);
	for (size_t i = 0; i < service->network.attachment_count; i++) {
		const struct net_attachment *one = &service->network.attachments[i];
		const struct network *network = stack_network(check->stack, one->network);

		if (!network)
			continue;
		check_fixed(check, service, network, &one->ipv4, claims);
		check_fixed(check, service, network, &one->ipv6, claims);
		check_mac(check, service, &one->mac_address);
	}
}

static int compare_claims(const void *left, const void *right)
{
	const struct claim *a = left;
	const struct claim *b = right;
	int order = (a->network > b->network) - (a->network < b->network);

	order = order ? order : ip_compare(&a->ip, &b->ip);
	/* What is not written comes first: the other one is told. */
	order = order ? order : (a->path != NULL) - (b->path != NULL);
	return order ? order : compare_pos(a->pos, b->pos);
}

/* The gateway that is not written is the first address of its subnet. */
static void claim_gateways(const struct network_check *check, const struct network *network,
			   struct claims *claims)
{
	for (size_t i = 0; i < network->subnet_count && i < SUBNETS_MAX; i++) {
		const struct subnet_spec *subnet = &network->subnets[i];
		struct ip first = ip_prefix_first(&subnet->subnet.prefix);

		if (subnet->gateway.ip.family || !first.family ||
		    network->driver != NETWORK_DRIVER_BRIDGE)
			continue;
		first.bytes[first.family == 4 ? 3 : 15] |= 1;
		claim(check, claims, &(struct claim){network, first, subnet->subnet.pos, NULL});
	}
}

void check_addresses(const struct network_check *check)
{
	const struct stack *stack = check->stack;
	struct claims claims = {0};

	check_stack_subnets(check, &claims);
	for (size_t i = 0; i < stack->network_count; i++)
		claim_gateways(check, &stack->networks[i], &claims);
	for (size_t i = 0; i < stack->service_count; i++)
		check_service(check, &stack->services[i], &claims);
	if (claims.count)
		qsort(claims.items, claims.count, sizeof(*claims.items), compare_claims);
	for (size_t i = 1; i < claims.count; i++) {
		const struct claim *one = &claims.items[i];
		const struct claim *before = one - 1;

		if (one->network != before->network || ip_compare(&one->ip, &before->ip) != 0)
			continue;
		if (before->path)
			report_error(check->report, one->pos, "%s: %s is taken already, on line %u",
				     one->path, show(check, &one->ip), before->pos.line);
		else
			report_error(check->report, one->pos,
				     "%s: %s is the gateway of the network", one->path,
				     show(check, &one->ip));
	}
}
