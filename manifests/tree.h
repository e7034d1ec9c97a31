// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A document as a tree of nodes with positions: what is between the YAML library and the decoder.
 *
 * Nodes live in an arena. Aliases are already expanded and merge keys applied, keys are unique
 * scalars; so a tree is a tree, and everything after it can modify nodes in place.
 */
#pragma once

#include "manifests/arena.h"
#include "manifests/stack.h"

#define TREE_NODES_MAX 250000
#define TREE_DEPTH_MAX 64
#define TREE_TEXT_MAX  ((size_t)1 << 20) /* of one scalar */

enum node_kind {
	NODE_SCALAR,
	NODE_SEQUENCE,
	NODE_MAPPING,
};

/* Compose's merge tags. */
enum node_tag {
	TAG_NONE,
	TAG_RESET,    /* !reset: the key disappears */
	TAG_OVERRIDE, /* !override: replaces instead of merging */
};

struct node;

struct pair {
	struct node *key; /* a scalar */
	struct node *value;
};

struct node {
	enum node_kind kind;
	enum node_tag tag;
	struct pos pos;
	bool faulty; /* told already: whatever is made of it, no further complaint */
	bool plain;  /* scalar without quotes and without substituted text: may mean null */
	const char *text;
	struct node **items;
	struct pair *pairs;
	size_t count;
	size_t cap;
};

/* All documents of one load share the budget. */
struct tree {
	struct arena *arena;
	size_t nodes;
	size_t text_bytes; /* aliases counted at full size */
};

/* True once no more nodes may be added. */
bool tree_full(const struct tree *tree);

/* Never NULL; @text is borrowed and must outlive the tree. */
struct node *tree_node(struct tree *tree, enum node_kind kind, struct pos pos);
struct node *tree_scalar(struct tree *tree, const char *text, bool plain, struct pos pos);
void tree_append(struct tree *tree, struct node *sequence, struct node *item);
void tree_put(struct tree *tree, struct node *mapping, struct node *key, struct node *value);

/* Removes every pair with this key. */
void tree_remove(struct node *mapping, const char *key);

/* A deep copy (text is shared), or NULL when the budget does not allow it. */
struct node *tree_copy(struct tree *tree, const struct node *node);

/* The pairs of a mapping ordered by key, earlier ones first among equals; in scratch memory. */
struct pair **tree_sorted(struct tree *tree, const struct node *mapping);

/* Drops every pair whose key appeared earlier in the same mapping. */
void tree_keep_first(struct tree *tree, struct node *mapping);

/* Null is what YAML says it is: ~, null, or nothing at all. A NULL pointer counts too. */
bool node_is_null(const struct node *node);

/* The value of a key, or NULL when it is absent or @mapping is no mapping. */
struct node *node_get(const struct node *mapping, const char *key);

/* "a mapping", "a list", "nothing", "text": for messages. */
const char *node_kind_name(const struct node *node);
