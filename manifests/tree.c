// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Nodes and their budget. Nothing here is quadratic in the size of a mapping: hostile documents
 * have mappings with tens of thousands of keys.
 */
#include "manifests/tree.h"

#include <stdlib.h>
#include <string.h>

#define TREE_TEXT_TOTAL_MAX ((size_t)48 << 20)

bool tree_full(const struct tree *tree)
{
	return tree->nodes >= TREE_NODES_MAX || tree->text_bytes >= TREE_TEXT_TOTAL_MAX ||
	       arena_low(tree->arena);
}

struct node *tree_node(struct tree *tree, enum node_kind kind, struct pos pos)
{
	struct node *node = arena_new(tree->arena, struct node, 1);

	*node = (struct node){.kind = kind, .pos = pos};
	tree->nodes++;
	return node;
}

struct node *tree_scalar(struct tree *tree, const char *text, bool plain, struct pos pos)
{
	struct node *node = tree_node(tree, NODE_SCALAR, pos);

	node->text = text;
	node->plain = plain;
	tree->text_bytes += strlen(text);
	return node;
}

void tree_append(struct tree *tree, struct node *sequence, struct node *item)
{
	*arena_push(tree->arena, sequence->items, sequence->count, sequence->cap) = item;
}

void tree_put(struct tree *tree, struct node *mapping, struct node *key, struct node *value)
{
	*arena_push(tree->arena, mapping->pairs, mapping->count, mapping->cap) =
		(struct pair){.key = key, .value = value};
}

void tree_remove(struct node *mapping, const char *key)
{
	size_t kept = 0;

	for (size_t i = 0; i < mapping->count; i++)
		if (strcmp(mapping->pairs[i].key->text, key) != 0)
			mapping->pairs[kept++] = mapping->pairs[i];
	mapping->count = kept;
}

struct node *tree_copy(struct tree *tree, const struct node *node)
{
	if (tree_full(tree))
		return NULL;
	if (node->kind == NODE_SCALAR) {
		struct node *scalar = tree_scalar(tree, node->text, node->plain, node->pos);

		scalar->tag = node->tag;
		scalar->faulty = node->faulty;
		return scalar;
	}

	struct node *copy = tree_node(tree, node->kind, node->pos);

	copy->tag = node->tag;
	copy->faulty = node->faulty;
	for (size_t i = 0; i < node->count; i++) {
		bool mapping = node->kind == NODE_MAPPING;
		struct node *value =
			tree_copy(tree, mapping ? node->pairs[i].value : node->items[i]);

		if (!value)
			return NULL;
		if (mapping)
			tree_put(tree, copy, node->pairs[i].key, value);
		else
			tree_append(tree, copy, value);
	}
	return copy;
}

static int compare_pairs(const void *left, const void *right)
{
	const struct pair *a = *(struct pair *const *)left;
	const struct pair *b = *(struct pair *const *)right;
	int order = strcmp(a->key->text, b->key->text);

	return order ? order : (a > b) - (a < b);
}

struct pair **tree_sorted(struct tree *tree, const struct node *mapping)
{
	struct pair **sorted = arena_new(tree->arena, struct pair *, mapping->count);

	for (size_t i = 0; i < mapping->count; i++)
		sorted[i] = &mapping->pairs[i];
	if (mapping->count)
		qsort(sorted, mapping->count, sizeof(*sorted), compare_pairs);
	return sorted;
}

void tree_keep_first(struct tree *tree, struct node *mapping)
{
	struct pair **sorted = tree_sorted(tree, mapping);
	bool *drop = arena_new(tree->arena, bool, mapping->count);
	size_t kept = 0;

	for (size_t i = 1; i < mapping->count; i++)
		if (strcmp(sorted[i]->key->text, sorted[i - 1]->key->text) == 0)
			drop[sorted[i] - mapping->pairs] = true;
	for (size_t i = 0; i < mapping->count; i++)
		if (!drop[i])
			mapping->pairs[kept++] = mapping->pairs[i];
	mapping->count = kept;
}

bool node_is_null(const struct node *node)
{
	static const char *const words[] = {"", "~", "null", "Null", "NULL"};

	if (!node)
		return true;
	if (node->kind != NODE_SCALAR || !node->plain)
		return false;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strcmp(node->text, words[i]) == 0)
			return true;
	return false;
}

struct node *node_get(const struct node *mapping, const char *key)
{
	if (!mapping || mapping->kind != NODE_MAPPING)
		return NULL;
	for (size_t i = 0; i < mapping->count; i++)
		if (strcmp(mapping->pairs[i].key->text, key) == 0)
			return mapping->pairs[i].value;
	return NULL;
}

const char *node_kind_name(const struct node *node)
{
	if (node_is_null(node))
		return "nothing";
	if (node->kind == NODE_MAPPING)
		return "a mapping";
	return node->kind == NODE_SEQUENCE ? "a list" : "text";
}
