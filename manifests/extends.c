// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * `extends`: a service starts as a copy of another one, of this file or of another. What the copy
 * refers to (volumes, services) must exist where it is used; the checks after decoding see to that.
 */
#include "manifests/keys.h"
#include "manifests/loading.h"
#include "manifests/merge.h"
#include "manifests/stack_memory.h"

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"

#include <stdlib.h>
#include <string.h>

#define EXTENDS_DEPTH_MAX 64

/* A service whose base is being looked for. */
struct extension {
	struct document *document;
	struct pair *service;
	const struct extension *from;
	unsigned depth;
};

static int compare_name(const void *name, const void *pair)
{
	return strcmp(name, (*(struct pair *const *)pair)->key->text);
}

static void index_services(struct loading *load, struct document *document)
{
	const struct node *services = node_get(document->root, "services");

	if (document->services || !services || services->kind != NODE_MAPPING)
		return;
	document->services = tree_sorted(&load->tree, services);
	document->service_count = services->count;
	document->names = arena_new(&load->arena, const char *, services->count + 1);
	for (size_t i = 0; i < services->count; i++)
		document->names[i] = document->services[i]->key->text;
}

static struct pair *find_service(const struct document *document, const char *name)
{
	struct pair **found = document->service_count
				      ? bsearch(name, document->services, document->service_count,
						sizeof(*document->services), compare_name)
				      : NULL;

	return found ? *found : NULL;
}

static bool report_cycle(struct loading *load, const struct extension *here, struct pos pos)
{
	const struct extension *again = here->from;
	autobuf struct buf chain = {0};

	while (again && (strcmp(again->document->real, here->document->real) != 0 ||
			 strcmp(again->service->key->text, here->service->key->text) != 0))
		again = again->from;
	if (!again)
		return false;
	/* From the end: the chain is known backwards, and each service says what it extends. */
	for (const struct extension *link = here->from; link; link = link->from) {
		buf_printf(&chain, "%s%s (%s:%u)", chain.len ? ", extended by " : "",
			   link->service->key->text, link->service->key->pos.file,
			   link->service->key->pos.line);
		if (link == again)
			break;
	}
	report_error(&load->report, pos, "extends goes in a circle: %s is extended by %s",
		     here->service->key->text, chain.data ? chain.data : "");
	return true;
}

/* Marks every place in a copy as reached by @way. */
static void mark_way(struct loading *load, struct node *node, const char *way, const char *last[2])
{
	if (last[0] != node->pos.file) {
		last[0] = node->pos.file;
		last[1] = origin_add(&load->report.origins, node->pos.file, way);
	}
	node->pos.file = last[1];
	for (size_t i = 0; i < node->count; i++) {
		struct pair *pair = node->kind == NODE_MAPPING ? &node->pairs[i] : NULL;

		if (pair) {
			/* Copies share their keys. */
			struct pos pos = pair->key->pos;

			pair->key =
				tree_scalar(&load->tree, pair->key->text, pair->key->plain, pos);
			mark_way(load, pair->key, way, last);
		}
		mark_way(load, pair ? pair->value : node->items[i], way, last);
	}
}

static struct document *open_base(struct loading *load, const struct document *from,
				  const struct node *file)
{
	struct found_file found = document_locate(load, from, file->text);
	struct document *document = load->extended;
	struct err err;

	while (document &&
	       (strcmp(document->path, found.path) != 0 || document->vars != from->vars))
		document = document->next;
	if (document)
		return document;
	const char *parent = find_parent(&load->arena, found.shown);

	document = arena_new(&load->arena, struct document, 1);
	*document = (struct document){
		.path = found.path,
		.file = stack_add_file(load->stack, found.shown),
		.directory = find_parent(&load->arena, found.path),
		.prefix = parent[0] ? find_join(&load->arena, parent, "") : "",
		.vars = from->vars,
	};
	if (document_read(load, document, &err) < 0) {
		report_error(&load->report, file->pos, "extends: %s", err.text);
		return NULL;
	}
	document->next = load->extended;
	load->extended = document;
	return document;
}

static bool read_extends(struct loading *load, const struct node *extends, const char *path,
			 const struct node **ret_service, const struct node **ret_file)
{
	*ret_file = node_get(extends, "file");
	*ret_service = extends->kind == NODE_SCALAR ? extends : node_get(extends, "service");
	if (extends->faulty)
		return false;
	if (extends->kind != NODE_SCALAR && !keys_check(&load->report, extends, keys_extends, path))
		return false;
	if (node_is_null(*ret_service) || (*ret_service)->kind != NODE_SCALAR)
		report_error(&load->report, extends->pos, "%s needs the name of a service", path);
	else if (!node_is_null(*ret_file) && (*ret_file)->kind != NODE_SCALAR)
		report_error(&load->report, (*ret_file)->pos, "%s.file must be text, this is %s",
			     path, node_kind_name(*ret_file));
	else if (!node_is_null(*ret_file) && !*(*ret_file)->text)
		report_error(&load->report, (*ret_file)->pos, "%s.file is empty", path);
	else
		return !(*ret_service)->faulty && !(*ret_file && (*ret_file)->faulty);
	return false;
}

static void report_missing(struct loading *load, const struct document *document,
			   const struct node *service, const char *path)
{
	struct key_names known = {document->names, document->service_count,
				  sizeof(*document->names)};

	report_error(&load->report, service->pos, "%s: there is no service '%.80s' in %s%s", path,
		     service->text, document->file,
		     keys_suggestion(&load->arena, &load->report, known, service->text));
}

static void resolve_service(struct loading *load, const struct extension *here);

/* The complete base, or NULL when there is none, which is told. */
static struct pair *find_base(struct loading *load, const struct extension *here,
			      const struct node *extends, struct document **ret_document)
{
	const char *path =
		arena_format(&load->arena, "services.%s.extends", here->service->key->text);
	const struct node *service;
	const struct node *file;

	if (!read_extends(load, extends, path, &service, &file))
		return NULL;
	struct document *document =
		node_is_null(file) ? here->document : open_base(load, here->document, file);

	if (!document || !document->root)
		return NULL;
	index_services(load, document);
	struct pair *base = find_service(document, service->text);
	struct extension next = {document, base, here, here->depth + 1};

	if (!base) {
		report_missing(load, document, service, path);
		return NULL;
	}
	if (next.depth > EXTENDS_DEPTH_MAX) {
		report_error(&load->report, service->pos, "%s: more than %d services in a row",
			     path, EXTENDS_DEPTH_MAX);
		return NULL;
	}
	if (report_cycle(load, &next, service->pos))
		return NULL;
	resolve_service(load, &next);
	*ret_document = document;
	return base;
}

static void apply_base(struct loading *load, const struct extension *here, const struct pair *base,
		       const struct document *document, struct pos at)
{
	struct pair *service = here->service;
	struct node *copy = tree_copy(&load->tree, base->value);
	const char *last[2] = {NULL, NULL};

	if (!copy) {
		report_error(&load->report, at, "the manifest is too large once it is extended");
		load->broken = true;
		return;
	}
	merge_prune(copy);
	if (strcmp(document->directory, here->document->directory) != 0)
		rebase_service(&load->tree, copy, document->directory);
	mark_way(load, copy,
		 arena_format(&load->arena, "extended at %s:%u:%u", at.file, at.line, at.col),
		 last);
	struct node *merged = merge_services(&load->tree, copy, service->value);

	merged->pos = service->value->pos;
	merged->faulty |= service->value->faulty || base->value->faulty;
	service->value = merged;
}

static void resolve_service(struct loading *load, const struct extension *here)
{
	struct node *service = here->service->value;
	const struct node *extends = node_get(service, "extends");
	struct document *document = NULL;

	if (!extends || extends->tag == TAG_RESET || load->broken)
		return;
	const struct pair *base =
		node_is_null(extends) ? NULL : find_base(load, here, extends, &document);

	tree_remove(service, "extends");
	if (base)
		apply_base(load, here, base, document, extends->pos);
	else
		service->faulty = !node_is_null(extends);
}

void extends_resolve(struct loading *load, struct document *document)
{
	struct node *services = node_get(document->root, "services");

	index_services(load, document);
	for (size_t i = 0; document->services && i < services->count; i++) {
		struct extension start = {document, &services->pairs[i], NULL, 0};

		resolve_service(load, &start);
	}
}
