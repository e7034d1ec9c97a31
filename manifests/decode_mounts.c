// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * `volumes` in the short form, and what all forms of mounts share.
 */
#include "manifests/decode_files.h"

#include "runtime/base/cleanup.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

struct mount_spec decode_new_mount(enum mount_kind kind, struct pos pos)
{
	return (struct mount_spec){
		.kind = kind,
		.tmpfs_mode = -1,
		.tmpfs_uid = -1,
		.tmpfs_gid = -1,
		.pos = pos,
		.source_pos = pos,
	};
}

void decode_add_mount(struct decoder *decoder, const struct mount_spec *mount)
{
	struct service *service = decoder->service;

	*arena_push(decoder->keep, service->mounts, service->mount_count, decoder->mount_cap) =
		*mount;
}

/* "C:\", "c:/x" in front of another path, or a pipe: nothing that Linux has. */
static bool is_windows(const char *text)
{
	bool drive = isalpha((unsigned char)text[0]) && text[1] == ':';

	if (strncmp(text, "\\\\", 2) == 0 || (drive && text[2] == '\\'))
		return true;
	return drive && text[2] == '/' && strchr(text + 2, ':') && strchr(text + 2, ':')[1] == '/';
}

static bool refuse_windows(struct decoder *decoder, const struct node *node, const char *key,
			   const char *text)
{
	if (is_windows(text))
		decode_error(decoder, node, key, "'%.80s' is a path of Windows", text);
	return is_windows(text);
}

bool decode_mount_target(struct decoder *decoder, const struct node *node, const char *key,
			 const char *text, struct mount_spec *mount)
{
	if (refuse_windows(decoder, node, key, text))
		return false;
	if (text[0] == '/')
		mount->target = decode_path(decoder, "", text);
	if (mount->target && mount->target[1])
		return true;
	decode_error(decoder, node, key,
		     "'%.80s' is no place to mount: write an absolute path other than /", text);
	return false;
}

/* Files that hand an engine's socket in: whoever asks it finds none of this stack's instances. */
static void look_for_engine(struct decoder *decoder, const struct node *node, const char *key,
			    struct mount_spec *mount)
{
	static const char *const sockets[] = {"docker.sock", "podman.sock", "containerd.sock"};
	static const char *const dirs[] = {"/run", "/var/run"};
	const char *slash = strrchr(mount->source, '/');
	const char *name = slash ? slash + 1 : mount->source;

	for (size_t i = 0; i < ARRAY_SIZE(sockets); i++) {
		if (strcmp(name, sockets[i]) != 0)
			continue;
		mount->engine_socket = true;
		mount->create_host_path = false;
		report_warning(decoder->report, node->pos,
			       "%s.%s: davit has no engine socket: what this service asks of "
			       "%s will fail, or show another engine's containers only",
			       decoder->path, key, name);
	}
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		if (strcmp(mount->source, dirs[i]) == 0)
			report_warning(decoder->report, node->pos,
				       "%s.%s: davit has no engine socket in %s: a service that "
				       "looks for docker.sock there will fail",
				       decoder->path, key, dirs[i]);
}

bool decode_mount_source(struct decoder *decoder, const struct node *node, const char *key,
			 const char *text, struct mount_spec *mount)
{
	if (refuse_windows(decoder, node, key, text))
		return false;
	if (mount->kind == MOUNT_BIND && text[0]) {
		mount->source = decode_path(decoder, decoder->stack->directory, text);
		look_for_engine(decoder, node, key, mount);
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

bool decode_propagation(const char *word, struct mount_spec *mount)
{
	static const struct {
		const char *word;
		enum mount_propagation propagation;
	} words[] = {
		{"private", PROPAGATION_PRIVATE}, {"rprivate", PROPAGATION_PRIVATE},
		{"slave", PROPAGATION_SLAVE},	  {"rslave", PROPAGATION_RSLAVE},
		{"shared", PROPAGATION_SHARED},	  {"rshared", PROPAGATION_RSHARED},
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strcmp(words[i].word, word) != 0)
			continue;
		mount->propagation = words[i].propagation;
		return true;
	}
	return false;
}

/* One word of the third part, "ro" or "z,ro". */
static bool mount_option(struct decoder *decoder, const struct node *node, const char *key,
			 const char *word, struct mount_spec *mount)
{
	static const char *const nothing[] = {"rw", "rbind", ""};
	static const char *const no_copy[] = {"nocopy", "volume-nocopy"};
	static const char *const foreign[] = {"cached", "delegated", "consistent"};
	static const char *const labels[] = {"z", "Z"};

	if (strcmp(word, "ro") == 0)
		return mount->read_only = true;
	for (size_t i = 0; i < ARRAY_SIZE(no_copy); i++)
		if (strcmp(word, no_copy[i]) == 0)
			return mount->no_copy = true;
	for (size_t i = 0; i < ARRAY_SIZE(nothing); i++)
		if (strcmp(word, nothing[i]) == 0)
			return true;
	for (size_t i = 0; i < ARRAY_SIZE(foreign) + ARRAY_SIZE(labels); i++) {
		bool label = i >= ARRAY_SIZE(foreign);

		if (strcmp(word, label ? labels[i - ARRAY_SIZE(foreign)] : foreign[i]) != 0)
			continue;
		report_warning(decoder->report, node->pos, "%s.%s: '%s' has no effect %s",
			       decoder->path, key, word, label ? "without SELinux" : "on Linux");
		return true;
	}
	if (decode_propagation(word, mount))
		return true;
	decode_error(decoder, node, key, "'%.60s' is not a mount option: write ro or rw", word);
	return false;
}

/* SOURCE:TARGET[:OPTIONS] or TARGET */
static void short_mount(struct decoder *decoder, const struct node *node, const char *key)
{
	struct mount_spec mount = decode_new_mount(MOUNT_VOLUME, node->pos);
	char *first = arena_text(decoder->scratch, node->text);
	char *target = strchr(first, ':');
	char *options = target ? strchr(target + 1, ':') : NULL;

	if (refuse_windows(decoder, node, key, node->text) ||
	    (target && refuse_windows(decoder, node, key, target + 1)))
		return;
	if (options)
		*options++ = '\0';
	if (target)
		*target++ = '\0';
	if (target && first[0] && strchr("./~", first[0]))
		mount.kind = MOUNT_BIND;
	mount.create_host_path = mount.kind == MOUNT_BIND;
	if (options && strchr(options, ':')) {
		decode_error(decoder, node, key, "'%.80s' has too many colons", node->text);
		return;
	}
	if (target && !decode_mount_source(decoder, node, key, first, &mount))
		return;
	if (!decode_mount_target(decoder, node, key, target ? target : first, &mount))
		return;
	for (char *word; options && (word = strsep(&options, ","));)
		if (!mount_option(decoder, node, key, word, &mount))
			return;
	decode_add_mount(decoder, &mount);
}

static int compare_mounts(const void *left, const void *right)
{
	const struct mount_spec *a = *(const struct mount_spec *const *)left;
	const struct mount_spec *b = *(const struct mount_spec *const *)right;
	int order = strcmp(a->target, b->target);

	return order ? order : (a > b) - (a < b);
}

/* Of several entries from @first on with one target, the last is the one that is meant. */
static void keep_last(struct decoder *decoder, const char *key, size_t first)
{
	struct service *service = decoder->service;
	size_t count = service->mount_count - first;
	struct mount_spec **sorted = arena_new(decoder->scratch, struct mount_spec *, count);
	bool *replaced = arena_new(decoder->scratch, bool, count);

	for (size_t i = 0; i < count; i++)
		sorted[i] = &service->mounts[first + i];
	if (count)
		qsort(sorted, count, sizeof(struct mount_spec *), compare_mounts);
	for (size_t i = 1; i < count; i++) {
		if (strcmp(sorted[i]->target, sorted[i - 1]->target) != 0)
			continue;
		replaced[sorted[i - 1] - &service->mounts[first]] = true;
		report_warning(decoder->report, sorted[i]->pos,
			       "%s.%s: %.200s is mounted twice: this replaces the one on line %u",
			       decoder->path, key, sorted[i]->target, sorted[i - 1]->pos.line);
	}
	service->mount_count = first;
	for (size_t i = 0; i < count; i++)
		if (!replaced[i])
			service->mounts[service->mount_count++] = service->mounts[first + i];
}

void decode_volumes(struct decoder *decoder, const struct node *node, const char *key)
{
	size_t first = decoder->service->mount_count;

	if (node->kind != NODE_SEQUENCE) {
		decode_error(decoder, node, key, "must be a list, this is %s",
			     node_kind_name(node));
		return;
	}
	for (size_t i = 0; i < node->count && decode_room(decoder, node); i++) {
		const struct node *item = node->items[i];

		if (node_is_null(item))
			decode_error(decoder, item, key, "an entry is empty");
		else if (item->kind == NODE_SCALAR)
			short_mount(decoder, item, key);
		else
			decode_long_mount(decoder, item, key);
	}
	keep_last(decoder, key, first);
}
