// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * YAML in block style, two spaces deep. Strings are double-quoted unless they are so harmless that
 * no YAML version takes them for anything else.
 */
#include "manifests/emit.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static void emit_node(struct tree *tree, const struct node *node, unsigned depth, struct buf *out);

/* Letters first, and nothing that could be an indicator, a number or a word with a meaning. */
static bool is_harmless(const char *text)
{
	static const char *const words[] = {"y",   "n",	   "yes",   "no",   "on",
					    "off", "true", "false", "null", NULL};

	if (!isalpha((unsigned char)text[0]) && text[0] != '/' && text[0] != '_')
		return false;
	for (const char *const *word = words; *word; word++)
		if (strcasecmp(*word, text) == 0)
			return false;
	for (; *text; text++)
		if (!isalnum((unsigned char)*text) && !strchr("_./-=+", *text))
			return false;
	return true;
}

/* What ends a line, or is refused, in YAML 1.1: control characters from U+0080 on, and the
 * separators U+2028 and U+2029. Returns how many bytes that was; 0: it is nothing of the kind. */
static size_t emit_wide_control(const char *text, struct buf *out)
{
	const unsigned char *byte = (const unsigned char *)text;

	if (byte[0] == 0xc2 && byte[1] >= 0x80 && byte[1] < 0xa0) {
		buf_printf(out, "\\x%02x", byte[1]);
		return 2;
	}
	if (byte[0] == 0xe2 && byte[1] == 0x80 && (byte[2] == 0xa8 || byte[2] == 0xa9)) {
		buf_printf(out, "\\u20%02x", byte[2] - 0x80U);
		return 3;
	}
	return 0;
}

static void emit_string(const char *text, struct buf *out)
{
	if (is_harmless(text)) {
		buf_puts(out, text);
		return;
	}
	buf_puts(out, "\"");
	for (size_t bytes; *text; text += bytes) {
		unsigned char byte = (unsigned char)*text;

		bytes = emit_wide_control(text, out);
		if (bytes)
			continue;
		bytes = 1;
		if (byte == '"' || byte == '\\')
			buf_printf(out, "\\%c", byte);
		else if (byte == '\n')
			buf_puts(out, "\\n");
		else if (byte == '\t')
			buf_puts(out, "\\t");
		else if (byte < 0x20 || byte == 0x7f)
			buf_printf(out, "\\x%02x", byte);
		else
			buf_put(out, text, 1);
	}
	buf_puts(out, "\"");
}

static void indent(unsigned depth, struct buf *out)
{
	for (; depth; depth--)
		buf_puts(out, "  ");
}

static void emit_mapping(struct tree *tree, const struct node *node, unsigned depth,
			 struct buf *out)
{
	struct pair **sorted = tree_sorted(tree, node);

	for (size_t i = 0; i < node->count; i++) {
		indent(depth, out);
		emit_string(sorted[i]->key->text, out);
		buf_puts(out, ":");
		emit_node(tree, sorted[i]->value, depth, out);
	}
}

static bool is_flat(const struct node *node)
{
	return node->kind == NODE_SCALAR || !node->count;
}

static void emit_scalar(const struct node *node, struct buf *out)
{
	if (node->kind == NODE_SEQUENCE)
		buf_puts(out, "[]");
	else if (node->kind == NODE_MAPPING)
		buf_puts(out, "{}");
	else if (node->plain)
		buf_puts(out, node->text);
	else
		emit_string(node->text, out);
}

/* After "- " the first key stands on the same line, the rest below it. */
static void emit_item(struct tree *tree, const struct node *item, unsigned depth, struct buf *out)
{
	indent(depth, out);
	buf_puts(out, "-");
	if (is_flat(item) || item->kind == NODE_SEQUENCE) {
		emit_node(tree, item, depth, out);
		return;
	}
	struct pair **sorted = tree_sorted(tree, item);

	for (size_t i = 0; i < item->count; i++) {
		if (i)
			indent(depth + 1, out);
		else
			buf_puts(out, " ");
		emit_string(sorted[i]->key->text, out);
		buf_puts(out, ":");
		emit_node(tree, sorted[i]->value, depth + 1, out);
	}
}

/* What follows a key or a dash, up to and including the end of the line. */
static void emit_node(struct tree *tree, const struct node *node, unsigned depth, struct buf *out)
{
	if (is_flat(node)) {
		buf_puts(out, " ");
		emit_scalar(node, out);
		buf_puts(out, "\n");
		return;
	}
	buf_puts(out, "\n");
	if (node->kind == NODE_MAPPING)
		emit_mapping(tree, node, depth + 1, out);
	for (size_t i = 0; node->kind == NODE_SEQUENCE && i < node->count; i++)
		emit_item(tree, node->items[i], depth + 1, out);
}

void emit_yaml(struct tree *tree, const struct node *root, struct buf *out)
{
	if (root->kind == NODE_MAPPING && root->count)
		emit_mapping(tree, root, 0, out);
}
