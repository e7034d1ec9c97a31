// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Printing `volumes`, of services and of the stack; `tmpfs` as well, in the long form where that
 * has the words for it.
 */
#include "manifests/print.h"

#include "runtime/base/buf.h"

#include <inttypes.h>
#include <string.h>

static const char *octal(struct printer *printer, int mode)
{
	return arena_format(&printer->arena, "%04o", (unsigned)mode);
}

static void bind_options(struct printer *printer, struct node *node, const struct mount_spec *mount)
{
	static const char *const propagations[] = {[PROPAGATION_PRIVATE] = "rprivate",
						   [PROPAGATION_SLAVE] = "slave",
						   [PROPAGATION_RSLAVE] = "rslave",
						   [PROPAGATION_SHARED] = "shared",
						   [PROPAGATION_RSHARED] = "rshared"};
	static const char *const recursions[] = {[RECURSION_ENABLED] = "enabled",
						 [RECURSION_DISABLED] = "disabled",
						 [RECURSION_WRITABLE] = "writable",
						 [RECURSION_READONLY] = "readonly"};

	print_put(printer, node, "create_host_path", print_bool(printer, mount->create_host_path));
	if (mount->propagation != PROPAGATION_PRIVATE || printer->resolved)
		print_put_text(printer, node, "propagation", propagations[mount->propagation]);
	if (mount->recursion != RECURSION_ENABLED || printer->resolved)
		print_put_text(printer, node, "recursive", recursions[mount->recursion]);
}

static void volume_options(struct printer *printer, struct node *node,
			   const struct mount_spec *mount)
{
	if (mount->no_copy || printer->resolved)
		print_put(printer, node, "nocopy", print_bool(printer, mount->no_copy));
	print_put_text(printer, node, "subpath", mount->subpath);
	print_put_pairs(printer, node, "labels", &mount->labels);
}

static void tmpfs_options(struct printer *printer, struct node *node,
			  const struct mount_spec *mount)
{
	if (mount->tmpfs_bytes)
		print_put_text(printer, node, "size",
			       arena_format(&printer->arena, "%" PRId64, mount->tmpfs_bytes));
	if (mount->tmpfs_mode >= 0 || printer->resolved)
		print_put_text(printer, node, "mode",
			       octal(printer, mount->tmpfs_mode >= 0 ? mount->tmpfs_mode : 01777));
}

static struct node *mount_node(struct printer *printer, const struct mount_spec *mount)
{
	static const char *const kinds[] = {
		[MOUNT_BIND] = "bind", [MOUNT_VOLUME] = "volume", [MOUNT_TMPFS] = "tmpfs"};
	struct node *all = print_mapping(printer);
	struct node *inner = print_mapping(printer);

	print_put_text(printer, all, "type", kinds[mount->kind]);
	print_put_text(printer, all, "source", mount->source);
	print_put_text(printer, all, "target", mount->target);
	if (mount->read_only || printer->resolved)
		print_put(printer, all, "read_only", print_bool(printer, mount->read_only));
	if (mount->kind == MOUNT_BIND)
		bind_options(printer, inner, mount);
	else if (mount->kind == MOUNT_VOLUME)
		volume_options(printer, inner, mount);
	else
		tmpfs_options(printer, inner, mount);
	if (inner->count)
		print_put(printer, all, kinds[mount->kind], inner);
	return all;
}

/* What the long form cannot say. */
static bool is_short_only(const struct mount_spec *mount)
{
	return mount->kind == MOUNT_TMPFS && (mount->tmpfs_exec || mount->tmpfs_inodes ||
					      mount->tmpfs_uid >= 0 || mount->tmpfs_gid >= 0);
}

static struct node *tmpfs_node(struct printer *printer, const struct mount_spec *mount)
{
	autobuf struct buf text = {0};

	buf_printf(&text, "%s:mode=%04o", mount->target,
		   (unsigned)(mount->tmpfs_mode >= 0 ? mount->tmpfs_mode : 01777));
	if (mount->tmpfs_bytes)
		buf_printf(&text, ",size=%" PRId64, mount->tmpfs_bytes);
	if (mount->tmpfs_inodes)
		buf_printf(&text, ",nr_inodes=%" PRId64, mount->tmpfs_inodes);
	if (mount->tmpfs_uid >= 0)
		buf_printf(&text, ",uid=%" PRId64, mount->tmpfs_uid);
	if (mount->tmpfs_gid >= 0)
		buf_printf(&text, ",gid=%" PRId64, mount->tmpfs_gid);
	buf_printf(&text, "%s%s", mount->tmpfs_exec ? ",exec" : "", mount->read_only ? ",ro" : "");
	return print_string(printer, arena_text(&printer->arena, text.data ? text.data : ""));
}

void print_mounts(struct printer *printer, struct node *node, const struct service *service)
{
	struct node *volumes = print_list(printer);
	struct node *tmpfs = print_list(printer);

	for (size_t i = 0; i < service->mount_count; i++) {
		const struct mount_spec *mount = &service->mounts[i];

		if (is_short_only(mount))
			tree_append(&printer->tree, tmpfs, tmpfs_node(printer, mount));
		else
			tree_append(&printer->tree, volumes, mount_node(printer, mount));
	}
	if (volumes->count)
		print_put(printer, node, "volumes", volumes);
	if (tmpfs->count)
		print_put(printer, node, "tmpfs", tmpfs);
}

static struct node *volume_node(struct printer *printer, const struct volume *volume)
{
	struct node *node = print_mapping(printer);

	print_put_text(printer, node, "name", volume->name);
	if (volume->external || printer->resolved)
		print_put(printer, node, "external", print_bool(printer, volume->external));
	print_put_pairs(printer, node, "driver_opts", &volume->driver_opts);
	print_put_pairs(printer, node, "labels", &volume->labels);
	return node;
}

static bool is_mounted(const struct service *service, const char *key)
{
	for (size_t i = 0; i < service->mount_count; i++) {
		const struct mount_spec *mount = &service->mounts[i];

		if (mount->kind == MOUNT_VOLUME && mount->source && strcmp(mount->source, key) == 0)
			return true;
	}
	return false;
}

void print_top_volumes(struct printer *printer, struct node *root, const struct stack *stack,
		       const struct service *only)
{
	struct node *volumes = print_mapping(printer);

	for (size_t i = 0; i < stack->volume_count; i++)
		if (!only || is_mounted(only, stack->volumes[i].key))
			print_put(printer, volumes, stack->volumes[i].key,
				  volume_node(printer, &stack->volumes[i]));
	if (volumes->count)
		print_put(printer, root, "volumes", volumes);
}
