// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A table for a terminal. Columns in which no row says anything are left out; cells are made safe
 * by the library. Where the terminal is too narrow, notes go below their rows and the least of the
 * columns are left out. The only user of libsmartcols.
 */
#pragma once

#include "runtime/base/buf.h"

#include <stdbool.h>

struct libscols_table;
struct libscols_line;

struct table {
	struct libscols_table *handle;
	const char *const *columns;
	bool colour;
	unsigned width; /* of the terminal, in characters; 0: unlimited */
	bool notes_below;
};

/*
 * @columns	NULL-terminated titles, borrowed; marks in front of one: ">" right-aligned, "-" may
 *		be left out, the rightmost first; "~" the last one, of notes
 */
int table_open(struct table *table, const char *const *columns, bool colour,
	       struct err *err) must_check;
void table_close(struct table *table);
#define autotable __attribute__((cleanup(table_close)))

/* Adds an empty row, borrowed from the table; NULL: no memory. */
struct libscols_line *table_row(struct table *table) must_check;

/* Sets a cell; NULL or "" leaves it empty. @colour NULL or a name ("green"). */
void table_set(struct table *table, struct libscols_line *row, size_t column, const char *text,
	       const char *colour);

/* Appends the whole table with its header. */
int table_print(struct table *table, struct buf *out, struct err *err) must_check;
