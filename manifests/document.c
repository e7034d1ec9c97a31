// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One file of a manifest: from its name to a tree in which extends and include are resolved.
 */
#include "manifests/interpolate.h"
#include "manifests/loading.h"
#include "manifests/lookup.h"
#include "manifests/merge.h"
#include "manifests/yaml.h"

#include "runtime/base/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int document_read(struct loading *load, struct document *document, struct err *err)
{
	struct pos whole = {.file = document->file};
	struct source source;
	int r = source_read(&load->reader, document->path, document->file, &source, err);

	document->real = lookup_real(load->options->inputs, &load->arena, document->path);
	if (r == -EINVAL) {
		report_error(&load->report, whole, "%s", err->text);
		return 0;
	}
	if (r < 0)
		return r;
	report_source(&load->report, document->file, source.text, source.len);

	size_t errors = load->report.list->error_count;
	struct interpolation in = {.vars = document->vars,
				   .warned = &load->warned,
				   .report = &load->report,
				   .arena = &load->arena};

	document->root = yaml_parse(&source, document->file, &load->tree, &load->report);
	if (!document->root && load->report.list->error_count == errors)
		report_error(&load->report, whole, "the manifest is empty");
	interpolate_tree(&in, &load->tree, document->root);
	return 0;
}

struct found_file document_locate(struct loading *load, const struct document *document,
				  const char *name)
{
	while (strncmp(name, "./", 2) == 0)
		name += 2;
	return (struct found_file){
		.path = find_join(&load->arena, document->directory, name),
		.shown = find_join(&load->arena, document->prefix, name),
	};
}

int document_merge(struct loading *load, struct document *document, const struct inclusion *from,
		   struct node **root, struct err *err)
{
	int r = document_read(load, document, err);

	if (r < 0)
		return r;
	load->incomplete |= !document->root;
	if (!document->root)
		return 0;
	extends_resolve(load, document);
	include_resolve(load, document, from);
	if (*root)
		merge_prune(*root);
	*root = merge_manifests(&load->tree, *root, document->root);
	return 0;
}
