// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Relative paths mean the directory of the file they are written in. Before a tree is merged into
 * one of another directory, they become absolute.
 */
#include "manifests/loading.h"
#include "manifests/scalar.h"

#include "runtime/base/cleanup.h"

#include <string.h>

static void rebase_path(struct tree *tree, struct node *node, const char *directory)
{
	if (!node || node->kind != NODE_SCALAR || node->faulty || node_is_null(node) ||
	    !node->text[0] || strchr("/~", node->text[0]))
		return;
	node->text = find_join(tree->arena, directory, node->text);
	tree->text_bytes += strlen(node->text);
}

/* Only what starts with a dot is a path there: anything else is a volume, a word or a URL. */
static void rebase_dotted(struct tree *tree, struct node *node, const char *directory)
{
	if (node && node->kind == NODE_SCALAR && node->text[0] == '.')
		rebase_path(tree, node, directory);
}

static void rebase_mount(struct tree *tree, struct node *mount, const char *directory)
{
	const struct node *type = node_get(mount, "type");

	if (mount->kind == NODE_SCALAR && strchr(mount->text, ':'))
		rebase_dotted(tree, mount, directory);
	else if (type && type->kind == NODE_SCALAR && strcmp(type->text, "bind") == 0)
		rebase_path(tree, node_get(mount, "source"), directory);
}

/* A path, a mapping with one, or a list of these. */
static void rebase_files(struct tree *tree, struct node *files, const char *directory)
{
	if (!files)
		return;
	rebase_path(tree, files, directory);
	rebase_path(tree, node_get(files, "path"), directory);
	for (size_t i = 0; files->kind == NODE_SEQUENCE && i < files->count; i++) {
		rebase_path(tree, files->items[i], directory);
		rebase_path(tree, node_get(files->items[i], "path"), directory);
	}
}

static void rebase_local(struct tree *tree, struct node *node, const char *directory)
{
	if (node && node->kind == NODE_SCALAR && !scalar_is_remote(node->text))
		rebase_path(tree, node, directory);
}

/* "name=path" in a list. */
static void rebase_named(struct tree *tree, struct node *node, const char *directory)
{
	const char *path = node->kind == NODE_SCALAR ? strchr(node->text, '=') : NULL;

	if (!path || !path[1] || strchr("/~", path[1]) || scalar_is_remote(path + 1))
		return;
	node->text = arena_format(tree->arena, "%.*s=%s", (int)(path - node->text), node->text,
				  find_join(tree->arena, directory, path + 1));
	tree->text_bytes += strlen(node->text);
}

static void rebase_build(struct tree *tree, struct node *build, const char *directory)
{
	bool mapping = build && build->kind == NODE_MAPPING;
	const struct node *contexts = node_get(build, "additional_contexts");

	if (mapping && !node_get(build, "context"))
		tree_put(tree, build, tree_scalar(tree, "context", false, build->pos),
			 tree_scalar(tree, ".", false, build->pos));
	rebase_local(tree, mapping ? node_get(build, "context") : build, directory);
	for (size_t i = 0; contexts && i < contexts->count; i++)
		if (contexts->kind == NODE_MAPPING)
			rebase_local(tree, contexts->pairs[i].value, directory);
		else
			rebase_named(tree, contexts->items[i], directory);
}

/* "seccomp=FILE" among other options. */
static void rebase_seccomp(struct tree *tree, struct node *option, const char *directory)
{
	static const char *const words[] = {"unconfined", "builtin"};
	const char *path = option->text + 8;

	if (option->kind != NODE_SCALAR || strncmp(option->text, "seccomp", 7) != 0 ||
	    (option->text[7] != '=' && option->text[7] != ':'))
		return;
	if (!path[0] || strchr("/~{", path[0]) || strcmp(path, words[0]) == 0 ||
	    strcmp(path, words[1]) == 0)
		return;
	option->text =
		arena_format(tree->arena, "seccomp=%s", find_join(tree->arena, directory, path));
	tree->text_bytes += strlen(option->text);
}

void rebase_service(struct tree *tree, struct node *service, const char *directory)
{
	const struct node *volumes = node_get(service, "volumes");
	const struct node *options = node_get(service, "security_opt");

	rebase_dotted(tree, node_get(service, "x-rootfs"), directory);
	rebase_files(tree, node_get(service, "env_file"), directory);
	rebase_files(tree, node_get(service, "label_file"), directory);
	rebase_build(tree, node_get(service, "build"), directory);
	for (size_t i = 0; volumes && volumes->kind == NODE_SEQUENCE && i < volumes->count; i++)
		rebase_mount(tree, volumes->items[i], directory);
	for (size_t i = 0; options && options->kind == NODE_SEQUENCE && i < options->count; i++)
		rebase_seccomp(tree, options->items[i], directory);
}

/* The device of a volume that is a bind. */
static void rebase_volume(struct tree *tree, const struct node *volume, const char *directory)
{
	const struct node *options = volume ? node_get(volume, "driver_opts") : NULL;
	const struct node *words = node_get(options, "o");

	if (words && words->kind == NODE_SCALAR && strstr(words->text, "bind"))
		rebase_path(tree, node_get(options, "device"), directory);
}

void rebase_manifest(struct tree *tree, struct node *root, const char *directory)
{
	static const char *const sections[] = {"configs", "secrets"};
	const struct node *services = node_get(root, "services");
	const struct node *volumes = node_get(root, "volumes");

	for (size_t i = 0; services && services->kind == NODE_MAPPING && i < services->count; i++)
		rebase_service(tree, services->pairs[i].value, directory);
	for (size_t i = 0; volumes && volumes->kind == NODE_MAPPING && i < volumes->count; i++)
		rebase_volume(tree, volumes->pairs[i].value, directory);
	for (size_t i = 0; i < ARRAY_SIZE(sections); i++) {
		const struct node *section = node_get(root, sections[i]);

		for (size_t j = 0; section && section->kind == NODE_MAPPING && j < section->count;
		     j++)
			rebase_path(tree, node_get(section->pairs[j].value, "file"), directory);
	}
}
