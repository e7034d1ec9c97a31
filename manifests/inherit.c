// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A name without a value in `environment` takes the one it has where the manifest was included
 * with: its own .env or env_file. Once it is merged into the one that includes it, nobody knows.
 */
#include "manifests/loading.h"

#include <string.h>

static void set_value(struct tree *tree, struct node *node, const char *text)
{
	node->text = text;
	node->plain = false;
	tree->text_bytes += strlen(text);
}

static void inherit_listed(struct tree *tree, struct node *item, const struct vars *vars)
{
	const char *value = item->kind == NODE_SCALAR && !strchr(item->text, '=')
				    ? vars_get(vars, item->text)
				    : NULL;

	if (value)
		set_value(tree, item, arena_format(tree->arena, "%s=%s", item->text, value));
}

static void inherit_mapped(struct tree *tree, const struct pair *pair, const struct vars *vars)
{
	const char *value = node_is_null(pair->value) ? vars_get(vars, pair->key->text) : NULL;

	if (value)
		set_value(tree, pair->value, value);
}

static void inherit_service(struct tree *tree, struct node *environment, const struct vars *vars)
{
	for (size_t i = 0; i < environment->count && !tree_full(tree); i++) {
		if (environment->kind == NODE_MAPPING)
			inherit_mapped(tree, &environment->pairs[i], vars);
		else
			inherit_listed(tree, environment->items[i], vars);
	}
}

void inherit_environment(struct tree *tree, struct node *root, const struct vars *vars)
{
	const struct node *services = node_get(root, "services");

	for (size_t i = 0; services && services->kind == NODE_MAPPING && i < services->count; i++) {
		struct node *environment = node_get(services->pairs[i].value, "environment");

		if (environment && environment->kind != NODE_SCALAR)
			inherit_service(tree, environment, vars);
	}
}
