// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * `volumes` and `tmpfs`, in the short and the long form.
 */
#include "manifests/decode.h"
#include "manifests/scalar.h"

#include "runtime/base/cleanup.h"

#include <string.h>

static struct mount_spec *add_mount(struct decoder *decoder, const struct mount_spec *mount)
{
	struct service *service = decoder->service;
	struct mount_spec *slot = arena_push(decoder->keep, service->mounts, service->mount_count,
					     decoder->mount_cap);

	*slot = *mount;
	return slot;
}

/* Fills the normalised target; false with an error when it cannot be one. */
static bool set_target(struct decoder *decoder, const struct node *node, const char *key,
		       const char *text, struct mount_spec *mount)
{
	if (text[0] == '/')
		mount->target = decode_path(decoder, "", text);
	if (mount->target && mount->target[1])
		return true;
	decode_error(decoder, node, key,
		     "'%.80s' is no place to mount: write an absolute path other than /", text);
	return false;
}

/* Fills kind and source from the first part of the short form, or a long form's source. */
static bool set_source(struct decoder *decoder, const struct node *node, const char *key,
		       const char *text, struct mount_spec *mount)
{
	if (mount->kind == MOUNT_BIND && text[0]) {
		mount->source = decode_path(decoder, decoder->stack->directory, text);
		return true;
	}
	if (decode_is_name(text, DECODE_NAME_MAX)) {
		mount->source = arena_text(decoder->keep, text);
		return true;
	}
	decode_error(decoder, node, key,
		     "'%.80s' is not a volume name: a path starts with / or ./ or ~/", text);
	return false;
}

/* One word of the third part, "ro" or "z,ro". */
static bool mount_option(struct decoder *decoder, const struct node *node, const char *key,
			 const char *word, struct mount_spec *mount)
{
	static const char *const nothing[] = {"rw", "nocopy", ""};
	static const char *const ignored[] = {"cached", "delegated", "consistent", "z", "Z"};
	static const char *const later[] = {"shared",  "slave",	 "private",
					    "rshared", "rslave", "rprivate",
					    "bind",    "rbind",	 "volume-nocopy"};

	if (strcmp(word, "ro") == 0) {
		mount->read_only = true;
		return true;
	}
	for (size_t i = 0; i < ARRAY_SIZE(nothing); i++)
		if (strcmp(word, nothing[i]) == 0)
			return true;
	for (size_t i = 0; i < ARRAY_SIZE(ignored); i++) {
		if (strcmp(word, ignored[i]) != 0)
			continue;
		report_warning(decoder->report, node->pos, "%s.%s: '%s' has no effect here",
			       decoder->path, key, word);
		return true;
	}
	for (size_t i = 0; i < ARRAY_SIZE(later); i++) {
		if (strcmp(word, later[i]) != 0)
			continue;
		decode_error(decoder, node, key, "the option '%s' is not supported yet", word);
		return false;
	}
	decode_error(decoder, node, key, "'%.60s' is not a mount option: write ro or rw", word);
	return false;
}

/* SOURCE:TARGET[:OPTIONS] or TARGET */
static void short_mount(struct decoder *decoder, const struct node *node, const char *key)
{
	struct mount_spec mount = {.kind = MOUNT_VOLUME,
				   .create_host_path = true,
				   .tmpfs_mode = -1,
				   .pos = node->pos,
				   .source_pos = node->pos};
	char *first = arena_text(decoder->scratch, node->text);
	char *target = strchr(first, ':');
	char *options = target ? strchr(target + 1, ':') : NULL;

	if (options)
		*options++ = '\0';
	if (target)
		*target++ = '\0';
	if (target && strchr("./~", first[0]) && first[0])
		mount.kind = MOUNT_BIND;
	if (mount.kind != MOUNT_BIND)
		mount.create_host_path = false;
	if (options && strchr(options, ':')) {
		decode_error(decoder, node, key, "'%.80s' has too many colons", node->text);
		return;
	}
	if (target && !set_source(decoder, node, key, first, &mount))
		return;
	if (!set_target(decoder, node, key, target ? target : first, &mount))
		return;
	for (char *word; options && (word = strsep(&options, ","));)
		if (!mount_option(decoder, node, key, word, &mount))
			return;
	add_mount(decoder, &mount);
}

static bool parse_mode(struct decoder *decoder, const struct node *node, const char *text,
		       int *ret_mode)
{
	const char *digits = strncmp(text, "0o", 2) == 0 ? text + 2 : text;
	size_t len = strspn(digits, "01234567");

	if (!len || digits[len] || len > 5) {
		decode_error(decoder, node, "mode", "'%.60s' is not an octal mode: write \"1777\"",
			     text);
		return false;
	}
	int mode = 0;

	for (size_t i = 0; i < len; i++)
		mode = mode * 8 + (digits[i] - '0');
	if (mode > 07777)
		decode_error(decoder, node, "mode", "'%.60s' is larger than 7777", text);
	else
		*ret_mode = mode;
	return mode <= 07777;
}

static void parse_size(struct decoder *decoder, const struct node *node, const char *text,
		       int64_t *ret_bytes)
{
	struct err err;

	if (scalar_bytes(text, ret_bytes, &err) < 0)
		decode_error(decoder, node, "size", "%s", err.text);
}

static const char *member(struct decoder *decoder, const struct node *mapping, const char *key)
{
	const struct node *value = node_get(mapping, key);

	return node_is_null(value) ? NULL : decode_scalar(decoder, value, key);
}

/* The mapping that only one type of mount may have. */
static const struct node *options_of(struct decoder *decoder, const struct node *node,
				     const char *name, const struct key_info *keys, bool fits)
{
	const struct node *options = node_get(node, name);
	const char *path = arena_format(decoder->scratch, "%s.%s", decoder->path, name);

	if (node_is_null(options) || !keys_check(decoder->report, options, keys, path))
		return NULL;
	if (fits)
		return options;
	decode_error(decoder, options, name, "does not belong to this type of mount");
	return NULL;
}

static void long_options(struct decoder *decoder, const struct node *node, struct mount_spec *mount)
{
	const struct node *bind =
		options_of(decoder, node, "bind", keys_mount_bind, mount->kind == MOUNT_BIND);
	const struct node *tmpfs =
		options_of(decoder, node, "tmpfs", keys_mount_tmpfs, mount->kind == MOUNT_TMPFS);
	const struct node *create = node_get(bind, "create_host_path");
	const struct node *read_only = node_get(node, "read_only");
	const char *size = tmpfs ? member(decoder, tmpfs, "size") : NULL;
	const char *mode = tmpfs ? member(decoder, tmpfs, "mode") : NULL;

	options_of(decoder, node, "volume", keys_mount_volume, mount->kind == MOUNT_VOLUME);
	if (!node_is_null(create))
		mount->create_host_path = decode_bool(decoder, create, "create_host_path", true);
	if (!node_is_null(read_only))
		mount->read_only = decode_bool(decoder, read_only, "read_only", false);
	if (size)
		parse_size(decoder, node_get(tmpfs, "size"), size, &mount->tmpfs_bytes);
	if (mode)
		parse_mode(decoder, node_get(tmpfs, "mode"), mode, &mount->tmpfs_mode);
}

static bool long_kind(struct decoder *decoder, const struct node *node, enum mount_kind *ret_kind)
{
	static const char *const kinds[] = {
		[MOUNT_BIND] = "bind", [MOUNT_VOLUME] = "volume", [MOUNT_TMPFS] = "tmpfs"};
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
	else if (text && (strcmp(text, "npipe") == 0 || strcmp(text, "cluster") == 0))
		decode_error(decoder, type, "type", "%s is not supported on Linux alone", text);
	else if (text)
		decode_error(decoder, type, "type", "'%.60s' is not bind, volume or tmpfs", text);
	return false;
}

static void decode_long_mount(struct decoder *decoder, const struct node *node)
{
	struct mount_spec mount = {.tmpfs_mode = -1, .pos = node->pos, .source_pos = node->pos};
	const struct node *source = node_get(node, "source");
	const struct node *target = node_get(node, "target");

	if (!long_kind(decoder, node, &mount.kind))
		return;
	mount.create_host_path = mount.kind == MOUNT_BIND;
	if (node_is_null(target)) {
		report_error(decoder->report, node->pos, "%s: needs a target", decoder->path);
		return;
	}
	if (!decode_scalar(decoder, target, "target") ||
	    !set_target(decoder, target, "target", target->text, &mount))
		return;
	if (!node_is_null(source)) {
		mount.source_pos = source->pos;
		if (mount.kind == MOUNT_TMPFS) {
			decode_error(decoder, source, "source", "a tmpfs has no source");
			return;
		}
		if (!decode_scalar(decoder, source, "source") ||
		    !set_source(decoder, source, "source", source->text, &mount))
			return;
	} else if (mount.kind == MOUNT_BIND) {
		report_error(decoder->report, node->pos, "%s: a bind needs a source",
			     decoder->path);
		return;
	}
	long_options(decoder, node, &mount);
	add_mount(decoder, &mount);
}

static void long_mount(struct decoder *decoder, const struct node *node, const char *key)
{
	const char *outer = decoder->path;

	decoder->path = arena_format(decoder->scratch, "%s.%s", outer, key);
	if (keys_check(decoder->report, node, keys_mount, decoder->path))
		decode_long_mount(decoder, node);
	decoder->path = outer;
}

void decode_volumes(struct decoder *decoder, const struct node *node, const char *key)
{
	if (node->kind != NODE_SEQUENCE) {
		decode_error(decoder, node, key, "must be a list, this is %s",
			     node_kind_name(node));
		return;
	}
	for (size_t i = 0; i < node->count && decode_room(decoder, node); i++) {
		if (node->items[i]->kind == NODE_SCALAR)
			short_mount(decoder, node->items[i], key);
		else
			long_mount(decoder, node->items[i], key);
	}
}

static bool tmpfs_option(struct decoder *decoder, const struct node *node, const char *key,
			 const char *word, struct mount_spec *mount)
{
	static const char *const always[] = {"rw", "nosuid", "nodev", ""};

	if (strcmp(word, "ro") == 0) {
		mount->read_only = true;
		return true;
	}
	if (strncmp(word, "mode=", 5) == 0)
		return parse_mode(decoder, node, word + 5, &mount->tmpfs_mode);
	if (strncmp(word, "size=", 5) == 0) {
		parse_size(decoder, node, word + 5, &mount->tmpfs_bytes);
		return true;
	}
	for (size_t i = 0; i < ARRAY_SIZE(always); i++)
		if (strcmp(word, always[i]) == 0)
			return true;
	decode_error(decoder, node, key,
		     "the option '%.60s' is not supported: write size= or mode=", word);
	return false;
}

/* TARGET[:OPTIONS] */
static void one_tmpfs(struct decoder *decoder, const struct node *node, const char *key)
{
	struct mount_spec mount = {
		.kind = MOUNT_TMPFS, .tmpfs_mode = -1, .pos = node->pos, .source_pos = node->pos};
	const char *text = decode_scalar(decoder, node, key);
	char *options;

	if (!text)
		return;
	char *target = arena_text(decoder->scratch, text);

	options = strchr(target, ':');
	if (options)
		*options++ = '\0';
	if (!set_target(decoder, node, key, target, &mount))
		return;
	for (char *word; options && (word = strsep(&options, ","));)
		if (!tmpfs_option(decoder, node, key, word, &mount))
			return;
	add_mount(decoder, &mount);
}

void decode_tmpfs(struct decoder *decoder, const struct node *node, const char *key)
{
	if (node->kind == NODE_SEQUENCE) {
		for (size_t i = 0; i < node->count && decode_room(decoder, node); i++)
			one_tmpfs(decoder, node->items[i], key);
	} else {
		one_tmpfs(decoder, node, key);
	}
}
