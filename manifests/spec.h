// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What every value of a stack is made of: text, lists of it, and the place it was written. The
 * spec_*.h files, one per group of attributes, and stack.h build upon it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where a value was written; line and column count from 1, line 0 means "not written: a default".
 */
struct pos {
	const char *file; /* as the user named it; owned by the stack */
	unsigned line;
	unsigned col;
};

struct text {
	char *value;
	struct pos pos;
};

struct text_list {
	struct text *items;
	size_t count;
};
