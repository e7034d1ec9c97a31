// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Printing `configs` and `secrets`. What a variable or a file holds is not printed, only its name.
 */
#include "manifests/print.h"

#include <inttypes.h>

static struct node *object_node(struct printer *printer, const struct file_object *object)
{
	static const char *const keys[] = {[FILE_FROM_FILE] = "file",
					   [FILE_FROM_ENVIRONMENT] = "environment",
					   [FILE_FROM_CONTENT] = "content"};
	bool external = object->origin == FILE_FROM_STORE;
	struct node *node = print_mapping(printer);

	print_put_text(printer, node, "name", object->name);
	if (external || printer->resolved)
		print_put(printer, node, "external", print_bool(printer, external));
	if (object->value)
		print_put_text(printer, node, keys[object->origin], object->value);
	print_put_pairs(printer, node, "labels", &object->labels);
	return node;
}

void print_top_files(struct printer *printer, struct node *root, const struct stack *stack)
{
	struct node *configs = print_mapping(printer);
	struct node *secrets = print_mapping(printer);

	for (size_t i = 0; i < stack->files_given.count && !arena_low(&printer->arena); i++) {
		const struct file_object *object = &stack->files_given.items[i];

		print_put(printer, object->kind == FILE_SECRET ? secrets : configs, object->key,
			  object_node(printer, object));
	}
	if (configs->count)
		print_put(printer, root, "configs", configs);
	if (secrets->count)
		print_put(printer, root, "secrets", secrets);
}

struct node *print_grant(struct printer *printer, const struct file_grant *grant)
{
	struct node *node = print_mapping(printer);

	print_put_text(printer, node, "source", grant->source);
	print_put_text(printer, node, "target", grant->target);
	if (grant->uid >= 0)
		print_put_text(printer, node, "uid",
			       arena_format(&printer->arena, "%" PRId64, grant->uid));
	if (grant->gid >= 0)
		print_put_text(printer, node, "gid",
			       arena_format(&printer->arena, "%" PRId64, grant->gid));
	if (grant->mode != 0444 || printer->resolved)
		print_put_text(printer, node, "mode",
			       arena_format(&printer->arena, "%04o", grant->mode));
	return node;
}

void print_service_files(struct printer *printer, struct node *node, const struct service *service)
{
	struct node *configs = print_list(printer);
	struct node *secrets = print_list(printer);

	for (size_t i = 0; i < service->files.count; i++) {
		const struct file_grant *grant = &service->files.items[i];

		tree_append(&printer->tree, grant->kind == FILE_SECRET ? secrets : configs,
			    print_grant(printer, grant));
	}
	if (configs->count)
		print_put(printer, node, "configs", configs);
	if (secrets->count)
		print_put(printer, node, "secrets", secrets);
}
