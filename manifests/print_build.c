// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Printing `build`.
 */
#include "manifests/build_fields.h"
#include "manifests/print.h"

#include <inttypes.h>

static void put_plain(struct printer *printer, struct node *node, const struct build_spec *build)
{
	for (const struct build_field *field = build_fields; field->key; field++) {
		const void *place = (const char *)build + field->offset;

		if (field->kind == BUILD_TEXT)
			print_put_text(printer, node, field->key,
				       ((const struct text *)place)->value);
		else if (field->kind == BUILD_LIST)
			print_put_list(printer, node, field->key, place);
		else if (*(const bool *)place || printer->resolved)
			print_put(printer, node, field->key,
				  print_bool(printer, *(const bool *)place));
	}
}

static void put_secrets(struct printer *printer, struct node *node, const struct build_spec *build)
{
	struct node *secrets = print_list(printer);

	for (size_t i = 0; i < build->secret_count; i++)
		tree_append(&printer->tree, secrets, print_grant(printer, &build->secrets[i]));
	if (build->secret_count)
		print_put(printer, node, "secrets", secrets);
}

void print_build(struct printer *printer, struct node *service_node, const struct service *service)
{
	const struct build_spec *build = &service->build;
	struct node *node = print_mapping(printer);

	if (!build->present)
		return;
	print_put_text(printer, node, "context", build->context.value);
	put_plain(printer, node, build);
	print_put_pairs(printer, node, "args", &build->args);
	print_put_pairs(printer, node, "labels", &build->labels);
	print_put_pairs(printer, node, "additional_contexts", &build->contexts);
	print_put_list(printer, node, "ssh", &build->ssh);
	print_put_list(printer, node, "extra_hosts", &build->hosts);
	put_secrets(printer, node, build);
	print_ulimits(printer, node, build->ulimits, build->ulimit_count);
	if (build->shm_bytes)
		print_put_text(printer, node, "shm_size",
			       arena_format(&printer->arena, "%" PRId64, build->shm_bytes));
	print_put(printer, service_node, "build", node);
}
