// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * `include`: another manifest, with a directory and variables of its own, becomes part of this one.
 * What both define is merged, this one over the other, with a warning: the specification's text
 * has an error there, its reference merges. Two that are included must not differ.
 */
#include "manifests/env_file.h"
#include "manifests/keys.h"
#include "manifests/loading.h"
#include "manifests/lookup.h"
#include "manifests/merge.h"
#include "manifests/stack_memory.h"

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define INCLUDE_DEPTH_MAX 32
#define INCLUDES_MAX	  1000 /* each costs a look for a .env, too */

/* One entry of the list. */
struct entry {
	const struct node *paths; /* a scalar or a list */
	const struct node *directory;
	const struct node *env_file;
	struct pos pos;
};

static const struct node *item_of(const struct node *list, size_t i)
{
	if (!list || node_is_null(list))
		return NULL;
	if (list->kind != NODE_SEQUENCE)
		return i == 0 ? list : NULL;
	return i < list->count ? list->items[i] : NULL;
}

static bool check_texts(struct loading *load, const struct node *list, const char *key)
{
	const struct node *item;

	for (size_t i = 0; (item = item_of(list, i)); i++) {
		if (item->faulty)
			return false;
		bool text = item->kind == NODE_SCALAR && !node_is_null(item);

		if (text && *item->text)
			continue;
		if (text)
			report_error(&load->report, item->pos, "include%s is empty", key);
		else
			report_error(&load->report, item->pos, "include%s must be text, this is %s",
				     key, node_kind_name(item));
		return false;
	}
	return true;
}

/* One text; null is as good as absent. */
static bool read_directory(struct loading *load, const struct node *node, struct entry *entry)
{
	entry->directory = node_is_null(node) ? NULL : node;
	if (!entry->directory || node->kind == NODE_SCALAR)
		return !entry->directory || !node->faulty;
	report_error(&load->report, node->pos, "include.project_directory must be text, this is %s",
		     node_kind_name(node));
	return false;
}

static bool read_entry(struct loading *load, const struct node *node, struct entry *ret_entry)
{
	size_t errors = load->report.list->error_count;

	*ret_entry = (struct entry){.paths = node, .pos = node->pos};
	if (node->kind != NODE_SCALAR) {
		if (!keys_check(&load->report, node, keys_include, "include"))
			return false;
		ret_entry->paths = node_get(node, "path");
		ret_entry->env_file = node_get(node, "env_file");
	}
	if (load->report.list->error_count > errors)
		return false;
	if (!item_of(ret_entry->paths, 0)) {
		report_error(&load->report, node->pos, "include needs a path");
		return false;
	}
	return check_texts(load, ret_entry->paths, ".path") &&
	       check_texts(load, ret_entry->env_file, ".env_file") &&
	       read_directory(load, node_get(node, "project_directory"), ret_entry);
}

/* Returns -ENOENT and friends when there is no such file. */
static int read_variables(struct loading *load, const struct found_file *file,
			  const struct vars *inherited, struct vars *vars, struct err *err)
{
	struct source source;
	int r = source_read(&load->reader, file->path, file->shown, &source, err);

	if (r < 0)
		return r;
	report_source(&load->report, file->shown, source.text, source.len);
	env_file_parse(&source, file->shown, inherited, vars, &load->report);
	return 0;
}

/* What ${…} sees there: what it sees here, over its own files. NULL with an error. */
static const struct vars *entry_vars(struct loading *load, const struct entry *entry,
				     const struct document *by, const struct document *project)
{
	struct vars *vars = arena_new(&load->arena, struct vars, 1);
	const struct node *item;
	struct err err;

	vars->arena = &load->arena;
	for (size_t i = 0; (item = item_of(entry->env_file, i)); i++) {
		struct found_file file = document_locate(load, by, item->text);

		if (read_variables(load, &file, by->vars, vars, &err) == 0)
			continue;
		report_error(&load->report, item->pos, "include.env_file: %s", err.text);
		return NULL;
	}
	if (!item_of(entry->env_file, 0)) {
		struct found_file file = document_locate(load, project, ".env");
		int r = read_variables(load, &file, by->vars, vars, &err);

		if (r < 0 && r != -ENOENT && r != -ENOTDIR) {
			report_error(&load->report, entry->pos, "include: %s", err.text);
			return NULL;
		}
	}
	if (!vars->count)
		return by->vars;
	for (const struct var *var = by->vars->first; var; var = var->next)
		if (var->value)
			vars_set(vars, var->name, var->value, var->pos);
	return vars;
}

static bool report_cycle(struct loading *load, const char *path, const struct inclusion *from,
			 struct pos pos)
{
	const char *real = lookup_real(load->options->inputs, &load->arena, path);
	autobuf struct buf chain = {0};

	for (const struct inclusion *link = from; link; link = link->from) {
		buf_printf(&chain, "%s%s", chain.len ? ", included by " : "", link->document->file);
		if (strcmp(link->document->real, real) != 0)
			continue;
		report_error(&load->report, pos, "include goes in a circle: %s is included by %s",
			     link->document->file, chain.data ? chain.data : "");
		return true;
	}
	if (from->depth < INCLUDE_DEPTH_MAX)
		return false;
	report_error(&load->report, pos, "include is nested more than %d deep", INCLUDE_DEPTH_MAX);
	return true;
}

static void project_of(struct loading *load, const struct entry *entry, const struct document *by,
		       struct document *ret_project)
{
	const char *first = item_of(entry->paths, 0)->text;
	struct found_file file =
		document_locate(load, by, entry->directory ? entry->directory->text : first);
	const char *path = file.path;
	const char *shown = file.shown;

	if (!entry->directory) {
		path = find_parent(&load->arena, path);
		shown = find_parent(&load->arena, shown);
	}
	*ret_project = (struct document){
		.directory = path,
		.prefix = shown[0] ? find_join(&load->arena, shown, "") : "",
	};
}

/* The files of one entry, merged, their paths absolute. NULL with an error. */
static struct node *load_entry(struct loading *load, const struct entry *entry,
			       const struct inclusion *from)
{
	const struct document *by = from->document;
	const char *before = origin_way(&load->report.origins, entry->pos.file);
	const char *way = arena_format(&load->arena, "included at %s:%u:%u%s%s", entry->pos.file,
				       entry->pos.line, entry->pos.col, before ? ", " : "",
				       before ? before : "");
	struct document project;
	struct node *root = NULL;
	const struct node *item;
	struct err err;

	project_of(load, entry, by, &project);
	project.vars = entry_vars(load, entry, by, &project);
	for (size_t i = 0; project.vars && (item = item_of(entry->paths, i)); i++) {
		struct document *document = arena_new(&load->arena, struct document, 1);
		struct found_file file = document_locate(load, by, item->text);

		if (report_cycle(load, file.path, from, item->pos))
			return NULL;
		*document = project;
		document->path = file.path;
		document->file = origin_add(&load->report.origins,
					    stack_add_file(load->stack, file.shown), way);
		if (document_merge(load, document, from, &root, &err) == 0)
			continue;
		report_error(&load->report, item->pos, "include: %s", err.text);
		return NULL;
	}
	if (root && !keys_check(&load->report, root, keys_top, ""))
		return NULL;
	if (root && project.vars != by->vars)
		inherit_environment(&load->tree, root, project.vars);
	if (root && strcmp(project.directory, by->directory) != 0)
		rebase_manifest(&load->tree, root, project.directory);
	return root;
}

static bool is_equal(const struct node *a, const struct node *b)
{
	bool same = a->kind == b->kind && a->count == b->count;

	if (same && a->kind == NODE_SCALAR)
		return strcmp(a->text, b->text) == 0 && node_is_null(a) == node_is_null(b);
	for (size_t i = 0; same && i < a->count; i++) {
		const struct node *other =
			a->kind == NODE_MAPPING ? node_get(b, a->pairs[i].key->text) : b->items[i];

		same = other &&
		       is_equal(a->kind == NODE_MAPPING ? a->pairs[i].value : a->items[i], other);
	}
	return same;
}

static int compare_name(const void *name, const void *pair)
{
	return strcmp(name, (*(struct pair *const *)pair)->key->text);
}

/* A definition under the same name in a section that is sorted by name, or NULL. */
static const struct pair *definition(struct pair *const *sorted, size_t count, const char *name)
{
	struct pair *const *found =
		count ? bsearch(name, sorted, count, sizeof(*sorted), compare_name) : NULL;

	return found ? *found : NULL;
}

static void import_section(struct loading *load, struct node *into, const struct node *section,
			   const char *name)
{
	struct pair **sorted = tree_sorted(&load->tree, into);
	size_t count = into->count;

	for (size_t i = 0; i < section->count; i++) {
		const struct pair *pair = &section->pairs[i];
		const struct pair *there = definition(sorted, count, pair->key->text);

		if (!there)
			tree_put(&load->tree, into, pair->key, pair->value);
		else if (!is_equal(there->value, pair->value))
			report_error(&load->report, there->key->pos,
				     "%s.%.80s is also defined, differently, at %s:%u:%u", name,
				     pair->key->text, pair->key->pos.file, pair->key->pos.line,
				     pair->key->pos.col);
	}
}

static bool is_section(const char *key)
{
	static const char *const sections[] = {"services", "networks", "volumes",
					       "configs",  "secrets",  "models"};

	for (size_t i = 0; i < ARRAY_SIZE(sections); i++)
		if (strcmp(key, sections[i]) == 0)
			return true;
	return false;
}

static void import(struct loading *load, struct node *into, const struct node *root)
{
	for (size_t i = 0; i < root->count; i++) {
		const struct pair *pair = &root->pairs[i];
		const char *key = pair->key->text;
		struct node *there = node_get(into, key);

		if (!is_section(key) || pair->value->kind != NODE_MAPPING)
			continue;
		if (there)
			import_section(load, there, pair->value, key);
		else
			tree_put(&load->tree, into, pair->key, pair->value);
	}
}

/* What this file says the same way is left to it; what it says differently goes over the rest. */
static void settle_section(struct loading *load, struct node *section, const struct node *own,
			   const char *name)
{
	struct pair **sorted = tree_sorted(&load->tree, own);
	size_t kept = 0;

	for (size_t i = 0; i < section->count; i++) {
		const struct pair *pair = &section->pairs[i];
		const struct pair *mine = definition(sorted, own->count, pair->key->text);

		if (mine && is_equal(mine->value, pair->value))
			continue;
		section->pairs[kept++] = *pair;
		if (mine)
			report_warning(&load->report, mine->key->pos,
				       "%s.%.80s is also defined at %s:%u:%u: this definition is "
				       "merged over that one",
				       name, mine->key->text, pair->key->pos.file,
				       pair->key->pos.line, pair->key->pos.col);
	}
	section->count = kept;
}

static void settle(struct loading *load, struct node *imported, struct document *document)
{
	for (size_t i = 0; i < imported->count; i++) {
		const char *name = imported->pairs[i].key->text;
		const struct node *own = node_get(document->root, name);

		if (own && own->kind == NODE_MAPPING)
			settle_section(load, imported->pairs[i].value, own, name);
	}
	document->root = merge_manifests(&load->tree, imported, document->root);
}

/* Told once. */
static void too_many(struct loading *load, struct pos pos)
{
	load->incomplete = true;
	if (load->included == INCLUDES_MAX + 1)
		report_error(&load->report, pos, "more than %d manifests are included",
			     INCLUDES_MAX);
}

static void import_entry(struct loading *load, const struct node *item,
			 const struct inclusion *here, struct node *imported)
{
	struct node *root = NULL;
	struct entry entry;

	if (tree_full(&load->tree))
		report_error(&load->report, item->pos, "the manifest is too large");
	else if (read_entry(load, item, &entry))
		root = load_entry(load, &entry, here);
	load->incomplete |= !root;
	if (!root)
		return;
	merge_prune(root);
	import(load, imported, root);
}

void include_resolve(struct loading *load, struct document *document, const struct inclusion *from)
{
	struct node *include = node_get(document->root, "include");
	struct inclusion here = {document, from, from ? from->depth + 1 : 0};
	const struct node *item;

	if (node_is_null(include))
		return;
	tree_remove(document->root, "include");
	struct node *imported = tree_node(&load->tree, NODE_MAPPING, document->root->pos);

	if (include->kind == NODE_MAPPING)
		report_error(&load->report, include->pos, "include must be a list, this is %s",
			     node_kind_name(include));
	for (size_t i = 0; include->kind != NODE_MAPPING && (item = item_of(include, i)); i++) {
		if (load->included++ >= INCLUDES_MAX) {
			too_many(load, item->pos);
			break;
		}
		import_entry(load, item, &here, imported);
	}
	settle(load, imported, document);
}
