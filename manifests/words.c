// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Shell words. A word may have quoted and unquoted pieces; an empty pair of quotes is a word.
 */
#include "manifests/words.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

/* Copies one quoted piece; @at is behind the opening quote. NULL when the quote stays open. */
static const char *copy_quoted(const char *at, char quote, char *out, size_t *len)
{
	while (*at && *at != quote) {
		if (quote == '"' && *at == '\\' && at[1] && strchr("\"\\$`", at[1]))
			at++;
		out[(*len)++] = *at++;
	}
	return *at ? at + 1 : NULL;
}

/* Copies one word and returns what is behind it, or NULL when a quote or backslash stays open. */
static const char *copy_word(const char *at, char *out)
{
	size_t len = 0;

	while (at && *at && !strchr(" \t\r\n", *at)) {
		if (*at == '\'' || *at == '"') {
			at = copy_quoted(at + 1, *at, out, &len);
		} else if (*at == '\\') {
			if (!at[1])
				return NULL;
			out[len++] = at[1];
			at += 2;
		} else {
			out[len++] = *at++;
		}
	}
	out[len] = '\0';
	return at;
}

#define WORDS_MAX 65536

int words_split(struct arena *arena, const char *text, struct pos pos, struct text_list *ret_words,
		struct err *err)
{
	struct text_list words = {0};
	size_t cap = 0;
	/* Words never grow by losing their quotes: one block holds them all. */
	char *out = arena_alloc(arena, 2 * strlen(text) + 1);

	for (const char *at = text + strspn(text, " \t\r\n"); *at;) {
		if (words.count == WORDS_MAX)
			return err_say(err, EINVAL, "more than %d words", WORDS_MAX);
		at = copy_word(at, out);
		if (!at)
			return err_say(err, EINVAL, "a quote or backslash at the end stays open");
		*arena_push(arena, words.items, words.count, cap) =
			(struct text){.value = out, .pos = pos};
		out += strlen(out) + 1;
		at += strspn(at, " \t\r\n");
	}
	*ret_words = words;
	return 0;
}
