// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * `volumes` in the long form.
 */
#include "manifests/decode_files.h"

#include "runtime/base/cleanup.h"

#include <string.h>

static const char *const kinds[] = {
	[MOUNT_BIND] = "bind", [MOUNT_VOLUME] = "volume", [MOUNT_TMPFS] = "tmpfs"};

static const char *member(struct decoder *decoder, const struct node *mapping, const char *key)
{
	const struct node *value = node_get(mapping, key);

	return node_is_null(value) ? NULL : decode_scalar(decoder, value, key);
}

static void member_bool(struct decoder *decoder, const struct node *mapping, const char *key,
			bool *ret)
{
	const struct node *value = node_get(mapping, key);

	if (!node_is_null(value))
		*ret = decode_bool(decoder, value, key, *ret);
}

static void bind_options(struct decoder *decoder, const struct node *bind, struct mount_spec *mount)
{
	static const char *const words[] = {[RECURSION_ENABLED] = "enabled",
					    [RECURSION_DISABLED] = "disabled",
					    [RECURSION_WRITABLE] = "writable",
					    [RECURSION_READONLY] = "readonly"};
	const struct node *propagation = node_get(bind, "propagation");
	const struct node *recursive = node_get(bind, "recursive");
	const char *text = member(decoder, bind, "propagation");
	bool known = false;

	member_bool(decoder, bind, "create_host_path", &mount->create_host_path);
	if (text && text[0] && !decode_propagation(text, mount))
		decode_error(decoder, propagation, "propagation",
			     "'%.60s' is not private, slave, shared or one of these with an r in "
			     "front",
			     text);
	text = member(decoder, bind, "recursive");
	for (size_t i = 0; text && i < ARRAY_SIZE(words); i++) {
		if (strcmp(text, words[i]) != 0)
			continue;
		known = true;
		mount->recursion = (enum mount_recursion)i;
	}
	if (text && !known)
		decode_error(decoder, recursive, "recursive",
			     "'%.60s' is not enabled, disabled, writable or readonly", text);
}

static void volume_options(struct decoder *decoder, const struct node *volume,
			   struct mount_spec *mount)
{
	const struct node *subpath = node_get(volume, "subpath");
	const struct node *labels = node_get(volume, "labels");
	const char *text = member(decoder, volume, "subpath");

	member_bool(decoder, volume, "nocopy", &mount->no_copy);
	if (!node_is_null(labels))
		decode_labels(decoder, labels, "labels", &mount->labels);
	if (!text || !text[0])
		return;
	mount->subpath = decode_path(decoder, "", text) + 1;
	if (text[0] == '/' || strstr(text, ".."))
		decode_error(decoder, subpath, "subpath",
			     "'%.80s' is no path below the volume: it must not start with / nor "
			     "have .. in it",
			     text);
	if (!mount->subpath[0])
		mount->subpath = NULL;
}

static void tmpfs_options(struct decoder *decoder, const struct node *tmpfs,
			  struct mount_spec *mount)
{
	const char *size = member(decoder, tmpfs, "size");
	const char *mode = member(decoder, tmpfs, "mode");

	if (size)
		decode_tmpfs_size(decoder, node_get(tmpfs, "size"), size, &mount->tmpfs_bytes);
	if (mode)
		decode_tmpfs_mode(decoder, node_get(tmpfs, "mode"), mode, &mount->tmpfs_mode);
}

static void kind_options(struct decoder *decoder, const struct node *node, enum mount_kind kind,
			 struct mount_spec *mount)
{
	static const struct key_info *const keys[] = {[MOUNT_BIND] = keys_mount_bind,
						      [MOUNT_VOLUME] = keys_mount_volume,
						      [MOUNT_TMPFS] = keys_mount_tmpfs};
	typedef void options_fn(struct decoder *, const struct node *, struct mount_spec *);
	static options_fn *const decode[] = {[MOUNT_BIND] = bind_options,
					     [MOUNT_VOLUME] = volume_options,
					     [MOUNT_TMPFS] = tmpfs_options};
	const struct node *options = node_get(node, kinds[kind]);
	const char *path = arena_format(decoder->scratch, "%s.%s", decoder->path, kinds[kind]);

	if (node_is_null(options) || !keys_check(decoder->report, options, keys[kind], path))
		return;
	if (kind == mount->kind)
		decode[kind](decoder, options, mount);
	else
		report_warning(decoder->report, options->pos,
			       "%s has no effect on a mount of type %s", path, kinds[mount->kind]);
}

static bool long_kind(struct decoder *decoder, const struct node *node, enum mount_kind *ret_kind)
{
	const struct node *type = node_get(node, "type");
	const char *text = member(decoder, node, "type");

	for (size_t i = 0; text && i < ARRAY_SIZE(kinds); i++) {
		if (strcmp(text, kinds[i]) != 0)
			continue;
		*ret_kind = (enum mount_kind)i;
		return true;
	}
	if (node_is_null(type))
		report_error(decoder->report, node->pos, "%s: needs a type: bind, volume or tmpfs",
			     decoder->path);
	else if (text && strcmp(text, "image") == 0)
		decode_error(decoder, type, "type", "image is not supported yet");
	else if (text && strcmp(text, "npipe") == 0)
		decode_error(decoder, type, "type", "npipe is not supported: it is for Windows");
	else if (text && strcmp(text, "cluster") == 0)
		decode_error(decoder, type, "type",
			     "cluster is not supported: there is only this machine");
	else if (text)
		decode_error(decoder, type, "type", "'%.60s' is not bind, volume or tmpfs", text);
	return false;
}

/* False with an error when the source is missing, too many, or faulty. */
static bool long_source(struct decoder *decoder, const struct node *node, struct mount_spec *mount)
{
	const struct node *source = node_get(node, "source");
	bool none = node_is_null(source) ||
		    (source->kind == NODE_SCALAR && !source->text[0] && mount->kind != MOUNT_BIND);

	if (none && mount->kind == MOUNT_BIND)
		report_error(decoder->report, node->pos, "%s: a bind needs a source",
			     decoder->path);
	if (none)
		return mount->kind != MOUNT_BIND;
	mount->source_pos = source->pos;
	if (mount->kind == MOUNT_TMPFS) {
		decode_error(decoder, source, "source", "a tmpfs has no source");
		return false;
	}
	return decode_scalar(decoder, source, "source") &&
	       decode_mount_source(decoder, source, "source", source->text, mount);
}

static void long_mount(struct decoder *decoder, const struct node *node)
{
	struct mount_spec mount = decode_new_mount(MOUNT_BIND, node->pos);
	const struct node *target = node_get(node, "target");

	if (!long_kind(decoder, node, &mount.kind))
		return;
	mount.create_host_path = mount.kind == MOUNT_BIND;
	if (node_is_null(target)) {
		report_error(decoder->report, node->pos, "%s: needs a target", decoder->path);
		return;
	}
	if (!decode_scalar(decoder, target, "target") ||
	    !decode_mount_target(decoder, target, "target", target->text, &mount) ||
	    !long_source(decoder, node, &mount))
		return;
	member_bool(decoder, node, "read_only", &mount.read_only);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		kind_options(decoder, node, (enum mount_kind)i, &mount);
	if (mount.engine_socket)
		mount.create_host_path = false;
	decode_add_mount(decoder, &mount);
}

void decode_long_mount(struct decoder *decoder, const struct node *node, const char *key)
{
	const char *outer = decoder->path;

	decoder->path = arena_format(decoder->scratch, "%s.%s", outer, key);
	if (keys_check(decoder->report, node, keys_mount, decoder->path))
		long_mount(decoder, node);
	decoder->path = outer;
}
