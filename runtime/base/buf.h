// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A growing byte buffer and a growing list of strings. Both remember that an allocation failed
 * ("sticky" failure), so that a series of appends is checked once, at its end.
 */
#pragma once

#include "runtime/base/err.h"

#include <stdbool.h>
#include <stddef.h>

/* Zero-initialise. `data` is NUL-terminated whenever it is not NULL. */
struct buf {
	char *data;
	size_t len;
	size_t cap;
	bool failed; /* an allocation failed: the content is incomplete */
};

void buf_free(struct buf *buf);
#define autobuf __attribute__((cleanup(buf_free)))

void buf_put(struct buf *buf, const void *bytes, size_t len);
void buf_puts(struct buf *buf, const char *text);
void buf_printf(struct buf *buf, const char *fmt, ...) format_like(2, 3);

/* Returns 0, or -ENOMEM when any append since the beginning has failed. */
int buf_check(const struct buf *buf, struct err *err) must_check;

/* Moves the text out (never NULL unless buf->failed); the caller frees it. The buffer is empty
 * afterwards. */
char *buf_take(struct buf *buf) must_check;

/* Owned strings; `items` has a terminating NULL whenever it is not NULL, so it serves as argv and
 * envp. */
struct strv {
	char **items;
	size_t count;
	bool failed;
};

void strv_free(struct strv *list);
#define autostrv __attribute__((cleanup(strv_free)))

void strv_add(struct strv *list, const char *text);
void strv_addf(struct strv *list, const char *fmt, ...) format_like(2, 3);
bool strv_has(const struct strv *list, const char *text);
int strv_check(const struct strv *list, struct err *err) must_check;
