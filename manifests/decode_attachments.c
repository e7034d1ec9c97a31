// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How a service is attached: `networks` as a list or a mapping, `network_mode`, `mac_address`.
 */
#include "manifests/decode_networks.h"

#include "runtime/base/cleanup.h"

#include <ctype.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

void decode_ip(struct decoder *decoder, const struct node *node, const char *key,
	       struct ip_spec *ret_ip)
{
	const char *text = decode_scalar(decoder, node, key);
	struct ip_spec spec = {.pos = node->pos};
	struct err err;

	if (!text || !text[0])
		return;
	if (ip_parse(text, &spec.ip, &err) < 0)
		decode_error(decoder, node, key, "%s", err.text);
	else
		*ret_ip = spec;
}

static void decode_family(struct decoder *decoder, const struct node *node, const char *key,
			  unsigned family, struct ip_spec *ret_ip)
{
	struct ip_spec spec = {0};

	decode_ip(decoder, node, key, &spec);
	if (spec.ip.family && spec.ip.family != family)
		decode_error(decoder, node, key, "'%.60s' is not an IPv%u address", node->text,
			     family);
	else if (spec.ip.family)
		*ret_ip = spec;
}

/* What can be written into a hosts file: no space, nothing that ends a line or begins a comment. */
bool decode_is_host(const char *text)
{
	size_t len = strlen(text);

	for (size_t i = 0; i < len; i++)
		if (!isgraph((unsigned char)text[i]) || strchr("#/,\"'", text[i]))
			return false;
	return len > 0 && len <= 253;
}

static void decode_aliases(struct decoder *decoder, const struct node *node,
			   struct text_list *aliases)
{
	decode_list(decoder, node, "aliases", false, aliases);
	for (size_t i = 0; i < aliases->count; i++)
		if (!decode_is_host(aliases->items[i].value))
			report_error(decoder->report, aliases->items[i].pos,
				     "%s.aliases: '%.60s' is not a host name", decoder->path,
				     aliases->items[i].value);
}

/* Six bytes in hexadecimal behind colons or dashes, or three pairs of them behind dots. */
static bool read_mac(const char *text, unsigned char mac[6])
{
	char separator = strchr(text, '.') ? '.' : strchr(text, '-') ? '-' : ':';
	size_t group = separator == '.' ? 4 : 2;
	size_t digits = 0;

	for (size_t i = 0; text[i]; i++) {
		bool between = digits && digits % group == 0 && digits < 12 &&
			       (i < 1 || text[i - 1] != separator) && text[i] == separator;

		if (between)
			continue;
		if (!isxdigit((unsigned char)text[i]) || digits == 12 ||
		    (digits && digits % group == 0 && text[i - 1] != separator))
			return false;
		unsigned value = (unsigned)(isdigit((unsigned char)text[i])
						    ? text[i] - '0'
						    : tolower((unsigned char)text[i]) - 'a' + 10);

		mac[digits / 2] =
			(unsigned char)(digits % 2 ? mac[digits / 2] << 4 | value : value);
		digits++;
	}
	return digits == 12;
}

static void decode_mac(struct decoder *decoder, const struct node *node, const char *key,
		       struct text *ret_mac)
{
	const char *text = decode_scalar(decoder, node, key);
	unsigned char mac[6] = {0};

	if (!text || !text[0])
		return;
	if (!read_mac(text, mac))
		decode_error(decoder, node, key,
			     "'%.60s' is not a hardware address: write for example "
			     "02:42:ac:11:00:02",
			     text);
	else if (mac[0] & 1)
		decode_error(decoder, node, key, "'%.60s' is the address of a group", text);
	else
		*ret_mac =
			(struct text){arena_format(decoder->keep, "%02x:%02x:%02x:%02x:%02x:%02x",
						   mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]),
				      node->pos};
}

void decode_mac_address(struct decoder *decoder, const struct node *node, const char *key)
{
	decode_mac(decoder, node, key, &decoder->service->network.mac_address);
}

static void decode_interface(struct decoder *decoder, const struct node *node,
			     struct text *ret_name)
{
	const char *text = decode_scalar(decoder, node, "interface_name");
	size_t len = text ? strlen(text) : 0;

	if (!len)
		return;
	if (len >= IF_NAMESIZE || strpbrk(text, "/: \t\n%") || strcmp(text, "lo") == 0 ||
	    text[0] == '.')
		decode_error(decoder, node, "interface_name",
			     "'%.60s' is not a name for an interface: at most 15 characters, "
			     "no / or :",
			     text);
	else
		decode_text(decoder, node, "interface_name", ret_name);
}

static void decode_priority(struct decoder *decoder, const struct node *mapping, const char *key,
			    int64_t *ret_priority)
{
	const struct node *node = node_get(mapping, key);

	if (!node_is_null(node))
		(void)!decode_int(decoder, node, key, (struct decode_range){INT32_MIN, INT32_MAX},
				  ret_priority);
}

static void decode_long(struct decoder *decoder, const struct node *node,
			struct net_attachment *attachment)
{
	const struct node *aliases = node_get(node, "aliases");
	const struct node *ipv4 = node_get(node, "ipv4_address");
	const struct node *ipv6 = node_get(node, "ipv6_address");
	const struct node *mac = node_get(node, "mac_address");
	const struct node *name = node_get(node, "interface_name");
	const struct node *options = node_get(node, "driver_opts");

	if (!node_is_null(aliases))
		decode_aliases(decoder, aliases, &attachment->aliases);
	if (!node_is_null(ipv4))
		decode_family(decoder, ipv4, "ipv4_address", 4, &attachment->ipv4);
	if (!node_is_null(ipv6))
		decode_family(decoder, ipv6, "ipv6_address", 6, &attachment->ipv6);
	if (!node_is_null(mac))
		decode_mac(decoder, mac, "mac_address", &attachment->mac_address);
	if (!node_is_null(name))
		decode_interface(decoder, name, &attachment->interface_name);
	if (!node_is_null(options))
		decode_driver_options(decoder, options, "driver_opts", &attachment->driver_options);
	decode_priority(decoder, node, "priority", &attachment->priority);
	decode_priority(decoder, node, "gw_priority", &attachment->gw_priority);
}

static void decode_one(struct decoder *decoder, const struct node *name, const struct node *value,
		       const char *key)
{
	struct service_network *network = &decoder->service->network;
	struct net_attachment *attachment = &network->attachments[network->attachment_count];
	const char *text = decode_scalar(decoder, name, key);
	const char *outer = decoder->path;

	if (!text)
		return;
	*attachment = (struct net_attachment){.network = arena_text(decoder->keep, text),
					      .pos = name->pos};
	network->attachment_count++;
	if (node_is_null(value))
		return;
	decoder->path = arena_format(decoder->scratch, "%s.%s.%s", outer, key, text);
	if (keys_check(decoder->report, value, keys_attachment, decoder->path))
		decode_long(decoder, value, attachment);
	decoder->path = outer;
}

static int compare_attachments(const void *left, const void *right)
{
	const struct net_attachment *a = left;
	const struct net_attachment *b = right;
	int order = strcmp(a->network, b->network);

	return order ? order : (a->pos.line > b->pos.line) - (a->pos.line < b->pos.line);
}

void decode_service_networks(struct decoder *decoder, const struct node *node, const char *key)
{
	struct service_network *network = &decoder->service->network;
	bool mapping = node->kind == NODE_MAPPING;

	if (node->kind == NODE_SCALAR) {
		decode_error(decoder, node, key, "must be a list or a mapping, this is text");
		return;
	}
	network->attachments_pos = node->pos;
	network->attachments = arena_new(decoder->keep, struct net_attachment, node->count);
	for (size_t i = 0; i < node->count && decode_room(decoder, node); i++)
		decode_one(decoder, mapping ? node->pairs[i].key : node->items[i],
			   mapping ? node->pairs[i].value : NULL, key);
	if (network->attachment_count)
		qsort(network->attachments, network->attachment_count,
		      sizeof(*network->attachments), compare_attachments);
}

static void set_join(struct decoder *decoder, const struct node *node, enum network_mode mode,
		     const char *name)
{
	struct service_network *network = &decoder->service->network;

	if (!decode_is_name(name, DECODE_STORE_NAME_MAX)) {
		decode_error(decoder, node, "network_mode", "'%.60s' is not a name", name);
		return;
	}
	network->mode = mode;
	network->join = (struct text){arena_text(decoder->keep, name), node->pos};
}

void decode_network_mode(struct decoder *decoder, const struct node *node, const char *key)
{
	static const struct key_info words[] = {[NETWORK_BRIDGE] = {"bridge"},
						[NETWORK_HOST] = {"host"},
						[NETWORK_NONE] = {"none"},
						{NULL}};
	const char *text = decode_scalar(decoder, node, key);
	const char *near;

	if (!text || !text[0])
		return;
	decoder->service->network.mode_pos = node->pos;
	for (size_t i = 0; words[i].name; i++) {
		if (strcmp(words[i].name, text) != 0)
			continue;
		decoder->service->network.mode = (enum network_mode)i;
		return;
	}
	near = keys_nearest(words, text);
	if (strncmp(text, "service:", 8) == 0)
		set_join(decoder, node, NETWORK_SERVICE, text + 8);
	else if (strncmp(text, "container:", 10) == 0)
		set_join(decoder, node, NETWORK_CONTAINER, text + 10);
	else if (near)
		decode_error(decoder, node, key, "'%.60s' is no mode: did you mean '%s'?", text,
			     near);
	else if (strcmp(text, "default") != 0)
		set_join(decoder, node, NETWORK_NAMED, text);
}
