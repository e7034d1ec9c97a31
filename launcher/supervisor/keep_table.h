// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The names a supervisor has left descriptors under with its keeper, and of which of them the
 * keeper has still to be told: looking one up and telling of one take the same however many there
 * are. keep.c's own.
 */
#pragma once

#include <stdbool.h>

struct kept {
	struct kept *next;
	struct kept **link;
	struct kept *next_untold;
	int fd;	     /* -1: the name is to be dropped */
	bool ours;   /* nobody has taken it yet: closed by who forgets it */
	bool untold; /* the keeper does not know of the last change */
	char name[];
};

/* Zeroed, it is empty. */
struct keep_table {
	void *by_name;
	struct kept *first;
	struct kept *untold; /* the oldest change */
	struct kept *untold_last;
};

/* NULL: there is none. */
struct kept *keep_table_find(const struct keep_table *table, const char *name);
/* The entry of this name, a new one without a descriptor if need be; NULL without memory. */
struct kept *keep_table_entry(struct keep_table *table, const char *name);
void keep_table_forget(struct keep_table *table, struct kept *kept);
void keep_table_free(struct keep_table *table);

/* The keeper is to be told of it, after what it is to be told already; and it has been told. */
void keep_table_change(struct keep_table *table, struct kept *kept);
void keep_table_told(struct keep_table *table, struct kept *kept);
