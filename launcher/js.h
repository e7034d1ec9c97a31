// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * JSON values, as far as the two ends of the control socket need them: a narrow face of jansson,
 * whose header only js.c includes. Reading never fails loudly: an absent key or a value of
 * another type gives the fallback, because an answer is input and not to be trusted.
 */
#pragma once

#include "runtime/base/buf.h"

#include <stdbool.h>
#include <stdint.h>

/* jansson's own tag: values can be handed on without its header. */
struct json_t;

/* Accepts NULL. Gives up one reference. */
void js_free(struct json_t *value);
void js_drop(struct json_t **value);
#define autojs __attribute__((cleanup(js_drop), unused))

/*
 * How often memory lacked for a value, ever. What is built or printed between two equal answers is
 * whole; otherwise an optional member may be absent from it, or the last items of a list.
 */
unsigned js_failures(void);

/* Parses one whole JSON text. -EBADMSG says where it is malformed; -ENOMEM. */
int js_parse(const char *bytes, size_t len, struct json_t **ret_value, struct err *err) must_check;

/* A text with a `?` for every byte that is not UTF-8, such as the rest of a letter that was cut. */
struct json_t *js_lossy(const char *text) must_check;
struct json_t *js_lossy_bytes(const char *bytes, size_t len) must_check;

/* Builds a value by jansson's pack format ("{s:s, s:i}"). NULL when memory lacks or a text is not
 * UTF-8. */
struct json_t *js_pack(const char *fmt, ...) must_check;

/* An array of the UTF-8 texts among @items (NULL-terminated, may be NULL: empty array). Texts that
 * are not UTF-8 are left out and counted in @ret_skipped (may be NULL). NULL: no memory. */
struct json_t *js_strings(const char *const *items, size_t *ret_skipped) must_check;

/* The same value once more; NULL for NULL. */
struct json_t *js_copy(const struct json_t *value) must_check;

/* Whether both are the same value, or both NULL. */
bool js_equal(const struct json_t *a, const struct json_t *b);

/* Puts @value under @key and takes its reference, also on failure; false when it was NULL. */
bool js_put(struct json_t *object, const char *key, struct json_t *value) must_check;
bool js_append(struct json_t *array, struct json_t *value) must_check;

/* Takes the first one out of an array that is not empty. */
void js_drop_first(struct json_t *array);

/* Borrowed; NULL when absent. js_string() and js_text() give NULL for what is not a text. */
struct json_t *js_get(const struct json_t *object, const char *key);
struct json_t *js_at(const struct json_t *array, size_t i);
/* The first object of the array whose @key is this text. */
struct json_t *js_find(const struct json_t *array, const char *key, const char *text);
size_t js_count(const struct json_t *array);
const char *js_string(const struct json_t *value);
const char *js_text(const struct json_t *object, const char *key);
int64_t js_int(const struct json_t *object, const char *key, int64_t fallback);
int64_t js_number(const struct json_t *value, int64_t fallback); /* the whole number itself */
double js_real(const struct json_t *object, const char *key, double fallback);
bool js_bool(const struct json_t *object, const char *key);

/* Adds the texts of an array; see strv_add() for want of memory. */
void js_collect(const struct json_t *array, struct strv *list);

enum js_kind {
	JS_NULL,
	JS_BOOL,
	JS_INTEGER,
	JS_REAL,
	JS_TEXT,
	JS_ARRAY,
	JS_OBJECT,
};

/* What is absent (NULL) is JS_NULL. */
enum js_kind js_kind(const struct json_t *value);

/* The members of an object, in order: for (void *it = js_first(o); it; it = js_next(o, it)). */
void *js_first(struct json_t *object);
void *js_next(struct json_t *object, void *member);
const char *js_key(void *member);

/* Appends the JSON text of @value; @indent 0: on one line. No newline at the end. */
int js_print(const struct json_t *value, unsigned indent, struct buf *out,
	     struct err *err) must_check;
