// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * `ports`, in the short and the long form. Ranges become one entry per port, and are bounded for
 * the stack as a whole: "1-65535" is nine bytes.
 */
#include "manifests/decode.h"
#include "manifests/scalar.h"

#include "runtime/base/cleanup.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define PORTS_MAX 65536

/* A repeated entry is looked for among so many. */
#define REPEATED_MAX 64

struct port_range {
	unsigned first; /* 0: any free port */
	unsigned last;
};

struct port_text {
	const char *host_ip;
	const char *published;
	const char *target;
	const char *protocol;
	const struct node *node;
};

/* Digits only: no sign, no surrounding space. */
static bool parse_port(const char *text, size_t len, unsigned *ret_port)
{
	char digits[8] = {0};
	int64_t port = 0;

	if (!len || len >= sizeof(digits))
		return false;
	memcpy(digits, text, len);
	if (strspn(digits, "0123456789") != len || scalar_int(digits, 1, 65535, &port, NULL) < 0)
		return false;
	*ret_port = (unsigned)port;
	return true;
}

static bool parse_range(const char *text, struct port_range *ret_range)
{
	size_t len = strcspn(text, "-");
	struct port_range range;

	if (!parse_port(text, len, &range.first))
		return false;
	range.last = range.first;
	if (text[len] && !parse_port(text + len + 1, strlen(text + len + 1), &range.last))
		return false;
	if (range.last < range.first)
		return false;
	*ret_range = range;
	return true;
}

static bool parse_ip(struct decoder *decoder, const struct port_text *text, const char *key,
		     char **ret_ip)
{
	char canonical[IP_TEXT_MAX];
	struct ip ip;
	struct err err;

	if (!text->host_ip || !text->host_ip[0])
		return true;
	if (ip_parse(text->host_ip, &ip, &err) < 0) {
		decode_error(decoder, text->node, key, "%s", err.text);
		return false;
	}
	*ret_ip = arena_text(decoder->keep, ip_format(&ip, canonical));
	return true;
}

static bool parse_protocol(struct decoder *decoder, const struct port_text *text, const char *key,
			   enum protocol *ret_protocol)
{
	static const char *const words[] = {
		[PROTOCOL_TCP] = "tcp", [PROTOCOL_UDP] = "udp", [PROTOCOL_SCTP] = "sctp"};

	*ret_protocol = PROTOCOL_TCP;
	if (!text->protocol || !text->protocol[0])
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strcasecmp(text->protocol, words[i]) != 0)
			continue;
		*ret_protocol = (enum protocol)i;
		if (i == PROTOCOL_SCTP)
			decode_note(decoder, text->node, key, "sctp is not supported yet");
		return true;
	}
	decode_error(decoder, text->node, key, "the protocol '%.60s' is not tcp, udp or sctp",
		     text->protocol);
	return false;
}

static bool is_same(const struct port_spec *a, const struct port_spec *b)
{
	return a->target == b->target && a->published == b->published &&
	       a->published_last == b->published_last && a->protocol == b->protocol &&
	       strcmp(a->host_ip ? a->host_ip : "", b->host_ip ? b->host_ip : "") == 0;
}

/* One port, unless it is among the last ones already: lists that were merged repeat entries. */
static void add_port(struct decoder *decoder, const struct port_spec *port)
{
	struct service *service = decoder->service;
	size_t first = service->port_count > REPEATED_MAX ? service->port_count - REPEATED_MAX : 0;

	for (size_t i = first; port->published && i < service->port_count; i++)
		if (is_same(&service->ports[i], port))
			return;
	*arena_push(decoder->keep, service->ports, service->port_count, decoder->port_cap) = *port;
	decoder->port_total++;
}

static void add_ports(struct decoder *decoder, struct port_range published,
		      struct port_range target, const struct port_spec *base)
{
	for (unsigned i = 0; i <= target.last - target.first; i++) {
		struct port_spec port = *base;

		port.target = (uint16_t)(target.first + i);
		port.published = published.first ? (uint16_t)(published.first + i) : 0;
		add_port(decoder, &port);
	}
}

static void decode_port(struct decoder *decoder, const struct port_text *text, const char *key)
{
	struct port_range published = {0};
	struct port_range target;
	struct port_spec port = {.pos = text->node->pos};
	bool any = !text->published || !text->published[0] || strcmp(text->published, "0") == 0;

	if (!parse_range(text->target, &target)) {
		decode_error(decoder, text->node, key,
			     "'%.60s' is not a port: write 1 to 65535, or a range like 8000-8010",
			     text->target);
		return;
	}
	if (!any && !parse_range(text->published, &published)) {
		decode_error(decoder, text->node, key,
			     "'%.60s' is not a port: write 1 to 65535, or a range like 8000-8010",
			     text->published);
		return;
	}
	if (published.last > published.first && target.last == target.first) {
		port.published_last = (uint16_t)published.last;
	} else if (!any && published.last - published.first != target.last - target.first) {
		decode_error(decoder, text->node, key,
			     "the ranges %.20s and %.20s have different lengths", text->published,
			     text->target);
		return;
	}
	if (!parse_ip(decoder, text, key, &port.host_ip) ||
	    !parse_protocol(decoder, text, key, &port.protocol))
		return;
	if (decoder->port_total + target.last - target.first >= PORTS_MAX)
		decode_error(decoder, text->node, key, "a stack publishes at most %d ports",
			     PORTS_MAX);
	else
		add_ports(decoder, published, target, &port);
}

/* [[IP:]PUBLISHED:]TARGET[/PROTOCOL], read from its end. */
static void short_port(struct decoder *decoder, const struct node *node, const char *key)
{
	char *copy = arena_text(decoder->scratch, node->text);
	struct port_text text = {.target = copy, .node = node};
	char *cut = strrchr(copy, '/');

	if (cut) {
		*cut = '\0';
		text.protocol = cut + 1;
	}
	cut = strrchr(copy, ':');
	if (cut) {
		*cut = '\0';
		text.target = cut + 1;
		text.published = copy;
		cut = strrchr(copy, ':');
	}
	if (cut) {
		*cut = '\0';
		text.published = cut + 1;
		text.host_ip = copy;
	}
	decode_port(decoder, &text, key);
}

static const char *member(struct decoder *decoder, const struct node *mapping, const char *key)
{
	const struct node *value = node_get(mapping, key);

	return node_is_null(value) ? NULL : decode_scalar(decoder, value, key);
}

static void long_port(struct decoder *decoder, const struct node *node, const char *key)
{
	const char *outer = decoder->path;
	struct port_text text = {.node = node};

	decoder->path = arena_format(decoder->scratch, "%s.%s", outer, key);
	if (!keys_check(decoder->report, node, keys_port, decoder->path)) {
		decoder->path = outer;
		return;
	}
	const char *mode = member(decoder, node, "mode");

	text.target = member(decoder, node, "target");
	text.published = member(decoder, node, "published");
	text.host_ip = member(decoder, node, "host_ip");
	text.protocol = member(decoder, node, "protocol");
	if (mode && strcmp(mode, "ingress") != 0 && strcmp(mode, "host") != 0)
		decode_error(decoder, node_get(node, "mode"), "mode",
			     "'%.60s' is not ingress or host", mode);
	decoder->path = outer;
	if (!node_get(node, "target"))
		decode_error(decoder, node, key, "needs a target");
	else if (text.target && strchr(text.target, '-'))
		decode_error(decoder, node, key, "the target must be one port");
	else if (text.target)
		decode_port(decoder, &text, key);
}

void decode_ports(struct decoder *decoder, const struct node *node, const char *key)
{
	if (node->kind != NODE_SEQUENCE) {
		decode_error(decoder, node, key, "must be a list, this is %s",
			     node_kind_name(node));
		return;
	}
	for (size_t i = 0; i < node->count && decode_room(decoder, node); i++) {
		if (node->items[i]->kind == NODE_SCALAR)
			short_port(decoder, node->items[i], key);
		else
			long_port(decoder, node->items[i], key);
	}
}
