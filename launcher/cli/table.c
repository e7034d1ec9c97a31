// SPDX-License-Identifier: GPL-2.0-or-later
/* Tables through libsmartcols; see table.h. */
#include "launcher/cli/table.h"

#include "runtime/base/cleanup.h"

#include <errno.h>
#include <libsmartcols.h>
#include <string.h>

int table_open(struct table *table, const char *const *columns, bool colour, struct err *err)
{
	*table = (struct table){.handle = scols_new_table(), .colour = colour};
	if (!table->handle)
		return err_set(err, ENOMEM, "make a table");
	scols_table_enable_colors(table->handle, colour);
	scols_table_set_column_separator(table->handle, "  ");
	for (; *columns; columns++) {
		bool right = (*columns)[0] == '>';
		struct libscols_column *column = scols_table_new_column(
			table->handle, *columns + right, 0, right ? SCOLS_FL_RIGHT : 0);

		if (!column)
			return err_set(err, ENOMEM, "make a table");
	}
	return 0;
}

void table_close(struct table *table)
{
	scols_unref_table(table->handle);
	table->handle = NULL;
}

struct libscols_line *table_row(struct table *table)
{
	return scols_table_new_line(table->handle, NULL);
}

void table_set(struct table *table, struct libscols_line *row, size_t column, const char *text,
	       const char *colour)
{
	/* Only memory can lack here; a missing cell is then what is shown. */
	(void)scols_line_set_data(row, column, text ? text : "");
	struct libscols_cell *cell = scols_line_get_cell(row, column);

	if (table->colour && colour && cell)
		(void)scols_cell_set_color(cell, colour);
}

/* Hides the columns that are empty in all rows. */
static void hide_empty(struct libscols_table *handle)
{
	size_t lines = scols_table_get_nlines(handle);

	for (size_t c = 0; c < scols_table_get_ncols(handle); c++) {
		struct libscols_column *column = scols_table_get_column(handle, c);
		bool used = lines == 0;

		for (size_t l = 0; l < lines && !used; l++) {
			const char *data =
				scols_line_get_column_data(scols_table_get_line(handle, l), column);

			used = data && *data;
		}
		if (!used)
			scols_column_set_flags(column,
					       scols_column_get_flags(column) | SCOLS_FL_HIDDEN);
	}
}

/* Appends line by line, without the blanks that pad the last column. */
static void put_trimmed(struct buf *out, const char *text)
{
	while (*text) {
		size_t line = strcspn(text, "\n");
		size_t len = line;

		while (len > 0 && text[len - 1] == ' ')
			len--;
		buf_put(out, text, len);
		buf_puts(out, "\n");
		text += line + (text[line] == '\n');
	}
}

int table_print(struct table *table, struct buf *out, struct err *err)
{
	autofree char *text = NULL;

	hide_empty(table->handle);
	if (scols_print_table_to_string(table->handle, &text) != 0 || !text)
		return err_set(err, ENOMEM, "print a table");
	put_trimmed(out, text);
	return buf_check(out, err);
}
