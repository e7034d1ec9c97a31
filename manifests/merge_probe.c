// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Merging `x-probe`: the short forms become long ones, so that a later manifest can change one
 * number of a probe, and a later method takes the place of an earlier one.
 */
#include "manifests/merge.h"

#include "runtime/base/cleanup.h"

#include <string.h>

static const char *const methods[] = {"exec", "http", "notify", "tcp"};

/* The method of a short form; NULL for "none" and for what the decoder will refuse. */
static const char *method_of(const struct node *node)
{
	if (node->tag)
		return NULL; /* replaces all there was, as it is */
	if (node->kind == NODE_SEQUENCE)
		return "exec";
	if (node->kind != NODE_SCALAR || node_is_null(node))
		return NULL;
	if (strncmp(node->text, "http://", 7) == 0 || strncmp(node->text, "https://", 8) == 0)
		return "http";
	if (strncmp(node->text, "tcp://", 6) == 0)
		return "tcp";
	return strcmp(node->text, "notify") == 0 ? "notify" : NULL;
}

static struct node *long_form(struct tree *tree, struct node *node)
{
	const char *method = method_of(node);
	struct node *mapping = tree_node(tree, NODE_MAPPING, node->pos);
	struct node *value = node;

	if (!method)
		return node;
	if (strcmp(method, "notify") == 0)
		value = tree_scalar(tree, "true", true, node->pos);
	tree_put(tree, mapping, tree_scalar(tree, method, false, node->pos), value);
	return mapping;
}

static void drop_other_methods(struct node *base, const struct node *over)
{
	bool other = false;

	for (size_t i = 0; i < ARRAY_SIZE(methods); i++)
		other |= !node_is_null(node_get(over, methods[i]));
	for (size_t i = 0; other && i < ARRAY_SIZE(methods); i++)
		if (node_is_null(node_get(over, methods[i])))
			tree_remove(base, methods[i]);
}

void merge_probe_forms(struct tree *tree, struct node *base, struct node *over)
{
	for (size_t i = 0; over->kind == NODE_MAPPING && i < over->count; i++) {
		struct pair *pair = &over->pairs[i];
		struct node *mine = node_get(base, pair->key->text);

		pair->value = long_form(tree, pair->value);
		for (size_t j = 0; mine && j < base->count; j++)
			if (base->pairs[j].value == mine)
				mine = base->pairs[j].value = long_form(tree, mine);
		if (mine && mine->kind == NODE_MAPPING && pair->value->kind == NODE_MAPPING)
			drop_other_methods(mine, pair->value);
	}
}
