// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * `expose`: ports that a service listens on, named for people and tools. Instances of a stack reach
 * each other's ports with or without it.
 */
#include "manifests/decode.h"
#include "manifests/scalar.h"

#include <string.h>

static bool is_port(struct decoder *decoder, const char *text, size_t len, int64_t *ret_port)
{
	return scalar_int(arena_copy(decoder->scratch, text, len), 1, 65535, ret_port, NULL) == 0;
}

/* "80", "8000-8010", "53/udp"; the protocol is always written in the result. */
static bool canonical(struct decoder *decoder, struct text *item)
{
	const char *text = item->value;
	size_t ports = strcspn(text, "/");
	size_t first = strcspn(text, "-/");
	const char *protocol = text[ports] ? text + ports + 1 : "tcp";
	int64_t from = 0;
	int64_t to = 0;

	if (strcmp(protocol, "tcp") != 0 && strcmp(protocol, "udp") != 0 &&
	    strcmp(protocol, "sctp") != 0)
		return false;
	if (!is_port(decoder, text, first, &from))
		return false;
	if (first < ports &&
	    (!is_port(decoder, text + first + 1, ports - first - 1, &to) || to < from))
		return false;
	item->value = arena_format(decoder->keep, "%.*s/%s", (int)ports, text, protocol);
	return true;
}

void decode_expose(struct decoder *decoder, const struct node *node, const char *key)
{
	struct text_list *expose = &decoder->service->expose;

	decode_list(decoder, node, key, false, expose);
	for (size_t i = 0; i < expose->count; i++) {
		const struct node place = {.pos = expose->items[i].pos};

		if (canonical(decoder, &expose->items[i]))
			continue;
		decode_error(decoder, &place, key,
			     "'%.60s' is not a port: write for example 80, 8000-8010 or 53/udp",
			     expose->items[i].value);
		/* Some port it was to be, so that nobody complains that there is none. */
		expose->items[i].value = arena_text(decoder->keep, "1/tcp");
	}
}
