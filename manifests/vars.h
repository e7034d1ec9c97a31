// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Names with values, each name once: environments, labels. Lookup by hash, order of first mention.
 */
#pragma once

#include "manifests/arena.h"
#include "manifests/stack.h"

struct var {
	const char *name;
	const char *value; /* NULL: dropped again */
	struct pos pos;
	struct var *next; /* in order of first mention */
	struct var *chain;
};

struct vars {
	struct arena *arena;
	struct var *first;
	struct var *last;
	struct var **buckets;
	size_t bucket_count;
	size_t count;
	size_t bytes; /* what they take in an environment, roughly */
};

/* Sets or replaces; the texts are borrowed. A NULL @value removes. */
void vars_set(struct vars *vars, const char *name, const char *value, struct pos pos);

/* The variable, or NULL; it may have been dropped again. */
const struct var *vars_find(const struct vars *vars, const char *name);

/* The value, or NULL. */
const char *vars_get(const struct vars *vars, const char *name);

/* Copies "NAME=value" into @arena for every name that has a value, sorted by name. */
struct text_list vars_list(const struct vars *vars, struct arena *arena);
