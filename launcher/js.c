// SPDX-License-Identifier: GPL-2.0-or-later
/* The only file of the command line that sees jansson; see js.h. */
#include "launcher/js.h"

#include "runtime/base/cleanup.h"

#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* How often jansson has asked for memory that was not there. It does not tell itself in each case:
 * its reader goes on without the letter that a longer token has no room for (jansson 2.14). */
static unsigned failures;

static void *allocate(size_t size)
{
	void *memory = malloc(size);

	failures += !memory;
	return memory;
}

__attribute__((constructor)) static void watch_allocations(void)
{
	json_set_alloc_funcs(allocate, free);
}

unsigned js_failures(void)
{
	return failures;
}

void js_free(struct json_t *value)
{
	json_decref(value);
}

void js_drop(struct json_t **value)
{
	json_decref(*value);
}

int js_parse(const char *bytes, size_t len, struct json_t **ret_value, struct err *err)
{
	json_error_t where;
	unsigned before = failures;
	autojs struct json_t *value = json_loadb(bytes, len, JSON_REJECT_DUPLICATES, &where);

	if (failures != before)
		return err_set(err, ENOMEM, "read JSON");
	if (!value)
		return err_say(err, EBADMSG, "malformed JSON at byte %d: %s", where.position,
			       where.text);
	*ret_value = take_ptr(value);
	return 0;
}

struct json_t *js_pack(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	struct json_t *value = json_vpack_ex(NULL, 0, fmt, args);

	va_end(args);
	return value;
}

/* Bytes of the letter that begins here; 0 when none does. What jansson does not take either is
 * settled by json_string() itself. */
static size_t letter_bytes(const unsigned char *at)
{
	size_t len = *at < 0x80		? 1
		     : *at >> 5 == 0x6	? 2
		     : *at >> 4 == 0xe	? 3
		     : *at >> 3 == 0x1e ? 4
					: 0;

	for (size_t i = 1; i < len; i++)
		if (at[i] >> 6 != 0x2)
			return 0;
	return len;
}

struct json_t *js_lossy_bytes(const char *bytes, size_t len)
{
	unsigned before = failures;
	struct json_t *value = json_stringn(bytes, len);
	autofree char *copy = value ? NULL : malloc(len + 1);

	if (value || !copy)
		return value;
	memcpy(copy, bytes, len);
	copy[len] = '\0'; /* a letter that is cut at the end is none */
	for (char *at = copy; at < copy + len;) {
		size_t letter_len = letter_bytes((const unsigned char *)at);
		struct json_t *letter = letter_len ? json_stringn(at, letter_len) : NULL;

		if (!letter) {
			*at = '?';
			letter_len = 1;
		}
		json_decref(letter);
		at += letter_len;
	}
	return failures == before ? json_stringn(copy, len) : NULL;
}

struct json_t *js_lossy(const char *text)
{
	return js_lossy_bytes(text, strlen(text));
}

struct json_t *js_strings(const char *const *items, size_t *ret_skipped)
{
	autojs struct json_t *array = json_array();
	size_t skipped = 0;

	for (size_t i = 0; array && items && items[i]; i++) {
		struct json_t *text = json_string(items[i]);

		if (!text)
			skipped++;
		else if (json_array_append_new(array, text) < 0)
			return NULL;
	}
	if (ret_skipped)
		*ret_skipped = skipped;
	return take_ptr(array);
}

struct json_t *js_copy(const struct json_t *value)
{
	return json_deep_copy(value);
}

bool js_equal(const struct json_t *a, const struct json_t *b)
{
	return a == b || json_equal(a, b);
}

bool js_put(struct json_t *object, const char *key, struct json_t *value)
{
	return json_object_set_new(object, key, value) == 0;
}

bool js_append(struct json_t *array, struct json_t *value)
{
	return json_array_append_new(array, value) == 0;
}

void js_drop_first(struct json_t *array)
{
	(void)json_array_remove(array, 0); /* (fails where there is none) */
}

struct json_t *js_get(const struct json_t *object, const char *key)
{
	return json_object_get(object, key);
}

struct json_t *js_at(const struct json_t *array, size_t i)
{
	return json_array_get(array, i);
}

struct json_t *js_find(const struct json_t *array, const char *key, const char *text)
{
	for (size_t i = 0; i < js_count(array); i++) {
		const char *has = js_text(js_at(array, i), key);

		if (has && strcmp(has, text) == 0)
			return js_at(array, i);
	}
	return NULL;
}

size_t js_count(const struct json_t *array)
{
	return json_array_size(array);
}

const char *js_string(const struct json_t *value)
{
	return json_string_value(value);
}

const char *js_text(const struct json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

int64_t js_number(const struct json_t *value, int64_t fallback)
{
	return json_is_integer(value) ? json_integer_value(value) : fallback;
}

int64_t js_int(const struct json_t *object, const char *key, int64_t fallback)
{
	const struct json_t *value = json_object_get(object, key);

	return json_is_integer(value) ? json_integer_value(value) : fallback;
}

double js_real(const struct json_t *object, const char *key, double fallback)
{
	const struct json_t *value = json_object_get(object, key);

	return json_is_number(value) ? json_number_value(value) : fallback;
}

bool js_bool(const struct json_t *object, const char *key)
{
	return json_is_true(json_object_get(object, key));
}

void js_collect(const struct json_t *array, struct strv *list)
{
	for (size_t i = 0; i < js_count(array); i++) {
		const char *text = js_string(js_at(array, i));

		if (text)
			strv_add(list, text);
	}
}

enum js_kind js_kind(const struct json_t *value)
{
	if (!value)
		return JS_NULL;
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		return JS_OBJECT;
	case JSON_ARRAY:
		return JS_ARRAY;
	case JSON_STRING:
		return JS_TEXT;
	case JSON_INTEGER:
		return JS_INTEGER;
	case JSON_REAL:
		return JS_REAL;
	case JSON_TRUE:
	case JSON_FALSE:
		return JS_BOOL;
	case JSON_NULL:
		break;
	}
	return JS_NULL;
}

static int put_bytes(const char *bytes, size_t len, void *out)
{
	buf_put(out, bytes, len);
	return 0;
}

int js_print(const struct json_t *value, unsigned indent, struct buf *out, struct err *err)
{
	/* 15 digits: what a decimal fraction keeps through a double, so 0.1 stays 0.1. */
	size_t flags = (indent ? JSON_INDENT(indent) : JSON_COMPACT) | JSON_ENCODE_ANY |
		       JSON_REAL_PRECISION(15);

	if (json_dump_callback(value, put_bytes, out, flags) < 0)
		return err_set(err, ENOMEM, "print JSON");
	return buf_check(out, err);
}

void *js_first(struct json_t *object)
{
	return json_object_iter(object);
}

void *js_next(struct json_t *object, void *member)
{
	return json_object_iter_next(object, member);
}

const char *js_key(void *member)
{
	return json_object_iter_key(member);
}
