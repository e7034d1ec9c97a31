// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * JSON through jansson: the only file of this folder that knows it.
 */
#include "manifests/emit.h"

#include "runtime/base/cleanup.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static json_t *to_json(const struct node *node);

static json_t *scalar_to_json(const struct node *node)
{
	if (!node->plain)
		return json_string(node->text);
	if (strcmp(node->text, "true") == 0 || strcmp(node->text, "false") == 0)
		return json_boolean(node->text[0] == 't');
	return json_integer(strtoll(node->text, NULL, 10));
}

/* A child that could not be made is NULL, and putting it fails: one check serves all. */
static json_t *to_json(const struct node *node)
{
	if (node->kind == NODE_SCALAR)
		return scalar_to_json(node);

	bool mapping = node->kind == NODE_MAPPING;
	json_t *json = mapping ? json_object() : json_array();

	for (size_t i = 0; json && i < node->count; i++) {
		int r = mapping ? json_object_set_new(json, node->pairs[i].key->text,
						      to_json(node->pairs[i].value))
				: json_array_append_new(json, to_json(node->items[i]));

		if (r < 0) {
			json_decref(json);
			return NULL;
		}
	}
	return json;
}

int emit_json(const struct node *root, struct buf *out, struct err *err)
{
	json_t *json = to_json(root);
	autofree char *text = json ? json_dumps(json, JSON_INDENT(2) | JSON_SORT_KEYS) : NULL;

	json_decref(json);
	if (!text)
		return err_set(err, ENOMEM, "manifest: print");
	buf_puts(out, text);
	buf_puts(out, "\n");
	return 0;
}
