// SPDX-License-Identifier: GPL-2.0-or-later
/* Names and what is to be told of them; see keep_table.h. */
#include "launcher/supervisor/keep_table.h"

#include "runtime/base/cleanup.h"

#include <search.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* What the tree has are names, so that one can be looked for without an entry of it. */
static struct kept *entry_of(const char *name)
{
	return (struct kept *)(uintptr_t)(name - offsetof(struct kept, name));
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(a, b);
}

struct kept *keep_table_find(const struct keep_table *table, const char *name)
{
	const char *const *found = tfind(name, &table->by_name, compare_names);

	return found ? entry_of(*found) : NULL;
}

struct kept *keep_table_entry(struct keep_table *table, const char *name)
{
	struct kept *kept = keep_table_find(table, name);
	size_t size = strlen(name) + 1;

	if (kept)
		return kept;
	kept = malloc(sizeof(*kept) + size);
	if (!kept)
		return NULL;
	*kept = (struct kept){.next = table->first, .link = &table->first, .fd = -1};
	memcpy(kept->name, name, size);
	if (!tsearch(kept->name, &table->by_name, compare_names)) {
		free(kept);
		return NULL;
	}
	if (kept->next)
		kept->next->link = &kept->next;
	table->first = kept;
	return kept;
}

void keep_table_told(struct keep_table *table, struct kept *kept)
{
	struct kept **link = &table->untold;
	struct kept *before = NULL;

	if (!kept->untold)
		return;
	while (*link != kept) {
		before = *link;
		link = &before->next_untold;
	}
	*link = kept->next_untold;
	if (!kept->next_untold)
		table->untold_last = before;
	kept->untold = false;
}

void keep_table_forget(struct keep_table *table, struct kept *kept)
{
	keep_table_told(table, kept);
	if (kept->ours)
		fd_drop(&kept->fd);
	tdelete(kept->name, &table->by_name, compare_names);
	*kept->link = kept->next;
	if (kept->next)
		kept->next->link = kept->link;
	free(kept);
}

void keep_table_free(struct keep_table *table)
{
	while (table->first)
		keep_table_forget(table, table->first);
}

void keep_table_change(struct keep_table *table, struct kept *kept)
{
	if (kept->untold)
		return; /* in the queue; how it is then is what will be told */
	kept->untold = true;
	kept->next_untold = NULL;
	if (table->untold)
		table->untold_last->next_untold = kept;
	else
		table->untold = kept;
	table->untold_last = kept;
}
