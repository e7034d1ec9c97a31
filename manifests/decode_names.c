// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The names a service knows others by: `extra_hosts`, `dns`, `dns_opt`, `dns_search`,
 * `external_links`. Names of the stack's own services need no words.
 */
#include "manifests/decode_networks.h"

#include "runtime/base/cleanup.h"

#include <string.h>

struct hosts {
	size_t cap;
	const char *key;
};

static void add_host(struct decoder *decoder, const char *name, const char *address, struct pos pos,
		     struct hosts *hosts)
{
	struct service_network *network = &decoder->service->network;
	char canonical[IP_TEXT_MAX] = "host-gateway";
	struct ip ip;

	if (strcmp(address, canonical) != 0 && ip_parse(address, &ip, NULL) < 0) {
		report_error(decoder->report, pos,
			     "%s.%s: '%.60s' is not an IP address: write one, or host-gateway",
			     decoder->path, hosts->key, address);
		return;
	}
	if (strcmp(address, canonical) != 0)
		ip_format(&ip, canonical);
	*arena_push(decoder->keep, network->hosts, network->host_count, hosts->cap) =
		(struct host_spec){arena_text(decoder->keep, name),
				   arena_text(decoder->keep, canonical), pos};
}

/* One address, or several behind commas. */
static void add_addresses(struct decoder *decoder, const char *name, const char *addresses,
			  struct pos pos, struct hosts *hosts)
{
	char *rest = arena_text(decoder->scratch, addresses);

	if (!decode_is_host(name)) {
		report_error(decoder->report, pos, "%s.%s: '%.60s' is not a host name",
			     decoder->path, hosts->key, name);
		return;
	}
	for (char *one; (one = strsep(&rest, ","));)
		add_host(decoder, name, one, pos, hosts);
}

/* NAME=ADDRESS or NAME:ADDRESS; only the second is ambiguous, and then the first colon counts. */
static void split_host(struct decoder *decoder, const struct node *node, struct hosts *hosts)
{
	const char *text = decode_scalar(decoder, node, hosts->key);

	if (!text)
		return;
	size_t len = strcspn(text, "=");

	if (!text[len])
		len = strcspn(text, ":");
	if (!text[len])
		decode_error(decoder, node, hosts->key,
			     "'%.60s' has no address: write NAME=ADDRESS", text);
	else
		add_addresses(decoder, arena_copy(decoder->scratch, text, len), text + len + 1,
			      node->pos, hosts);
}

static void mapped_host(struct decoder *decoder, const struct pair *pair, struct hosts *hosts)
{
	const struct node *value = pair->value;
	size_t count = value->kind == NODE_SEQUENCE ? value->count : 1;

	for (size_t i = 0; i < count && decode_room(decoder, value); i++) {
		const struct node *one = value->kind == NODE_SEQUENCE ? value->items[i] : value;
		const char *text = decode_scalar(decoder, one, hosts->key);

		if (text)
			add_addresses(decoder, pair->key->text, text, one->pos, hosts);
	}
}

void decode_extra_hosts(struct decoder *decoder, const struct node *node, const char *key)
{
	struct hosts hosts = {.key = key};

	if (node->kind == NODE_SCALAR) {
		decode_error(decoder, node, key, "must be a list or a mapping, this is text");
		return;
	}
	for (size_t i = 0; i < node->count && decode_room(decoder, node); i++) {
		if (node->kind == NODE_SEQUENCE)
			split_host(decoder, node->items[i], &hosts);
		else
			mapped_host(decoder, &node->pairs[i], &hosts);
	}
}

void decode_dns(struct decoder *decoder, const struct node *node, const char *key)
{
	struct text_list *dns = &decoder->service->network.dns;

	decode_list(decoder, node, key, true, dns);
	for (size_t i = 0; i < dns->count; i++) {
		char canonical[IP_TEXT_MAX];
		struct ip ip;
		struct err err;

		if (ip_parse(dns->items[i].value, &ip, &err) < 0)
			report_error(decoder->report, dns->items[i].pos, "%s.%s: %s", decoder->path,
				     key, err.text);
		else
			dns->items[i].value = arena_text(decoder->keep, ip_format(&ip, canonical));
	}
}

/* Words of a line of resolv.conf. */
static void decode_words(struct decoder *decoder, const struct node *node, const char *key,
			 struct text_list *ret_words)
{
	decode_list(decoder, node, key, true, ret_words);
	for (size_t i = 0; i < ret_words->count; i++)
		if (!decode_is_host(ret_words->items[i].value))
			report_error(decoder->report, ret_words->items[i].pos,
				     "%s.%s: '%.60s' is not one word", decoder->path, key,
				     ret_words->items[i].value);
}

void decode_dns_opt(struct decoder *decoder, const struct node *node, const char *key)
{
	decode_words(decoder, node, key, &decoder->service->network.dns_options);
}

void decode_dns_search(struct decoder *decoder, const struct node *node, const char *key)
{
	decode_words(decoder, node, key, &decoder->service->network.dns_search);
}

bool decode_link(struct decoder *decoder, const struct node *node, const char *key,
		 struct link_spec *ret_link)
{
	const char *text = decode_scalar(decoder, node, key);

	if (!text)
		return false;
	size_t len = strcspn(text, ":");
	const char *alias = text[len] ? text + len + 1 : "";
	char *target = arena_copy(decoder->keep, text, len);

	*ret_link = (struct link_spec){target, alias[0] ? arena_text(decoder->keep, alias) : target,
				       node->pos};
	if (len && decode_is_host(ret_link->alias))
		return true;
	decode_error(decoder, node, key, "'%.60s' is not of the form NAME or NAME:ALIAS", text);
	return false;
}

void decode_external_links(struct decoder *decoder, const struct node *node, const char *key)
{
	struct service_network *network = &decoder->service->network;

	if (node->kind != NODE_SEQUENCE) {
		decode_error(decoder, node, key, "must be a list, this is %s",
			     node_kind_name(node));
		return;
	}
	network->external_links = arena_new(decoder->keep, struct link_spec, node->count);
	for (size_t i = 0; i < node->count && decode_room(decoder, node); i++)
		network->external_link_count +=
			decode_link(decoder, node->items[i], key,
				    &network->external_links[network->external_link_count]);
}
