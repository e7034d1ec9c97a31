// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Top-level `networks`: each with its driver and its addresses. How they fit together, and with the
 * services, is checked once all are known, in check_networks.c.
 */
#include "manifests/decode_networks.h"

#include "runtime/base/cleanup.h"

#include <stdlib.h>
#include <string.h>

static void decode_driver(struct decoder *decoder, const struct node *node, struct network *network)
{
	static const char *const words[] = {[NETWORK_DRIVER_BRIDGE] = "bridge",
					    [NETWORK_DRIVER_HOST] = "host",
					    [NETWORK_DRIVER_NONE] = "none",
					    [NETWORK_DRIVER_MACVLAN] = "macvlan",
					    [NETWORK_DRIVER_IPVLAN] = "ipvlan"};
	const char *text = decode_scalar(decoder, node, "driver");

	network->driver_pos = node->pos;
	for (size_t i = 0; text && i < ARRAY_SIZE(words); i++) {
		if (strcmp(words[i], text) != 0)
			continue;
		network->driver = (enum network_driver)i;
		return;
	}
	if (!text || !text[0] || strcmp(text, "default") == 0)
		return;
	if (strcmp(text, "overlay") == 0)
		report_warning(decoder->report, node->pos,
			       "%s.driver: overlay is bridge here: there is only this machine",
			       decoder->path);
	else
		decode_error(decoder, node, "driver",
			     "'%.60s' is not supported: write bridge, host or none", text);
}

/* Bits behind the prefix are told and dropped. */
static void decode_prefix(struct decoder *decoder, const struct node *node, const char *key,
			  struct prefix_spec *ret_prefix)
{
	const char *text = decode_scalar(decoder, node, key);
	struct ip_prefix prefix;
	struct err err;

	if (!text || !text[0])
		return;
	if (ip_prefix_parse(text, &prefix, &err) < 0) {
		decode_error(decoder, node, key, "%s", err.text);
		return;
	}
	struct ip first = ip_prefix_first(&prefix);
	bool extra = ip_compare(&first, &prefix.ip) != 0;
	char shown[IP_PREFIX_TEXT_MAX];

	prefix.ip = first;
	*ret_prefix = (struct prefix_spec){prefix, node->pos};
	if (extra)
		report_warning(decoder->report, node->pos, "%s.%s: %.60s is taken for %s",
			       decoder->path, key, text, ip_prefix_format(&prefix, shown));
}

static void add_reserved(struct decoder *decoder, const char *name, const char *value,
			 struct pos pos, void *ctx)
{
	struct subnet_spec *subnet = ctx;
	struct ip_spec *reserved = &subnet->reserved[subnet->reserved_count];
	struct err err;

	reserved->name = arena_text(decoder->keep, name);
	reserved->pos = pos;
	if (ip_parse(value ? value : "", &reserved->ip, &err) < 0)
		report_error(decoder->report, pos, "%s.aux_addresses: %s", decoder->path, err.text);
	else
		subnet->reserved_count++;
}

static int compare_reserved(const void *left, const void *right)
{
	return strcmp(((const struct ip_spec *)left)->name, ((const struct ip_spec *)right)->name);
}

static void decode_reserved(struct decoder *decoder, const struct node *node,
			    struct subnet_spec *subnet)
{
	if (node->kind != NODE_MAPPING) {
		decode_error(decoder, node, "aux_addresses", "must be a mapping, this is %s",
			     node_kind_name(node));
		return;
	}
	subnet->reserved = arena_new(decoder->keep, struct ip_spec, node->count);
	decode_pairs(decoder, node, "aux_addresses", add_reserved, subnet);
	if (subnet->reserved_count)
		qsort(subnet->reserved, subnet->reserved_count, sizeof(*subnet->reserved),
		      compare_reserved);
}

static void decode_subnet(struct decoder *decoder, const struct node *node,
			  struct subnet_spec *subnet)
{
	const struct node *prefix = node_get(node, "subnet");
	const struct node *range = node_get(node, "ip_range");
	const struct node *gateway = node_get(node, "gateway");
	const struct node *reserved = node_get(node, "aux_addresses");

	subnet->pos = node->pos;
	if (!node_is_null(prefix))
		decode_prefix(decoder, prefix, "subnet", &subnet->subnet);
	if (!node_is_null(range))
		decode_prefix(decoder, range, "ip_range", &subnet->range);
	if (!node_is_null(gateway))
		decode_ip(decoder, gateway, "gateway", &subnet->gateway);
	if (!node_is_null(reserved))
		decode_reserved(decoder, reserved, subnet);
}

static void decode_subnets(struct decoder *decoder, const struct node *node,
			   struct network *network)
{
	const char *outer = decoder->path;

	if (node->kind != NODE_SEQUENCE) {
		decode_error(decoder, node, "config", "must be a list, this is %s",
			     node_kind_name(node));
		return;
	}
	network->subnets = arena_new(decoder->keep, struct subnet_spec, node->count);
	decoder->path = arena_format(decoder->scratch, "%s.config", outer);
	for (size_t i = 0; i < node->count && decode_room(decoder, node); i++)
		if (keys_check(decoder->report, node->items[i], keys_subnet, decoder->path))
			decode_subnet(decoder, node->items[i],
				      &network->subnets[network->subnet_count++]);
	decoder->path = outer;
}

static void decode_ipam(struct decoder *decoder, const struct node *node, struct network *network)
{
	const char *outer = decoder->path;
	const struct node *driver = node_get(node, "driver");
	const struct node *config = node_get(node, "config");

	decoder->path = arena_format(decoder->scratch, "%s.ipam", outer);
	if (keys_check(decoder->report, node, keys_ipam, decoder->path)) {
		if (!node_is_null(driver) && decode_scalar(decoder, driver, "driver") &&
		    driver->text[0] && strcmp(driver->text, "default") != 0)
			decode_error(decoder, driver, "driver",
				     "'%.60s' is not supported, only default", driver->text);
		if (!node_is_null(config))
			decode_subnets(decoder, config, network);
	}
	decoder->path = outer;
}

static void add_option(struct decoder *decoder, const char *name, const char *value, struct pos pos,
		       void *ctx)
{
	(void)decoder;
	vars_set(ctx, name, value ? value : "", pos);
}

void decode_driver_options(struct decoder *decoder, const struct node *node, const char *key,
			   struct text_list *ret_options)
{
	struct vars options = {.arena = decoder->scratch};

	if (node->kind != NODE_MAPPING) {
		decode_error(decoder, node, key, "must be a mapping, this is %s",
			     node_kind_name(node));
		return;
	}
	decode_pairs(decoder, node, key, add_option, &options);
	*ret_options = vars_list(&options, decoder->keep);
}

/* What an external network is, is somebody else's business. */
static void refuse_beside_external(struct decoder *decoder, const struct node *node)
{
	for (size_t i = 0; i < node->count; i++) {
		const struct node *key = node->pairs[i].key;

		if (strcmp(key->text, "external") != 0 && strcmp(key->text, "name") != 0 &&
		    strncmp(key->text, "x-", 2) != 0 && !node_is_null(node->pairs[i].value))
			report_error(decoder->report, key->pos,
				     "%s.%s: an external network has it already: remove it, or "
				     "external",
				     decoder->path, key->text);
	}
}

/* Returns the node that names the network, if any. */
static const struct node *decode_external(struct decoder *decoder, const struct node *node,
					  struct network *network)
{
	const struct node *external = node_get(node, "external");
	const struct node *name = node_get(node, "name");

	if (node_is_null(external))
		return name;
	if (external->kind == NODE_SCALAR) {
		network->external = decode_bool(decoder, external, "external", false);
	} else {
		const char *path = arena_format(decoder->scratch, "%s.external", decoder->path);

		network->external = keys_check(decoder->report, external, keys_external, path);
		name = node_is_null(name) ? node_get(external, "name") : name;
	}
	network->external_pos = external->pos;
	if (network->external)
		refuse_beside_external(decoder, node);
	return name;
}

static void decode_name(struct decoder *decoder, const struct node *node, struct network *network)
{
	const char *name = decode_scalar(decoder, node, "name");

	if (name && !decode_is_name(name, DECODE_STORE_NAME_MAX))
		decode_error(decoder, node, "name",
			     "'%.80s' is not a network name: letters, digits, _ . -", name);
	else if (name)
		network->name = arena_text(decoder->keep, name);
}

static void decode_switch(struct decoder *decoder, const struct node *mapping, const char *key,
			  bool *value, struct pos *pos)
{
	const struct node *node = node_get(mapping, key);

	if (node_is_null(node))
		return;
	*value = decode_bool(decoder, node, key, *value);
	*pos = node->pos;
}

/* What an IPv4 host must take, and what a link can have. */
#define MTU_MIN 68
#define MTU_MAX 65535

static void decode_mtu(struct decoder *decoder, struct network *network)
{
	const size_t len = strlen(NETWORK_OPTION_MTU);

	for (size_t i = 0; i < network->driver_options.count; i++) {
		const struct text *option = &network->driver_options.items[i];
		char *end = NULL;

		if (strncmp(option->value, NETWORK_OPTION_MTU, len) != 0)
			continue;
		const char *digits = option->value + len;
		unsigned long mtu = strtoul(digits, &end, 10);
		if (*digits < '0' || *digits > '9' || *end || mtu < MTU_MIN || mtu > MTU_MAX)
			report_error(decoder->report, option->pos,
				     "networks.%s.driver_opts: %.80s: an MTU is a number from %d "
				     "to %d",
				     network->key, option->value, MTU_MIN, MTU_MAX);
		else
			network->mtu = (unsigned)mtu;
	}
}

static bool has_subnet6(const struct network *network)
{
	for (size_t i = 0; i < network->subnet_count; i++)
		if (network->subnets[i].subnet.prefix.ip.family == 6)
			return true;
	return false;
}

static void decode_body(struct decoder *decoder, const struct node *node, struct network *network)
{
	const struct node *name = decode_external(decoder, node, network);
	const struct node *driver = node_get(node, "driver");
	const struct node *options = node_get(node, "driver_opts");
	const struct node *ipam = node_get(node, "ipam");
	const struct node *labels = node_get(node, "labels");

	if (!node_is_null(name))
		decode_name(decoder, name, network);
	else if (network->external)
		network->name = network->key;
	if (!node_is_null(driver))
		decode_driver(decoder, driver, network);
	if (!node_is_null(options))
		decode_driver_options(decoder, options, "driver_opts", &network->driver_options);
	decode_mtu(decoder, network);
	if (!node_is_null(ipam))
		decode_ipam(decoder, ipam, network);
	if (!node_is_null(labels))
		decode_labels(decoder, labels, "labels", &network->labels);
	decode_switch(decoder, node, "internal", &network->internal, &network->internal_pos);
	decode_switch(decoder, node, "enable_ipv4", &network->ipv4, &network->ipv4_pos);
	network->ipv6 = has_subnet6(network);
	decode_switch(decoder, node, "enable_ipv6", &network->ipv6, &network->ipv6_pos);
}

static void decode_network(struct decoder *decoder, const struct pair *pair,
			   struct network *network)
{
	const char *key = pair->key->text;

	*network = (struct network){
		.key = arena_text(decoder->keep, key),
		.name = arena_format(decoder->keep, "%s_%s", decoder->stack->name, key),
		.ipv4 = true,
		.pos = pair->key->pos,
	};
	decoder->path = arena_format(decoder->scratch, "networks.%s", key);
	if (!decode_is_name(key, DECODE_NAME_MAX))
		report_error(decoder->report, pair->key->pos,
			     "'%.80s' is not a network name: letters, digits, _ . -, at most 63",
			     key);
	if (node_is_null(pair->value))
		return;
	if (keys_check(decoder->report, pair->value, keys_network, decoder->path))
		decode_body(decoder, pair->value, network);
}

static int compare_networks(const void *left, const void *right)
{
	return strcmp(((const struct network *)left)->key, ((const struct network *)right)->key);
}

void decode_networks(struct decoder *decoder, const struct node *root)
{
	const struct node *node = node_get(root, "networks");
	bool mapping = !node_is_null(node) && node->kind == NODE_MAPPING;
	struct stack *stack = decoder->stack;

	if (!mapping && !node_is_null(node))
		decode_error(decoder, node, "networks", "must be a mapping, this is %s",
			     node_kind_name(node));
	stack->networks = arena_new(decoder->keep, struct network, (mapping ? node->count : 0) + 1);
	for (size_t i = 0; mapping && i < node->count && decode_room(decoder, node); i++)
		decode_network(decoder, &node->pairs[i], &stack->networks[stack->network_count++]);
	decoder->path = "";
	if (!mapping || !node_get(node, "default"))
		stack->networks[stack->network_count++] = (struct network){
			.key = arena_text(decoder->keep, "default"),
			.name = arena_format(decoder->keep, "%s_default", stack->name),
			.ipv4 = true,
		};
	qsort(stack->networks, stack->network_count, sizeof(*stack->networks), compare_networks);
}
