// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Splitting text into words as a shell does: quotes and backslashes, nothing else (no variables,
 * no globs, no pipes: no shell is started).
 */
#pragma once

#include "manifests/arena.h"
#include "manifests/stack.h"

/* Fills @ret_words, in @arena, every word at @pos. Returns 0, or -EINVAL for an open quote. */
int words_split(struct arena *arena, const char *text, struct pos pos, struct text_list *ret_words,
		struct err *err) must_check;
