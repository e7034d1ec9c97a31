// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The shapes Compose values come in: text, numbers, lists, "list or mapping".
 */
#include "manifests/decode.h"
#include "manifests/scalar.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void decode_fields(struct decoder *decoder, const struct node *mapping,
		   const struct decode_field *fields, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct node *value = node_get(mapping, fields[i].key);

		if (!node_is_null(value))
			fields[i].decode(decoder, value, fields[i].key);
	}
}

void decode_mapping(struct decoder *decoder, const struct node *node, const char *key,
		    const struct decode_schema *schema)
{
	const char *outer = decoder->path;

	decoder->path = arena_format(decoder->scratch, "%s%s%s", outer, outer[0] ? "." : "", key);
	if (keys_check(decoder->report, node, schema->keys, decoder->path))
		decode_fields(decoder, node, schema->fields, schema->count);
	decoder->path = outer;
}

void decode_error(struct decoder *decoder, const struct node *node, const char *key,
		  const char *fmt, ...)
{
	char message[800];
	va_list args;

	va_start(args, fmt);
	vsnprintf(message, sizeof(message), fmt, args);
	va_end(args);
	report_error(decoder->report, node->pos, "%s%s%s: %s", decoder->path,
		     decoder->path[0] ? "." : "", key, message);
}

void decode_note(struct decoder *decoder, const struct node *node, const char *key, const char *fmt,
		 ...)
{
	char message[800];
	va_list args;

	va_start(args, fmt);
	vsnprintf(message, sizeof(message), fmt, args);
	va_end(args);
	report_note(decoder->report, node->pos, "%s%s%s: %s", decoder->path,
		    decoder->path[0] ? "." : "", key, message);
}

const char *decode_scalar(struct decoder *decoder, const struct node *node, const char *key)
{
	if (node->faulty)
		return NULL;
	if (node->kind == NODE_SCALAR && !node_is_null(node))
		return node->text;
	decode_error(decoder, node, key, "must be text, this is %s", node_kind_name(node));
	return NULL;
}

void decode_text(struct decoder *decoder, const struct node *node, const char *key,
		 struct text *ret_text)
{
	const char *text = decode_scalar(decoder, node, key);

	if (text)
		*ret_text =
			(struct text){.value = arena_text(decoder->keep, text), .pos = node->pos};
}

const char *decode_string(struct decoder *decoder, const struct node *node, const char *key)
{
	const char *text = decode_scalar(decoder, node, key);

	if (!text || !node->plain || !scalar_is_typed(text))
		return text;
	decode_error(decoder, node, key, "must be text: write \"%.60s\", with the quotes", text);
	return NULL;
}

bool decode_bool(struct decoder *decoder, const struct node *node, const char *key, bool fallback)
{
	const char *text = decode_scalar(decoder, node, key);
	bool old_word = false;
	bool value = fallback;
	struct err err;

	if (text && scalar_bool(text, &value, &old_word, &err) < 0)
		decode_error(decoder, node, key, "%s", err.text);
	if (old_word)
		report_warning(decoder->report, node->pos, "%s.%s: write %s instead of %s",
			       decoder->path, key, value ? "true" : "false", text);
	return value;
}

bool decode_int(struct decoder *decoder, const struct node *node, const char *key,
		struct decode_range range, int64_t *ret_value)
{
	const char *text = decode_scalar(decoder, node, key);
	struct err err;

	if (!text)
		return false;
	if (scalar_int(text, range.min, range.max, ret_value, &err) == 0)
		return true;
	decode_error(decoder, node, key, "%s", err.text);
	return false;
}

void decode_duration(struct decoder *decoder, const struct node *node, const char *key,
		     int64_t *ret_ms)
{
	const char *text = decode_scalar(decoder, node, key);
	struct err err;

	if (text && scalar_duration_ms(text, ret_ms, &err) < 0)
		decode_error(decoder, node, key, "%s", err.text);
}

void decode_period(struct decoder *decoder, const struct node *node, const char *key,
		   int64_t *ret_ms)
{
	size_t errors = decoder->report->list->error_count;
	int64_t ms = *ret_ms;

	decode_duration(decoder, node, key, &ms);
	if (decoder->report->list->error_count > errors)
		return;
	if (ms > 0)
		*ret_ms = ms;
	else
		decode_error(decoder, node, key, "must be at least 1ms");
}

bool decode_choice(struct decoder *decoder, const struct node *node, const char *key,
		   const char *const *words, unsigned *ret_index)
{
	const char *text = decode_scalar(decoder, node, key);
	autobuf struct buf all = {0};
	size_t count = 0;

	for (; words[count]; count++) {
		if (text && strcmp(words[count], text) == 0) {
			*ret_index = (unsigned)count;
			return true;
		}
		buf_printf(&all, "%s%s",
			   !count	      ? ""
			   : words[count + 1] ? ", "
					      : " or ",
			   words[count]);
	}
	const struct key_names known = {words, count, sizeof(*words)};

	if (text)
		decode_error(decoder, node, key, "'%.60s' is not %s%s", text,
			     all.data ? all.data : "",
			     keys_suggestion(decoder->scratch, decoder->report, known, text));
	return false;
}

void decode_list(struct decoder *decoder, const struct node *node, const char *key, bool single,
		 struct text_list *ret_list)
{
	struct text_list list = {0};

	if (node->kind == NODE_MAPPING || (node->kind == NODE_SCALAR && !single)) {
		decode_error(decoder, node, key, "must be a list, this is %s",
			     node_kind_name(node));
		return;
	}
	if (node->kind == NODE_SCALAR) {
		list.items = arena_new(decoder->keep, struct text, 1);
		decode_text(decoder, node, key, &list.items[0]);
		list.count = list.items[0].value != NULL;
	} else {
		list.items = arena_new(decoder->keep, struct text, node->count);
	}
	for (size_t i = 0; node->kind == NODE_SEQUENCE && i < node->count; i++) {
		if (!decode_room(decoder, node->items[i]))
			return;
		decode_text(decoder, node->items[i], key, &list.items[list.count]);
		list.count += list.items[list.count].value != NULL;
	}
	*ret_list = list;
}

static void split_pair(struct decoder *decoder, const struct node *item, const char *key,
		       decode_pair_fn *each, void *ctx)
{
	bool pair = item->kind == NODE_MAPPING && item->count && !item->faulty;

	if (pair) {
		decode_error(decoder, item, key, "in a list it is written %.60s=VALUE",
			     item->pairs[0].key->text);
		return;
	}
	const char *text = decode_scalar(decoder, item, key);

	if (!text)
		return;
	size_t len = strcspn(text, "=");
	const char *name = arena_copy(decoder->scratch, text, len);

	if (len)
		each(decoder, name, text[len] ? text + len + 1 : NULL, item->pos, ctx);
	else
		decode_error(decoder, item, key, "'%.60s' has no name before the =", text);
}

void decode_pairs(struct decoder *decoder, const struct node *node, const char *key,
		  decode_pair_fn *each, void *ctx)
{
	if (node->kind == NODE_SCALAR) {
		decode_error(decoder, node, key, "must be a mapping or a list, this is text");
		return;
	}
	for (size_t i = 0; i < node->count; i++) {
		if (!decode_room(decoder, node))
			return;
		if (node->kind == NODE_SEQUENCE) {
			split_pair(decoder, node->items[i], key, each, ctx);
			continue;
		}
		const struct node *value = node->pairs[i].value;
		const char *name = node->pairs[i].key->text;

		if (!name[0])
			decode_error(decoder, node->pairs[i].key, key, "has an empty name");
		else if (node_is_null(value))
			each(decoder, name, NULL, node->pairs[i].key->pos, ctx);
		else if (decode_scalar(decoder, value, key))
			each(decoder, name, value->text, node->pairs[i].key->pos, ctx);
	}
}

void decode_label(struct decoder *decoder, const char *name, const char *value, struct pos pos,
		  void *ctx)
{
	if (strncmp(name, "com.docker.compose", 18) == 0)
		report_error(decoder->report, pos,
			     "%s.labels: names that start with com.docker.compose are reserved",
			     decoder->path);
	else if (strchr(name, '='))
		report_error(decoder->report, pos,
			     "%s.labels: the name '%.60s' contains a =", decoder->path, name);
	else
		vars_set(ctx, name, value ? value : "", pos);
}

void decode_labels(struct decoder *decoder, const struct node *node, const char *key,
		   struct text_list *ret_labels)
{
	struct vars labels = {.arena = decoder->scratch};

	decode_pairs(decoder, node, key, decode_label, &labels);
	*ret_labels = vars_list(&labels, decoder->keep);
}

bool decode_room(struct decoder *decoder, const struct node *node)
{
	if (!arena_low(decoder->keep) && !arena_low(decoder->scratch))
		return true;
	struct pos pos = {.file = node->pos.file, .line = 1, .col = 1};

	/* The same words at the same place: told once. */
	report_error(decoder->report, pos, "the manifest is too large");
	return false;
}

char *decode_path(struct decoder *decoder, const char *directory, const char *path)
{
	const char *home = vars_get(decoder->environment, "HOME");
	bool tilde = path[0] == '~' && (!path[1] || path[1] == '/') && home;
	const char *base = path[0] == '/' ? "" : tilde ? home : directory;
	char *full = arena_format(decoder->keep, "/%s/%s", base, path + tilde);
	size_t len = 0;

	/* Written over itself: the result never overtakes what is still to be read. */
	for (const char *at = full; *at;) {
		size_t part = strcspn(at, "/");

		if (part == 2 && memcmp(at, "..", 2) == 0) {
			while (len && full[--len] != '/')
				;
		} else if (part && !(part == 1 && *at == '.')) {
			full[len++] = '/';
			memmove(full + len, at, part);
			len += part;
		}
		at += part + (at[part] == '/');
	}
	if (!len)
		full[len++] = '/';
	full[len] = '\0';
	return full;
}

bool decode_is_name(const char *text, size_t max)
{
	size_t len = strlen(text);

	if (!len || len > max || (!isalnum((unsigned char)text[0]) && text[0] != '_'))
		return false;
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)text[i]) && !strchr("_.-", text[i]))
			return false;
	return true;
}
