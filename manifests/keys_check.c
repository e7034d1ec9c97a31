// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Mappings against the tables of known keys, and what a misspelt one may have meant.
 */
#include "manifests/keys.h"

#include "runtime/base/cleanup.h"

#include <string.h>

#define NAME_MAX_COMPARED 32

/* Edit distance with neighbours swapped counting once; more than 9 is not told apart. */
static unsigned distance(const char *a, const char *b)
{
	size_t rows = strlen(a);
	size_t cols = strlen(b);
	unsigned cost[NAME_MAX_COMPARED + 1][NAME_MAX_COMPARED + 1];

	if (rows > NAME_MAX_COMPARED || cols > NAME_MAX_COMPARED)
		return NAME_MAX_COMPARED;
	for (size_t i = 0; i <= rows; i++)
		cost[i][0] = (unsigned)i;
	for (size_t j = 0; j <= cols; j++)
		cost[0][j] = (unsigned)j;
	for (size_t i = 1; i <= rows; i++) {
		for (size_t j = 1; j <= cols; j++) {
			unsigned best = cost[i - 1][j - 1] + (a[i - 1] != b[j - 1]);

			if (cost[i - 1][j] + 1 < best)
				best = cost[i - 1][j] + 1;
			if (cost[i][j - 1] + 1 < best)
				best = cost[i][j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    cost[i - 2][j - 2] + 1 < best)
				best = cost[i - 2][j - 2] + 1;
			cost[i][j] = best;
		}
	}
	return cost[rows][cols];
}

struct nearest {
	const char *to;
	size_t len;
	unsigned best; /* must stay below this */
	const char *name;
};

static struct nearest nearest_to(const char *name)
{
	size_t len = strlen(name);

	return (struct nearest){.to = name, .len = len, .best = len < 5 ? 2 : len < 9 ? 3 : 4};
}

static void consider(struct nearest *nearest, const char *name)
{
	unsigned here = distance(nearest->to, name);

	if (here >= nearest->best || here >= nearest->len)
		return;
	nearest->best = here;
	nearest->name = name;
}

const char *keys_nearest(const struct key_info *table, const char *name)
{
	struct nearest nearest = nearest_to(name);

	for (; table->name; table++)
		consider(&nearest, table->name);
	return nearest.name;
}

/* A hostile manifest has thousands of names and of faults: nobody reads that many suggestions. */
#define SUGGESTED_FROM_MAX 500
#define SUGGESTED_MAX	   50

const char *keys_suggestion(struct arena *scratch, const struct report *report,
			    struct key_names known, const char *name)
{
	struct nearest nearest = nearest_to(name);

	if (report->list->count > SUGGESTED_MAX || arena_low(scratch))
		return "";
	for (size_t i = 0; i < known.count && i < SUGGESTED_FROM_MAX; i++) {
		const char *at = (const char *)known.names + i * known.stride;

		consider(&nearest, *(const char *const *)(const void *)at);
	}
	return nearest.name ? arena_format(scratch, ": did you mean '%s'?", nearest.name) : "";
}

static const struct key_info *key_find(const struct key_info *table, const char *name)
{
	while (table->name && strcmp(table->name, name) != 0)
		table++;
	return table->name ? table : NULL;
}

/* Nothing is asked for. */
static bool is_empty(const struct node *value)
{
	return node_is_null(value) || (value->kind != NODE_SCALAR && !value->count);
}

/* Keys of others are their own business, but for those that look like one of ours. */
static void check_extension(struct report *report, const struct node *key,
			    const struct key_info *table, const char *path)
{
	size_t len = strlen(key->text);
	struct nearest nearest = {.to = key->text,
				  .len = len,
				  .best = len < 10   ? 2
					  : len < 12 ? 3
						     : 4};

	for (; table->name; table++)
		if (strncmp(table->name, "x-", 2) == 0)
			consider(&nearest, table->name);
	if (nearest.name)
		report_warning(report, key->pos, "%s%s%s has no effect: did you mean '%s'?", path,
			       path[0] ? "." : "", key->text, nearest.name);
}

static void check_key(struct report *report, const struct pair *pair, const struct key_info *table,
		      const char *path)
{
	const struct node *key = pair->key;
	const struct key_info *info = key_find(table, key->text);
	const char *dot = path[0] ? "." : "";

	if (!info && strncmp(key->text, "x-", 2) == 0) {
		check_extension(report, key, table, path);
	} else if (!info) {
		const char *near = keys_nearest(table, key->text);

		report_error(report, key->pos, "%s%s%s is not a known key%s%s%s", path, dot,
			     key->text, near ? ": did you mean '" : "", near ? near : "",
			     near ? "'?" : "");
	} else if (info->class == KEY_NOTE || info->class == KEY_KEEP) {
		if (!is_empty(pair->value))
			report_note(report, key->pos, "%s%s%s is not supported yet", path, dot,
				    key->text);
	} else if (info->class == KEY_LATER) {
		report_error(report, key->pos, "%s%s%s is not supported yet", path, dot, key->text);
	} else if (info->class == KEY_REFUSE) {
		report_error(report, key->pos, "%s%s%s %s", path, dot, key->text, info->why);
	} else if (info->class == KEY_IGNORE) {
		report_warning(report, key->pos, "%s%s%s %s", path, dot, key->text, info->why);
	}
}

bool keys_check(struct report *report, const struct node *mapping, const struct key_info *table,
		const char *path)
{
	if (mapping->kind != NODE_MAPPING && mapping->faulty)
		return false;
	if (mapping->kind != NODE_MAPPING) {
		report_error(report, mapping->pos, "%s must be a mapping, this is %s",
			     path[0] ? path : "a manifest", node_kind_name(mapping));
		return false;
	}
	for (size_t i = 0; i < mapping->count; i++)
		check_key(report, &mapping->pairs[i], table, path);
	return true;
}
