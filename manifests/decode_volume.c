// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The top-level `volumes`: their names in the store, or the place of the host they stand for.
 */
#include "manifests/decode_files.h"

#include "runtime/base/cleanup.h"

#include <stdlib.h>
#include <string.h>

static void add_option(struct decoder *decoder, const char *name, const char *value, struct pos pos,
		       void *ctx)
{
	vars_set(ctx, name, value ? value : "", pos);
}

/* True when the options of mount(8), separated by commas, have this word. */
static bool has_word(const char *words, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = words; at && *at;
	     at += strcspn(at, ",") + (at[strcspn(at, ",")] != 0))
		if (strncmp(at, word, len) == 0 && (!at[len] || at[len] == ','))
			return true;
	return false;
}

static void bind_device(struct decoder *decoder, const struct node *node, struct vars *options,
			struct volume *volume)
{
	const struct var *device = vars_find(options, "device");

	/* A variable may be all there is, and set only where the stack is launched. */
	if (!device || !device->value[0]) {
		decode_note(decoder, node, "driver_opts",
			    "a bind needs the path of a directory as device");
		return;
	}
	volume->device = decode_path(decoder, decoder->stack->directory, device->value);
	vars_set(options, "device", volume->device, device->pos);
}

/* Those of the engine's local driver, which are mount(8)'s. */
static void decode_driver_opts(struct decoder *decoder, const struct node *node,
			       struct volume *volume)
{
	static const char *const known[] = {"device", "o", "type"};
	struct vars options = {.arena = decoder->scratch};

	if (node->kind != NODE_MAPPING) {
		decode_error(decoder, node, "driver_opts", "must be a mapping, this is %s",
			     node_kind_name(node));
		return;
	}
	decode_pairs(decoder, node, "driver_opts", add_option, &options);
	for (size_t i = 0; i < node->count; i++) {
		const struct node *key = node->pairs[i].key;
		bool found = false;

		for (size_t k = 0; k < ARRAY_SIZE(known); k++)
			found = found || strcmp(known[k], key->text) == 0;
		if (!found)
			decode_error(decoder, key, "driver_opts",
				     "'%.60s' is not an option of the driver local: those are "
				     "type, o and device",
				     key->text);
	}
	const char *type = vars_get(&options, "type");
	bool bind = has_word(vars_get(&options, "o"), "bind") ||
		    has_word(vars_get(&options, "o"), "rbind");

	if (bind && (!type || !type[0] || strcmp(type, "none") == 0 || strcmp(type, "bind") == 0))
		bind_device(decoder, node, &options, volume);
	else if (type && type[0])
		decode_note(decoder, node, "driver_opts", "the type %.60s is not supported yet",
			    type);
	else if (options.count)
		decode_error(decoder, node, "driver_opts",
			     "says no type: write for example {type: none, o: bind, device: /srv}");
	volume->driver_opts = vars_list(&options, decoder->keep);
}

/* False when it is another one, whose options mean nothing here. */
static bool decode_driver(struct decoder *decoder, const struct node *node)
{
	static const char *const local[] = {"local", "default", ""};
	const char *text = decode_scalar(decoder, node, "driver");

	for (size_t i = 0; text && i < ARRAY_SIZE(local); i++)
		if (strcmp(text, local[i]) == 0)
			return true;
	if (text)
		decode_error(decoder, node, "driver", "'%.60s' is not supported, only local", text);
	return false;
}

static void decode_body(struct decoder *decoder, const struct node *node, struct volume *volume)
{
	const struct node *external = node_get(node, "external");
	const struct node *options = node_get(node, "driver_opts");
	const struct node *driver = node_get(node, "driver");
	const struct node *labels = node_get(node, "labels");
	const struct node *named = node_get(node, "name");
	const char *name = node_is_null(named) ? NULL : decode_scalar(decoder, named, "name");

	if (!node_is_null(external))
		decode_external(decoder, external, &volume->external, &name);
	if (volume->external)
		decode_external_alone(decoder, node);
	if (!node_is_null(labels))
		decode_labels(decoder, labels, "labels", &volume->labels);
	bool local = !volume->external && (node_is_null(driver) || decode_driver(decoder, driver));

	if (!node_is_null(options) && local)
		decode_driver_opts(decoder, options, volume);
	if (name && !decode_is_name(name, DECODE_STORE_NAME_MAX))
		decode_error(decoder, node_is_null(named) ? external : named, "name",
			     "'%.80s' is not a volume name: letters, digits, _ . -", name);
	else if (name)
		volume->name = arena_text(decoder->keep, name);
	else if (volume->external)
		volume->name = volume->key;
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
		decode_body(decoder, pair->value, volume);
}

static int compare_volumes(const void *left, const void *right)
{
	return strcmp(((const struct volume *)left)->key, ((const struct volume *)right)->key);
}

void decode_top_volumes(struct decoder *decoder, const struct node *node, const char *key)
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
