// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is in the specification and not supported yet: kept as it is written, so that it can be
 * printed again.
 */
#include "manifests/decode.h"
#include "manifests/decode_value.h"
#include "manifests/tree.h"

#include <string.h>

static const struct node *keep(struct decoder *decoder, const struct node *node);

static void keep_children(struct decoder *decoder, struct node *copy, const struct node *node)
{
	bool mapping = node->kind == NODE_MAPPING;

	copy->pairs = mapping ? arena_new(decoder->keep, struct pair, node->count) : NULL;
	copy->items = mapping ? NULL : arena_new(decoder->keep, struct node *, node->count);
	for (size_t i = 0; i < node->count && decode_room(decoder, node); i++) {
		if (mapping)
			copy->pairs[i] =
				(struct pair){(struct node *)keep(decoder, node->pairs[i].key),
					      (struct node *)keep(decoder, node->pairs[i].value)};
		else
			copy->items[i] = (struct node *)keep(decoder, node->items[i]);
		copy->count = copy->cap = i + 1;
	}
}

/* A tree is TREE_DEPTH_MAX deep at most. */
static const struct node *keep(struct decoder *decoder, const struct node *node)
{
	struct node *copy = arena_new(decoder->keep, struct node, 1);

	*copy = (struct node){.kind = node->kind, .pos = node->pos, .plain = node->plain};
	if (node->kind == NODE_SCALAR)
		copy->text = arena_text(decoder->keep, node->text);
	else
		keep_children(decoder, copy, node);
	return copy;
}

void decode_kept(struct decoder *decoder, const struct node *service)
{
	struct kept_spec *kept = &decoder->service->kept;

	for (const struct key_info *key = keys_service; key->name; key++) {
		const struct node *value = node_get(service, key->name);

		if (key->class != KEY_KEEP || node_is_null(value) || kept->count == KEPT_MAX)
			continue;
		kept->items[kept->count++] = (struct kept){key->name, keep(decoder, value)};
	}
}

void decode_reserved_devices(struct decoder *decoder, const struct node *node, const char *key)
{
	(void)key;
	decoder->service->kept.reserved_devices = keep(decoder, node);
}
