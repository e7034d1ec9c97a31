// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * `image` and `build`: where the root file system of a service is from.
 */
#include "manifests/build_fields.h"
#include "manifests/decode_files.h"
#include "manifests/scalar.h"

#include "runtime/base/cleanup.h"

#include <ctype.h>
#include <string.h>

/* What is wrong with a reference, in words; NULL: nothing that can be seen from here. */
static const char *image_fault(const char *text)
{
	static const char *const local[] = {"oci:", "oci-archive:", "docker-archive:"};
	size_t len = strlen(text);
	const char *slash = strchr(text, '/');
	size_t first = strcspn(text, "/");
	const char *name =
		slash && text[strcspn(text, ".:")] && strcspn(text, ".:") < first ? slash : text;

	for (size_t i = 0; i < ARRAY_SIZE(local); i++)
		if (strncmp(text, local[i], strlen(local[i])) == 0)
			return NULL;
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)text[i]) && !strchr("._-/:@[]+", text[i]))
			return "only letters, digits and ._-/:@ belong there";
	if (!len || strchr(":@/.-", text[0]) || strchr(":@/", text[len - 1]))
		return "a part of it is missing";
	for (size_t i = 0; name[i] && !strchr(":@", name[i]); i++)
		if (isupper((unsigned char)name[i]))
			return "the name must be in lower case";
	return NULL;
}

void decode_image(struct decoder *decoder, const struct node *node, const char *key)
{
	struct text *image = &decoder->service->image;

	decode_text(decoder, node, key, image);
	if (image->value && !decode_string(decoder, node, key))
		return; /* (it stays: that none is there would be told next) */
	const char *fault = image->value ? image_fault(image->value) : NULL;

	/* A variable may be all that is missing, and set only where the stack is launched. */
	if (fault)
		decode_note(decoder, node, key, "'%.80s' is no image: %s", image->value, fault);
}

/* A name alone takes the value of the caller, and is left out when there is none. */
static void add_arg(struct decoder *decoder, const char *name, const char *value, struct pos pos,
		    void *ctx)
{
	vars_set(ctx, name, value ? value : vars_get(decoder->environment, name), pos);
}

static void add_context(struct decoder *decoder, const char *name, const char *value,
			struct pos pos, void *ctx)
{
	bool path = value && value[0] && !scalar_is_remote(value);

	if (!value || !value[0])
		report_error(decoder->report, pos,
			     "%s.additional_contexts: '%.60s' needs a path or a URL", decoder->path,
			     name);
	else
		vars_set(ctx, name,
			 path ? decode_path(decoder, decoder->stack->directory, value) : value,
			 pos);
}

static void decode_args(struct decoder *decoder, const struct node *node, const char *key)
{
	struct vars vars = {.arena = decoder->scratch};

	decode_pairs(decoder, node, key, add_arg, &vars);
	decoder->service->build.args = vars_list(&vars, decoder->keep);
}

static void decode_contexts(struct decoder *decoder, const struct node *node, const char *key)
{
	struct vars vars = {.arena = decoder->scratch};

	decode_pairs(decoder, node, key, add_context, &vars);
	decoder->service->build.contexts = vars_list(&vars, decoder->keep);
}

static void decode_build_labels(struct decoder *decoder, const struct node *node, const char *key)
{
	decode_labels(decoder, node, key, &decoder->service->build.labels);
}

/* NAME and VALUE, or NAME alone, as one text of a growing list. */
struct joined {
	struct text_list *list;
	size_t cap;
};

static void join(struct decoder *decoder, const char *name, const char *value, struct pos pos,
		 void *ctx)
{
	struct joined *joined = ctx;
	struct text_list *list = joined->list;
	char *text = value ? arena_format(decoder->keep, "%s=%s", name, value)
			   : arena_text(decoder->keep, name);

	*arena_push(decoder->keep, list->items, list->count, joined->cap) =
		(struct text){.value = text, .pos = pos};
}

static void decode_ssh(struct decoder *decoder, const struct node *node, const char *key)
{
	struct joined joined = {.list = &decoder->service->build.ssh};

	if (node->kind == NODE_SCALAR)
		decode_list(decoder, node, key, true, joined.list);
	else
		decode_pairs(decoder, node, key, join, &joined);
}

/* "name=address" and "name:address" are the same. */
static void add_host(struct decoder *decoder, const struct node *item, const char *key,
		     struct joined *joined)
{
	const char *text = decode_scalar(decoder, item, key);
	size_t len = text ? strcspn(text, "=:") : 0;

	if (text && (!len || !text[len] || !text[len + 1]))
		decode_error(decoder, item, key, "'%.60s' is not NAME=ADDRESS", text);
	else if (text)
		join(decoder, arena_copy(decoder->scratch, text, len), text + len + 1, item->pos,
		     joined);
}

static void decode_build_hosts(struct decoder *decoder, const struct node *node, const char *key)
{
	struct joined joined = {.list = &decoder->service->build.hosts};

	if (node->kind == NODE_SCALAR) {
		decode_error(decoder, node, key, "must be a mapping or a list, this is text");
		return;
	}
	for (size_t i = 0; i < node->count && decode_room(decoder, node); i++) {
		const struct node *value =
			node->kind == NODE_MAPPING ? node->pairs[i].value : node->items[i];
		size_t count = value->kind == NODE_SEQUENCE ? value->count : 1;

		for (size_t k = 0; node->kind == NODE_MAPPING && k < count; k++) {
			const struct node *one =
				value->kind == NODE_SEQUENCE ? value->items[k] : value;

			if (decode_scalar(decoder, one, key))
				join(decoder, node->pairs[i].key->text, one->text, one->pos,
				     &joined);
		}
		if (node->kind == NODE_SEQUENCE)
			add_host(decoder, value, key, &joined);
	}
}

static void decode_build_isolation(struct decoder *decoder, const struct node *node,
				   const char *key)
{
	const char *text = decode_scalar(decoder, node, key);

	if (text && text[0] && strcmp(text, "default") != 0)
		decode_error(decoder, node, key, "'%.60s' is not supported: it is for Windows",
			     text);
}

static void decode_build_shm(struct decoder *decoder, const struct node *node, const char *key)
{
	const char *text = decode_scalar(decoder, node, key);
	struct err err;

	if (text && scalar_bytes(text, &decoder->service->build.shm_bytes, &err) < 0)
		decode_error(decoder, node, key, "%s", err.text);
}

static void decode_build_ulimits(struct decoder *decoder, const struct node *node, const char *key)
{
	struct build_spec *build = &decoder->service->build;

	decode_ulimit_list(decoder, node, key, &build->ulimits, &build->ulimit_count);
}

static const struct decode_field fields[] = {
	{"args", decode_args},
	{"labels", decode_build_labels},
	{"additional_contexts", decode_contexts},
	{"ssh", decode_ssh},
	{"extra_hosts", decode_build_hosts},
	{"isolation", decode_build_isolation},
	{"shm_size", decode_build_shm},
	{"ulimits", decode_build_ulimits},
	{"secrets", decode_build_secrets},
};

static void decode_plain(struct decoder *decoder, const struct node *node)
{
	for (const struct build_field *field = build_fields; field->key; field++) {
		const struct node *value = node_get(node, field->key);
		void *place = (char *)&decoder->service->build + field->offset;

		if (node_is_null(value))
			continue;
		if (field->kind == BUILD_TEXT)
			decode_text(decoder, value, field->key, place);
		else if (field->kind == BUILD_LIST)
			decode_list(decoder, value, field->key, true, place);
		else
			*(bool *)place = decode_bool(decoder, value, field->key, false);
	}
}

static void decode_context(struct decoder *decoder, const struct node *node, const char *key)
{
	struct build_spec *build = &decoder->service->build;
	const char *text = node_is_null(node) ? "." : decode_scalar(decoder, node, key);

	if (text && !scalar_is_remote(text))
		text = decode_path(decoder, decoder->stack->directory, text);
	else if (text)
		text = arena_text(decoder->keep, text);
	build->context = (struct text){(char *)(uintptr_t)text, node ? node->pos : build->pos};
}

void decode_build(struct decoder *decoder, const struct node *node, const char *key)
{
	struct build_spec *build = &decoder->service->build;
	const char *outer = decoder->path;

	build->present = true;
	build->pos = node->pos;
	if (node->kind != NODE_MAPPING) {
		decode_context(decoder, node, key);
		return;
	}
	decoder->path = arena_format(decoder->scratch, "%s.%s", outer, key);
	if (keys_check(decoder->report, node, keys_build, decoder->path)) {
		decode_context(decoder, node_get(node, "context"), "context");
		decode_plain(decoder, node);
		decode_fields(decoder, node, fields, ARRAY_SIZE(fields));
	}
	if (build->dockerfile.value && build->dockerfile_inline.value)
		report_error(decoder->report, build->dockerfile_inline.pos,
			     "%s.dockerfile_inline: there is a dockerfile already", decoder->path);
	decoder->path = outer;
}

void decode_built_image(struct decoder *decoder)
{
	struct service *service = decoder->service;
	char *name = arena_format(decoder->keep, "%s-%s", decoder->stack->name, service->name);

	for (char *at = name; *at; at++)
		*at = (char)tolower((unsigned char)*at);
	service->build.names_image = true;
	service->image = (struct text){.value = name, .pos = service->build.pos};
}
