// SPDX-License-Identifier: GPL-2.0-or-later
/* The values of a printed manifest; see print.h. */
#include "manifests/print.h"

#include <inttypes.h>
#include <string.h>

static const struct pos nowhere;

struct node *print_mapping(struct printer *printer)
{
	return tree_node(&printer->tree, NODE_MAPPING, nowhere);
}

struct node *print_list(struct printer *printer)
{
	return tree_node(&printer->tree, NODE_SEQUENCE, nowhere);
}

struct node *print_string(struct printer *printer, const char *text)
{
	size_t dollars = 0;

	for (const char *at = text; *at; at++)
		dollars += *at == '$';
	char *escaped = arena_alloc(&printer->arena, strlen(text) + dollars + 1);
	char *end = escaped;

	for (; *text; text++) {
		if (*text == '$')
			*end++ = '$';
		*end++ = *text;
	}
	return tree_scalar(&printer->tree, escaped, false, nowhere);
}

struct node *print_number(struct printer *printer, int64_t value)
{
	return tree_scalar(&printer->tree, arena_format(&printer->arena, "%" PRId64, value), true,
			   nowhere);
}

struct node *print_bool(struct printer *printer, bool value)
{
	return tree_scalar(&printer->tree, value ? "true" : "false", true, nowhere);
}

struct node *print_duration(struct printer *printer, int64_t ms)
{
	const char *text = ms % 1000 ? arena_format(&printer->arena, "%" PRId64 "ms", ms)
				     : arena_format(&printer->arena, "%" PRId64 "s", ms / 1000);

	return print_string(printer, text);
}

void print_put(struct printer *printer, struct node *node, const char *key, struct node *value)
{
	tree_put(&printer->tree, node, tree_scalar(&printer->tree, key, false, nowhere), value);
}

void print_put_text(struct printer *printer, struct node *node, const char *key, const char *text)
{
	if (text)
		print_put(printer, node, key, print_string(printer, text));
}

void print_put_default(struct printer *printer, struct node *node, const char *key,
		       const char *text, const char *fallback)
{
	print_put_text(printer, node, key, text || !printer->resolved ? text : fallback);
}

void print_put_list(struct printer *printer, struct node *node, const char *key,
		    const struct text_list *texts)
{
	struct node *items = print_list(printer);

	for (size_t i = 0; i < texts->count && !arena_low(&printer->arena); i++)
		tree_append(&printer->tree, items, print_string(printer, texts->items[i].value));
	if (texts->count)
		print_put(printer, node, key, items);
}

void print_put_pairs(struct printer *printer, struct node *node, const char *key,
		     const struct text_list *texts)
{
	struct node *pairs = print_mapping(printer);

	for (size_t i = 0; i < texts->count && !arena_low(&printer->arena); i++) {
		const char *text = texts->items[i].value;
		size_t len = strcspn(text, "=");

		print_put(printer, pairs, arena_copy(&printer->arena, text, len),
			  print_string(printer, text + len + (text[len] == '=')));
	}
	if (texts->count)
		print_put(printer, node, key, pairs);
}
