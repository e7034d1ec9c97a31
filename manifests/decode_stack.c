// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The top level of a manifest, and its named volumes.
 */
#include "manifests/decode_files.h"

#include "runtime/base/cleanup.h"

#include <stdlib.h>
#include <string.h>

static void decode_volume_body(struct decoder *decoder, const struct node *node,
			       struct volume *volume)
{
	const struct node *external = node_get(node, "external");
	const struct node *driver = node_get(node, "driver");
	const struct node *labels = node_get(node, "labels");
	const struct node *named = node_get(node, "name");
	const char *name = NULL;

	if (!node_is_null(named))
		name = decode_scalar(decoder, named, "name");
	if (!node_is_null(external))
		decode_external(decoder, external, &volume->external, &name);
	if (!node_is_null(labels))
		decode_labels(decoder, labels, "labels", &volume->labels);
	if (!node_is_null(driver) && decode_scalar(decoder, driver, "driver") &&
	    strcmp(driver->text, "local") != 0)
		decode_error(decoder, driver, "driver", "'%.60s' is not supported, only local",
			     driver->text);
	if (name && !decode_is_name(name, DECODE_STORE_NAME_MAX))
		decode_error(decoder, named ? named : external, "name",
			     "'%.80s' is not a volume name: letters, digits, _ . -", name);
	else if (name)
		volume->name = arena_text(decoder->keep, name);
	else if (volume->external)
		volume->name = volume->key;
	if (volume->external)
		decode_external_alone(decoder, node);
}

static void decode_volume(struct decoder *decoder, const struct pair *pair, struct volume *volume)
{
	const char *key = pair->key->text;

	volume->key = arena_text(decoder->keep, key);
	volume->pos = pair->key->pos;
	volume->name = arena_format(decoder->keep, "%s_%s", decoder->stack->name, key);
	decoder->path = arena_format(decoder->scratch, "volumes.%s", key);
	if (!decode_is_name(key, DECODE_NAME_MAX))
		report_error(decoder->report, pair->key->pos,
			     "'%.80s' is not a volume name: letters, digits, _ . -, at most 63",
			     key);
	if (node_is_null(pair->value))
		return;
	if (keys_check(decoder->report, pair->value, keys_volume, decoder->path))
		decode_volume_body(decoder, pair->value, volume);
}

static int compare_volumes(const void *left, const void *right)
{
	return strcmp(((const struct volume *)left)->key, ((const struct volume *)right)->key);
}

static void decode_top_volumes(struct decoder *decoder, const struct node *node, const char *key)
{
	struct stack *stack = decoder->stack;

	if (node->kind != NODE_MAPPING) {
		decode_error(decoder, node, key, "must be a mapping, this is %s",
			     node_kind_name(node));
		return;
	}
	stack->volumes = arena_new(decoder->keep, struct volume, node->count);
	for (size_t i = 0; i < node->count && decode_room(decoder, node); i++)
		decode_volume(decoder, &node->pairs[i], &stack->volumes[stack->volume_count++]);
	decoder->path = "";
	if (stack->volume_count)
		qsort(stack->volumes, stack->volume_count, sizeof(*stack->volumes),
		      compare_volumes);
}

void decode_stack(struct decoder *decoder, const struct node *root)
{
	const struct node *services = node_get(root, "services");
	const struct node *volumes = node_get(root, "volumes");

	decoder->path = "";
	if (!keys_check(decoder->report, root, keys_top, ""))
		return;
	if (!node_is_null(volumes))
		decode_top_volumes(decoder, volumes, "volumes");
	decode_top_files(decoder, root);
	if (node_is_null(services))
		report_error(decoder->report, root->pos, "a manifest needs services");
	else
		decode_services(decoder, services);
}
