// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * `logging`: where the output of instances goes, and how much of it is kept.
 */
#include "manifests/decode_resources.h"
#include "manifests/scalar.h"

#include "runtime/base/cleanup.h"

#include <string.h>

static void logging_driver(struct decoder *decoder, const struct node *node, const char *key)
{
	static const char *const drivers[] = {[LOG_JSON_FILE] = "json-file",
					      [LOG_LOCAL] = "local",
					      [LOG_JOURNALD] = "journald",
					      [LOG_NONE] = "none"};
	struct logging_spec *logging = &decoder->service->logging;
	const char *text = decode_scalar(decoder, node, key);

	if (!text || !text[0])
		return;
	logging->driver = LOG_OTHER;
	logging->pos = node->pos;
	for (size_t i = LOG_JSON_FILE; i < ARRAY_SIZE(drivers); i++)
		if (strcmp(drivers[i], text) == 0)
			logging->driver = (enum log_driver)i;
	if (logging->driver == LOG_OTHER) {
		logging->name = arena_text(decoder->keep, text);
		report_warning(decoder->report, node->pos,
			       "%s.%s: there is no driver '%.60s': logs are kept on this machine",
			       decoder->path, key, text);
	}
}

/* What davit's own files have no use for. */
static bool is_option(const char *name)
{
	static const char *const known[] = {
		"compress",	   "env",      "env-regex", "labels", "labels-regex",
		"max-buffer-size", "max-file", "max-size",  "mode",   "tag"};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (strcmp(known[i], name) == 0)
			return true;
	return false;
}

static void size_option(struct decoder *decoder, const struct text *option, const char *value)
{
	struct logging_spec *logging = &decoder->service->logging;
	const struct node place = {.pos = option->pos};
	struct err err;

	logging->max_bytes = -1;
	if (strcmp(value, "-1") != 0 && scalar_bytes(value, &logging->max_bytes, &err) < 0)
		decode_error(decoder, &place, "options.max-size", "%s", err.text);
}

static void count_option(struct decoder *decoder, const struct text *option, const char *value)
{
	const struct node place = {.pos = option->pos};
	int64_t count = 0;
	struct err err;

	if (scalar_int(value, 1, 100000, &count, &err) < 0)
		decode_error(decoder, &place, "options.max-file", "%s", err.text);
	decoder->service->logging.max_files = (unsigned)count;
}

/* What the journal shows as the name of the program. Only the text itself, and the default of it.
 */
static bool tag_option(struct decoder *decoder, const char *value)
{
	struct logging_spec *logging = &decoder->service->logging;
	bool is_default = strcmp(value, "{{.Name}}") == 0;

	if (logging->driver != LOG_JOURNALD)
		return false;
	if (!is_default && (!value[0] || strpbrk(value, "\n{")))
		return false;
	logging->tag = is_default ? NULL : arena_text(decoder->keep, value);
	return true;
}

static void logging_option(struct decoder *decoder, const struct text *option)
{
	size_t len = strcspn(option->value, "=");
	const char *name = arena_copy(decoder->scratch, option->value, len);
	const char *value = option->value + len + 1;

	if (strcmp(name, "max-size") == 0)
		size_option(decoder, option, value);
	else if (strcmp(name, "max-file") == 0)
		count_option(decoder, option, value);
	else if (strcmp(name, "tag") != 0 || !tag_option(decoder, value))
		report_warning(decoder->report, option->pos, "%s.options.%.60s has no effect%s",
			       decoder->path, name,
			       is_option(name) ? "" : ": it is not an option of this driver");
}

static void add_option(struct decoder *decoder, const char *name, const char *value, struct pos pos,
		       void *ctx)
{
	const struct node place = {.pos = pos};

	if (strchr(name, '='))
		decode_error(decoder, &place, "options", "the name '%.60s' contains a =", name);
	else
		vars_set(ctx, name, value ? value : "", pos);
}

static void logging_options(struct decoder *decoder, const struct node *node, const char *key)
{
	struct logging_spec *logging = &decoder->service->logging;
	struct vars options = {.arena = decoder->scratch};

	if (node->kind != NODE_MAPPING) {
		if (!node->faulty)
			decode_error(decoder, node, key, "must be a mapping, this is %s",
				     node_kind_name(node));
		return;
	}
	decode_pairs(decoder, node, key, add_option, &options);
	logging->options = vars_list(&options, decoder->keep);
	/* The options of a driver that is not there need no second word. */
	for (size_t i = 0; i < logging->options.count && logging->driver < LOG_NONE; i++)
		logging_option(decoder, &logging->options.items[i]);
}

void decode_logging(struct decoder *decoder, const struct node *node, const char *key)
{
	static const struct decode_field fields[] = {
		{"driver", logging_driver},
		{"options", logging_options},
	};
	static const struct decode_schema schema = {keys_logging, fields, ARRAY_SIZE(fields)};

	decode_mapping(decoder, node, key, &schema);
}
