// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Attributes that are not supported yet, as they were written.
 */
#include "manifests/print.h"
#include "manifests/scalar.h"

#include <stdint.h>
#include <string.h>

/* What no YAML reader takes for something else; the rest is text. */
static struct node *scalar(struct printer *printer, const struct node *node)
{
	int64_t number = 0;

	if (node_is_null(node))
		return print_string(printer, "");
	if (node->plain && strcmp(node->text, "true") == 0)
		return print_bool(printer, true);
	if (node->plain && strcmp(node->text, "false") == 0)
		return print_bool(printer, false);
	if (node->plain && scalar_int(node->text, INT64_MIN, INT64_MAX, &number, NULL) == 0)
		return print_number(printer, number);
	return print_string(printer, node->text);
}

static struct node *print_kept_node(struct printer *printer, const struct node *node)
{
	struct node *copy = NULL;

	if (node->kind == NODE_SCALAR)
		return scalar(printer, node);
	copy = node->kind == NODE_MAPPING ? print_mapping(printer) : print_list(printer);
	for (size_t i = 0; i < node->count; i++) {
		if (node->kind == NODE_MAPPING)
			print_put(printer, copy, node->pairs[i].key->text,
				  print_kept_node(printer, node->pairs[i].value));
		else
			tree_append(&printer->tree, copy, print_kept_node(printer, node->items[i]));
	}
	return copy;
}

void print_kept(struct printer *printer, struct node *node, const struct service *service)
{
	const struct kept_spec *kept = &service->kept;

	for (size_t i = 0; i < kept->count; i++)
		print_put(printer, node, kept->items[i].key,
			  print_kept_node(printer, kept->items[i].value));
}

void print_reserved_devices(struct printer *printer, struct node *reservations,
			    const struct service *service)
{
	if (service->kept.reserved_devices)
		print_put(printer, reservations, "devices",
			  print_kept_node(printer, service->kept.reserved_devices));
}
