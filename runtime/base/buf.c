// SPDX-License-Identifier: GPL-2.0-or-later
/* Growing buffers with a sticky failure; see buf.h. Never used between clone and exec (it
 * allocates). */
#include "runtime/base/buf.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void buf_free(struct buf *buf)
{
	free(buf->data);
	*buf = (struct buf){0};
}

/* Makes room for @more bytes and the terminating NUL. */
static bool buf_reserve(struct buf *buf, size_t more)
{
	if (buf->failed || more >= SIZE_MAX / 2 - buf->len) {
		buf->failed = true;
		return false;
	}
	size_t need = buf->len + more + 1;

	if (need <= buf->cap)
		return true;
	size_t cap = buf->cap ? buf->cap * 2 : 64;

	if (cap < need)
		cap = need;
	char *data = realloc(buf->data, cap);

	if (!data) {
		buf->failed = true;
		return false;
	}
	buf->data = data;
	buf->cap = cap;
	return true;
}

void buf_put(struct buf *buf, const void *bytes, size_t len)
{
	if (!buf_reserve(buf, len))
		return;
	if (len)
		memcpy(buf->data + buf->len, bytes, len);
	buf->len += len;
	buf->data[buf->len] = '\0';
}

void buf_puts(struct buf *buf, const char *text)
{
	buf_put(buf, text, strlen(text));
}

void buf_printf(struct buf *buf, const char *fmt, ...)
{
	va_list args;
	va_list again;

	va_start(args, fmt);
	va_copy(again, args);
	/* Into what room there is: usually it is enough. */
	size_t room = buf->failed ? 0 : buf->cap - buf->len;
	int len = vsnprintf(room ? buf->data + buf->len : NULL, room, fmt, args);

	va_end(args);
	if (len >= 0 && (size_t)len < room) {
		buf->len += (size_t)len;
		va_end(again);
		return;
	}
	if (room) /* not a part of it */
		buf->data[buf->len] = '\0';
	if (len < 0)
		buf->failed = true;
	else if (buf_reserve(buf, (size_t)len)) {
		vsnprintf(buf->data + buf->len, (size_t)len + 1, fmt, again);
		buf->len += (size_t)len;
	}
	va_end(again);
}

int buf_check(const struct buf *buf, struct err *err)
{
	return buf->failed ? err_set(err, ENOMEM, "build text") : 0;
}

char *buf_take(struct buf *buf)
{
	if (!buf->failed && !buf->data)
		buf_put(buf, "", 0);
	if (buf->failed) {
		buf_free(buf);
		return NULL;
	}
	char *data = buf->data;

	*buf = (struct buf){0};
	return data;
}

void strv_free(struct strv *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i]);
	free(list->items);
	*list = (struct strv){0};
}

/* Takes ownership of @text; NULL counts as a failed allocation. */
static void strv_push(struct strv *list, char *text)
{
	char **items = NULL;

	/* Grows to the next power of two: a terminating NULL needs one more than count. */
	if (text && !list->failed && ((list->count + 1) & list->count) == 0)
		items = reallocarray(list->items, (list->count + 1) * 2, sizeof(*items));
	else
		items = list->items;
	if (!text || list->failed || !items) {
		list->failed = true;
		free(text);
		return;
	}
	list->items = items;
	list->items[list->count++] = text;
	list->items[list->count] = NULL;
}

void strv_add(struct strv *list, const char *text)
{
	strv_push(list, strdup(text));
}

void strv_addf(struct strv *list, const char *fmt, ...)
{
	char *text = NULL;
	va_list args;

	va_start(args, fmt);
	if (vasprintf(&text, fmt, args) < 0)
		text = NULL;
	va_end(args);
	strv_push(list, text);
}

bool strv_has(const struct strv *list, const char *text)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i], text) == 0)
			return true;
	return false;
}

int strv_check(const struct strv *list, struct err *err)
{
	return list->failed ? err_set(err, ENOMEM, "build list") : 0;
}
