// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * `env_file` and `environment`, `label_file` and `labels`: files in their order, then what the
 * manifest says over them.
 */
#include "manifests/decode.h"
#include "manifests/env_file.h"
#include "manifests/stack_memory.h"

#include "runtime/base/cleanup.h"

#include <errno.h>
#include <string.h>

struct env_files {
	struct vars *vars;
	const char *path;
	bool required;
	bool raw; /* format: raw, values as they stand */
};

static void read_env_file(struct decoder *decoder, const struct node *node, const char *key,
			  const struct env_files *file)
{
	const char *full = decode_path(decoder, decoder->stack->directory, file->path);
	bool relative = file->path[0] != '/' && file->path[0] != '~';
	const char *shown =
		arena_format(decoder->scratch, "%s%s", relative ? decoder->prefix : "", file->path);
	struct source source;
	struct err err;
	int r = source_read(&(struct source_reader){decoder->scratch, decoder->inputs}, full, shown,
			    &source, &err);

	if (r == -ENOENT && !file->required)
		return;
	if (r < 0) {
		decode_error(decoder, node, key, "%s", err.text);
		return;
	}
	const char *name = stack_add_file(decoder->stack, shown);

	report_source(decoder->report, name, source.text, source.len);
	(file->raw ? env_file_parse_raw : env_file_parse)(&source, name, decoder->environment,
							  file->vars, decoder->report);
}

static bool decode_format(struct decoder *decoder, const struct node *node, const char *key)
{
	const char *text = node_is_null(node) ? NULL : decode_scalar(decoder, node, key);

	if (text && strcmp(text, "raw") != 0)
		decode_error(decoder, node, key, "'%.60s' is not raw, the only format with a name",
			     text);
	return text && strcmp(text, "raw") == 0;
}

static void decode_env_entry(struct decoder *decoder, const struct node *node, const char *key,
			     struct vars *vars)
{
	const struct node *path = node;
	struct env_files file = {.vars = vars, .required = true};

	if (node->kind == NODE_MAPPING) {
		const char *place = arena_format(decoder->scratch, "%s.%s", decoder->path, key);
		const struct node *required = node_get(node, "required");

		keys_check(decoder->report, node, keys_env_file, place);
		path = node_get(node, "path");
		if (!path) {
			decode_error(decoder, node, key, "needs a path");
			return;
		}
		if (!node_is_null(required))
			file.required = decode_bool(decoder, required, key, true);
		file.raw = decode_format(decoder, node_get(node, "format"), "env_file.format");
	}
	file.path = decode_scalar(decoder, path, key);
	if (file.path)
		read_env_file(decoder, path, key, &file);
}

/* A bare name takes the caller's value, and is dropped when there is none. */
static void add_variable(struct decoder *decoder, const char *name, const char *value,
			 struct pos pos, void *ctx)
{
	if (strchr(name, '='))
		report_error(decoder->report, pos,
			     "%s.environment: the name '%.60s' contains a =", decoder->path, name);
	else if (!value && strpbrk(name, " \t"))
		report_error(decoder->report, pos,
			     "%s.environment: '%.60s' has no =: write NAME=VALUE", decoder->path,
			     name);
	else
		vars_set(ctx, name, value ? value : vars_get(decoder->environment, name), pos);
}

void decode_environment(struct decoder *decoder, const struct node *service)
{
	const struct node *files = node_get(service, "env_file");
	const struct node *environment = node_get(service, "environment");
	struct vars vars = {.arena = decoder->scratch};

	if (!node_is_null(files) && files->kind != NODE_SEQUENCE)
		decode_env_entry(decoder, files, "env_file", &vars);
	for (size_t i = 0; files && files->kind == NODE_SEQUENCE && i < files->count; i++)
		if (decode_room(decoder, files->items[i]))
			decode_env_entry(decoder, files->items[i], "env_file", &vars);
	if (!node_is_null(environment))
		decode_pairs(decoder, environment, "environment", add_variable, &vars);
	decoder->service->environment = vars_list(&vars, decoder->keep);
}

/* Through the same checks as labels in the manifest. */
static void decode_label_file(struct decoder *decoder, const struct node *node, struct vars *labels)
{
	struct vars vars = {.arena = decoder->scratch};
	const struct env_files file = {.vars = &vars,
				       .path = decode_scalar(decoder, node, "label_file"),
				       .required = true};

	if (!file.path)
		return;
	read_env_file(decoder, node, "label_file", &file);
	for (const struct var *var = vars.first; var; var = var->next)
		if (var->value)
			decode_label(decoder, var->name, var->value, var->pos, labels);
}

void decode_service_labels(struct decoder *decoder, const struct node *service)
{
	const struct node *files = node_get(service, "label_file");
	const struct node *labels = node_get(service, "labels");
	struct vars vars = {.arena = decoder->scratch};

	if (!node_is_null(files) && files->kind != NODE_SEQUENCE)
		decode_label_file(decoder, files, &vars);
	for (size_t i = 0; files && files->kind == NODE_SEQUENCE && i < files->count; i++)
		if (decode_room(decoder, files->items[i]))
			decode_label_file(decoder, files->items[i], &vars);
	if (!node_is_null(labels))
		decode_pairs(decoder, labels, "labels", decode_label, &vars);
	decoder->service->labels = vars_list(&vars, decoder->keep);
}
