// SPDX-License-Identifier: GPL-2.0-or-later
/* What a network is made from; see network_definition.h. */
#include "launcher/supervisor/network_definition.h"

#include "runtime/base/buf.h"

#include <string.h>

const struct subnet_spec *network_subnet(const struct network *network, unsigned char family)
{
	for (size_t i = 0; i < network->subnet_count; i++)
		if (network->subnets[i].subnet.prefix.ip.family == family)
			return &network->subnets[i];
	return NULL;
}

static void put_subnet(struct buf *text, const struct subnet_spec *subnet)
{
	char prefix[IP_PREFIX_TEXT_MAX] = "", range[IP_PREFIX_TEXT_MAX] = "";
	char gateway[IP_TEXT_MAX] = "", reserved[IP_TEXT_MAX];

	if (subnet) {
		ip_prefix_format(&subnet->subnet.prefix, prefix);
		ip_prefix_format(&subnet->range.prefix, range);
		ip_format(&subnet->gateway.ip, gateway);
	}
	buf_printf(text, " %s %s %s", prefix, range, gateway);
	for (size_t i = 0; subnet && i < subnet->reserved_count; i++)
		buf_printf(text, " %s", ip_format(&subnet->reserved[i].ip, reserved));
}

/* Written in the manifest, and not as it would be by itself. */
static bool has_name(const struct stack *stack, const struct network *network)
{
	const size_t len = strlen(stack->name);

	return strncmp(network->name, stack->name, len) != 0 || network->name[len] != '_' ||
	       strcmp(network->name + len + 1, network->key) != 0;
}

char *network_definition(const struct stack *stack, const struct network *network)
{
	autobuf struct buf text = {0};

	if (network->external) {
		buf_printf(&text, NETWORK_JOINED "%s", network->name);
		return buf_check(&text, NULL) < 0 ? NULL : buf_take(&text);
	}
	buf_printf(&text, "%d", network->internal);
	put_subnet(&text, network_subnet(network, 4));
	if (network->mtu)
		buf_printf(&text, " mtu %u", network->mtu);
	if (network->ipv6) {
		buf_puts(&text, " ipv6");
		put_subnet(&text, network_subnet(network, 6));
	}
	if (has_name(stack, network))
		buf_printf(&text, " name %s", network->name);
	return buf_check(&text, NULL) < 0 ? NULL : buf_take(&text);
}
