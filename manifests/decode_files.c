// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * `configs` and `secrets`, those of the stack and those a service is given.
 */
#include "manifests/decode_files.h"
#include "manifests/scalar.h"

#include "runtime/base/cleanup.h"

#include <stdlib.h>
#include <string.h>

static const char *const sections[] = {[FILE_CONFIG] = "configs", [FILE_SECRET] = "secrets"};

static const struct {
	const char *key;
	enum file_origin origin;
} origins[] = {
	{"file", FILE_FROM_FILE},
	{"environment", FILE_FROM_ENVIRONMENT},
	{"content", FILE_FROM_CONTENT},
};

void decode_external(struct decoder *decoder, const struct node *node, bool *ret_external,
		     const char **ret_name)
{
	const struct node *name = node_get(node, "name");

	if (node->kind == NODE_SCALAR) {
		*ret_external = decode_bool(decoder, node, "external", false);
		return;
	}
	*ret_external = true;
	if (keys_check(decoder->report, node, keys_external,
		       arena_format(decoder->scratch, "%s.external", decoder->path)) &&
	    !node_is_null(name))
		*ret_name = decode_scalar(decoder, name, "external.name");
}

void decode_external_alone(struct decoder *decoder, const struct node *node)
{
	static const char *const fine[] = {"external", "name"};

	for (size_t i = 0; i < node->count; i++) {
		const struct node *key = node->pairs[i].key;
		bool other = strncmp(key->text, "x-", 2) != 0;

		for (size_t k = 0; k < ARRAY_SIZE(fine); k++)
			other = other && strcmp(key->text, fine[k]) != 0;
		if (other)
			decode_error(decoder, key, key->text,
				     "says nothing about what is external: remove one of the two");
	}
}

/* The one place its bytes come from. */
static void object_origin(struct decoder *decoder, const struct node *node,
			  struct file_object *object)
{
	const char *first = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(origins); i++) {
		const struct node *value = node_get(node, origins[i].key);
		const char *text;

		if (node_is_null(value))
			continue;
		if (first) {
			decode_error(decoder, value, origins[i].key, "%s is written already",
				     first);
			return;
		}
		first = origins[i].key;
		text = decode_scalar(decoder, value, first);
		object->origin = origins[i].origin;
		object->value_pos = value->pos;
		object->written = text ? arena_text(decoder->keep, text) : NULL;
		if (text && origins[i].origin == FILE_FROM_FILE)
			object->value = decode_path(decoder, decoder->stack->directory, text);
		else if (text)
			object->value = arena_text(decoder->keep, text);
		if (text && !text[0] && origins[i].origin != FILE_FROM_CONTENT)
			decode_error(decoder, value, first, "is empty");
	}
	if (!first && !node->faulty)
		report_error(decoder->report, object->pos,
			     "%s needs a file, an environment, a content or external: true",
			     decoder->path);
}

static void object_body(struct decoder *decoder, const struct node *node,
			struct file_object *object)
{
	const struct node *external = node_get(node, "external");
	const struct node *labels = node_get(node, "labels");
	const struct node *named = node_get(node, "name");
	const char *name = node_is_null(named) ? NULL : decode_scalar(decoder, named, "name");
	bool stored = false;

	if (!node_is_null(external))
		decode_external(decoder, external, &stored, &name);
	if (!node_is_null(labels))
		decode_labels(decoder, labels, "labels", &object->labels);
	if (stored) {
		object->origin = FILE_FROM_STORE;
		object->name = object->key;
		decode_external_alone(decoder, node);
	} else {
		object_origin(decoder, node, object);
	}
	if (name && !decode_is_name(name, DECODE_STORE_NAME_MAX))
		decode_error(decoder, node_is_null(named) ? external : named, "name",
			     "'%.80s' is not a name: letters, digits, _ . -", name);
	else if (name)
		object->name = arena_text(decoder->keep, name);
}

static void decode_object(struct decoder *decoder, const struct pair *pair, enum file_kind kind,
			  struct file_object *object)
{
	const char *key = pair->key->text;

	*object = (struct file_object){
		.kind = kind,
		.key = arena_text(decoder->keep, key),
		.name = arena_format(decoder->keep, "%s_%s", decoder->stack->name, key),
		.pos = pair->key->pos,
		.value_pos = pair->key->pos,
	};
	decoder->path = arena_format(decoder->scratch, "%s.%s", sections[kind], key);
	if (!decode_is_name(key, DECODE_NAME_MAX))
		report_error(decoder->report, pair->key->pos,
			     "'%.80s' is not a name: letters, digits, _ . -, at most 63", key);
	if (keys_check(decoder->report, pair->value, keys_file_object, decoder->path))
		object_body(decoder, pair->value, object);
}

static int compare_objects(const void *left, const void *right)
{
	const struct file_object *a = left;
	const struct file_object *b = right;

	return a->kind != b->kind ? (int)a->kind - (int)b->kind : strcmp(a->key, b->key);
}

void decode_top_files(struct decoder *decoder, const struct node *root)
{
	struct stack_files *files = &decoder->stack->files_given;
	size_t count = 0;

	for (size_t kind = 0; kind < ARRAY_SIZE(sections); kind++) {
		const struct node *node = node_get(root, sections[kind]);

		count += node_is_null(node) ? 0 : node->count;
	}
	files->items = arena_new(decoder->keep, struct file_object, count);
	for (size_t kind = 0; kind < ARRAY_SIZE(sections); kind++) {
		const struct node *node = node_get(root, sections[kind]);

		if (!node_is_null(node) && node->kind != NODE_MAPPING)
			decode_error(decoder, node, sections[kind], "must be a mapping, this is %s",
				     node_kind_name(node));
		if (node_is_null(node) || node->kind != NODE_MAPPING)
			continue;
		for (size_t i = 0; i < node->count && decode_room(decoder, node); i++)
			decode_object(decoder, &node->pairs[i], (enum file_kind)kind,
				      &files->items[files->count++]);
		decoder->path = "";
	}
	if (files->count)
		qsort(files->items, files->count, sizeof(*files->items), compare_objects);
}

/* The warning names what was probably meant, where the digits allow it. */
static void warn_decimal(struct decoder *decoder, const struct node *node, const char *key,
			 unsigned mode)
{
	const char *text = node->text;
	bool octal = !text[strspn(text, "01234567")];

	report_warning(decoder->report, node->pos,
		       "%s.%s: the decimal number %s is octal %04o: write \"%s%s\"", decoder->path,
		       key, text, mode, octal && strlen(text) < 4 ? "0" : "",
		       octal ? text : arena_format(decoder->scratch, "%04o", mode));
}

static void grant_mode(struct decoder *decoder, const struct node *node, const char *key,
		       unsigned *ret_mode)
{
	const char *text = decode_scalar(decoder, node, key);
	const char *digits = text && strncmp(text, "0o", 2) == 0 ? text + 2 : text;
	/* Without a 0 in front or quotes around it YAML has read a decimal number. */
	bool decimal = text && node->plain && text[0] != '0';
	unsigned mode = 0;

	if (!text)
		return;
	size_t len = strspn(digits, decimal ? "0123456789" : "01234567");

	if (!len || digits[len] || len > 6) {
		decode_error(decoder, node, key, "'%.60s' is not an octal mode: write \"0440\"",
			     text);
		return;
	}
	for (size_t i = 0; i < len; i++)
		mode = mode * (decimal ? 10 : 8) + (unsigned)(digits[i] - '0');
	if (mode > 0777) {
		decode_error(decoder, node, key, "'%.60s' is octal %o, larger than 0777", text,
			     mode);
		return;
	}
	if (decimal)
		warn_decimal(decoder, node, key, mode);
	*ret_mode = mode;
}

/* Relative targets are where files of their kind are put. */
static char *grant_target(struct decoder *decoder, enum file_kind kind, const char *text)
{
	const char *base = kind == FILE_SECRET ? "/run/secrets" : "/";

	return decode_path(
		decoder, "",
		arena_format(decoder->scratch, "%s/%s", text[0] == '/' ? "" : base, text));
}

static void grant_long(struct decoder *decoder, const struct node *node, struct file_grant *grant)
{
	const struct decode_range ids = {0, UINT32_MAX - 1};
	const struct node *target = node_get(node, "target");
	const struct node *uid = node_get(node, "uid");
	const struct node *gid = node_get(node, "gid");
	const struct node *mode = node_get(node, "mode");
	const char *text = node_is_null(target) ? NULL : decode_scalar(decoder, target, "target");

	if (!node_is_null(uid))
		decode_int(decoder, uid, "uid", ids, &grant->uid);
	if (!node_is_null(gid))
		decode_int(decoder, gid, "gid", ids, &grant->gid);
	if (!node_is_null(mode))
		grant_mode(decoder, mode, "mode", &grant->mode);
	if (!text)
		return;
	grant->target = grant_target(decoder, grant->kind, text);
	if (strcmp(grant->target, "/") == 0)
		decode_error(decoder, target, "target", "'%.80s' is no place for a file", text);
}

static bool decode_grant(struct decoder *decoder, const struct node *node, enum file_kind kind,
			 struct file_grant *grant)
{
	const char *outer = decoder->path;
	const struct node *source = node;

	*grant = (struct file_grant){
		.kind = kind, .uid = -1, .gid = -1, .mode = 0444, .pos = node->pos};
	decoder->path = arena_format(decoder->scratch, "%s.%s", outer, sections[kind]);
	if (node->kind != NODE_SCALAR) {
		if (keys_check(decoder->report, node, keys_file_grant, decoder->path))
			grant_long(decoder, node, grant);
		source = node_get(node, "source");
	}
	const char *text = NULL;

	if (!node_is_null(source))
		text = decode_scalar(decoder, source, "source");
	else if (node->kind != NODE_SEQUENCE && !node->faulty)
		report_error(decoder->report, node->pos, "%s: needs a source", decoder->path);
	decoder->path = outer;
	if (!text)
		return false;
	grant->source = arena_text(decoder->keep, text);
	grant->source_pos = source->pos;
	if (!grant->target)
		grant->target = grant_target(decoder, kind, text);
	return true;
}

void decode_service_files(struct decoder *decoder, const struct node *service)
{
	struct service_files *files = &decoder->service->files;
	size_t count = 0;

	for (size_t kind = 0; kind < ARRAY_SIZE(sections); kind++) {
		const struct node *list = node_get(service, sections[kind]);

		count += list ? list->count : 0;
	}
	files->items = arena_new(decoder->keep, struct file_grant, count);
	for (size_t kind = 0; kind < ARRAY_SIZE(sections); kind++) {
		const struct node *list = node_get(service, sections[kind]);

		if (node_is_null(list))
			continue;
		if (list->kind != NODE_SEQUENCE)
			decode_error(decoder, list, sections[kind], "must be a list, this is %s",
				     node_kind_name(list));
		for (size_t i = 0; list->kind == NODE_SEQUENCE && i < list->count; i++) {
			if (!decode_room(decoder, list))
				return;
			files->count += decode_grant(decoder, list->items[i], (enum file_kind)kind,
						     &files->items[files->count]);
		}
	}
}

void decode_build_secrets(struct decoder *decoder, const struct node *node, const char *key)
{
	struct build_spec *build = &decoder->service->build;

	if (node->kind != NODE_SEQUENCE) {
		decode_error(decoder, node, key, "must be a list, this is %s",
			     node_kind_name(node));
		return;
	}
	build->secrets = arena_new(decoder->keep, struct file_grant, node->count);
	for (size_t i = 0; i < node->count && decode_room(decoder, node); i++)
		build->secret_count += decode_grant(decoder, node->items[i], FILE_SECRET,
						    &build->secrets[build->secret_count]);
}
