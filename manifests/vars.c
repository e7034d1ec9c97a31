// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Names with values. A chained hash, because a hostile .env has a million names.
 */
#include "manifests/vars.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define VAR_BYTES 16

static size_t hash_of(const char *name)
{
	uint64_t hash = 14695981039346656037ULL;

	for (; *name; name++)
		hash = (hash ^ (unsigned char)*name) * 1099511628211ULL;
	return (size_t)(hash ^ hash >> 32);
}

static struct var *find(const struct vars *vars, const char *name)
{
	if (!vars->bucket_count)
		return NULL;
	struct var *var = vars->buckets[hash_of(name) % vars->bucket_count];

	while (var && strcmp(var->name, name) != 0)
		var = var->chain;
	return var;
}

static void grow(struct vars *vars)
{
	vars->bucket_count = vars->bucket_count ? vars->bucket_count * 4 : 16;
	vars->buckets = arena_new(vars->arena, struct var *, vars->bucket_count);
	for (struct var *var = vars->first; var; var = var->next) {
		struct var **bucket = &vars->buckets[hash_of(var->name) % vars->bucket_count];

		var->chain = *bucket;
		*bucket = var;
	}
}

void vars_set(struct vars *vars, const char *name, const char *value, struct pos pos)
{
	struct var *var = find(vars, name);

	vars->bytes += VAR_BYTES + strlen(name) + (value ? strlen(value) : 0);
	if (var) {
		var->value = value;
		var->pos = pos;
		return;
	}
	if (vars->count >= vars->bucket_count)
		grow(vars);
	struct var **bucket = &vars->buckets[hash_of(name) % vars->bucket_count];

	var = arena_new(vars->arena, struct var, 1);
	*var = (struct var){.name = name, .value = value, .pos = pos, .chain = *bucket};
	*bucket = var;
	if (vars->last)
		vars->last->next = var;
	else
		vars->first = var;
	vars->last = var;
	vars->count++;
}

const struct var *vars_find(const struct vars *vars, const char *name)
{
	return find(vars, name);
}

const char *vars_get(const struct vars *vars, const char *name)
{
	const struct var *var = find(vars, name);

	return var ? var->value : NULL;
}

static int compare_names(const void *left, const void *right)
{
	return strcmp((*(struct var *const *)left)->name, (*(struct var *const *)right)->name);
}

struct text_list vars_list(const struct vars *vars, struct arena *arena)
{
	struct var **sorted = arena_new(vars->arena, struct var *, vars->count);
	struct text_list list = {0};
	size_t count = 0;

	for (struct var *var = vars->first; var; var = var->next)
		if (var->value)
			sorted[count++] = var;
	if (!count)
		return list;
	qsort(sorted, count, sizeof(*sorted), compare_names);
	list.items = arena_new(arena, struct text, count);
	for (; list.count < count; list.count++) {
		const struct var *var = sorted[list.count];

		list.items[list.count] =
			(struct text){.value = arena_format(arena, "%s=%s", var->name, var->value),
				      .pos = var->pos};
	}
	return list;
}
