// SPDX-License-Identifier: GPL-2.0-or-later
/* Tables through libsmartcols; see table.h. */
#include "launcher/cli/table.h"

#include "launcher/cli/text.h"
#include "runtime/base/cleanup.h"

#include <errno.h>
#include <libsmartcols.h>
#include <string.h>

#define MARKS	    ">-~"
#define NOTE_INDENT 2

int table_open(struct table *table, const char *const *columns, bool colour, struct err *err)
{
	*table = (struct table){.handle = scols_new_table(), .columns = columns, .colour = colour};
	if (!table->handle)
		return err_set(err, ENOMEM, "make a table");
	scols_table_enable_colors(table->handle, colour);
	scols_table_set_column_separator(table->handle, "  ");
	for (; *columns; columns++) {
		size_t marks = strspn(*columns, MARKS);
		bool right = memchr(*columns, '>', marks) != NULL;
		struct libscols_column *column = scols_table_new_column(
			table->handle, *columns + marks, 0, right ? SCOLS_FL_RIGHT : 0);

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

static void hide(struct libscols_column *column)
{
	scols_column_set_flags(column, scols_column_get_flags(column) | SCOLS_FL_HIDDEN);
}

/* The lines of a table are a list: of many, each must not be looked up by its number. */
static void drop_walk(struct libscols_iter **walk)
{
	scols_free_iter(*walk);
}
#define autowalk __attribute__((cleanup(drop_walk)))

static bool is_used(struct libscols_table *handle, struct libscols_column *column,
		    struct libscols_iter *walk)
{
	struct libscols_line *line = NULL;

	scols_reset_iter(walk, SCOLS_ITER_FORWARD);
	while (scols_table_next_line(handle, walk, &line) == 0) {
		const char *data = scols_line_get_column_data(line, column);

		if (data && *data)
			return true;
	}
	return false;
}

/* Hides the columns that are empty in all rows. */
static int hide_empty(struct libscols_table *handle)
{
	autowalk struct libscols_iter *walk = scols_new_iter(SCOLS_ITER_FORWARD);
	size_t lines = scols_table_get_nlines(handle);

	if (!walk)
		return -ENOMEM;
	for (size_t c = 0; lines > 0 && c < scols_table_get_ncols(handle); c++) {
		struct libscols_column *column = scols_table_get_column(handle, c);

		if (!is_used(handle, column, walk))
			hide(column);
	}
	return 0;
}

/* Makes the table narrower; false: it cannot be any narrower. */
static bool narrow(struct table *table)
{
	for (size_t c = scols_table_get_ncols(table->handle); c-- > 0;) {
		struct libscols_column *column = scols_table_get_column(table->handle, c);
		const char *title = table->columns[c];
		size_t marks = strspn(title, MARKS);

		if (scols_column_is_hidden(column) || strcspn(title, "-~") >= marks)
			continue;
		table->notes_below |= memchr(title, '~', marks) != NULL;
		hide(column);
		return true;
	}
	return false;
}

/* Characters before the line's end and its padding; colours take no room. @ret_len: its bytes. */
static size_t line_width(const char *line, size_t *ret_len)
{
	size_t end = strcspn(line, "\n");
	size_t width = 0;

	while (end > 0 && line[end - 1] == ' ')
		end--;
	*ret_len = end;
	for (size_t i = 0; i < end; i++) {
		if (line[i] == '\033')
			i += strcspn(line + i, "m");
		else if (((unsigned char)line[i] & 0xc0) != 0x80)
			width++;
	}
	return width;
}

static bool is_too_wide(const struct table *table, const char *text)
{
	while (table->width && *text) {
		size_t len = 0;

		if (line_width(text, &len) > table->width)
			return true;
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
	return false;
}

/* The row's note on lines of its own, broken between words. */
static void put_note(const struct table *table, struct libscols_line *row, struct buf *out)
{
	size_t column = scols_table_get_ncols(table->handle) - 1;
	const char *note = scols_cell_get_data(scols_line_get_cell(row, column));
	autobuf struct buf safe = {0};

	if (!note || !*note)
		return;
	buf_printf(&safe, "%*s", NOTE_INDENT, "");
	text_escape(&safe, note, strlen(note));
	buf_puts(&safe, "\n");
	out->failed |= safe.failed;
	text_wrap(out, safe.data ? safe.data : "", table->width, NOTE_INDENT);
}

/* Appends line by line, without the blanks that pad the last column. */
static void put_lines(const struct table *table, const char *text, struct libscols_iter *walk,
		      struct buf *out)
{
	struct libscols_line *row = NULL;

	for (size_t i = 0; *text; i++) {
		size_t len = 0;

		(void)line_width(text, &len);
		buf_put(out, text, len);
		buf_puts(out, "\n");
		text += strcspn(text, "\n");
		text += *text == '\n';
		if (table->notes_below && i > 0 &&
		    scols_table_next_line(table->handle, walk, &row) == 0)
			put_note(table, row, out);
	}
}

int table_print(struct table *table, struct buf *out, struct err *err)
{
	autowalk struct libscols_iter *walk = scols_new_iter(SCOLS_ITER_FORWARD);

	if (!walk || hide_empty(table->handle) < 0)
		return err_set(err, ENOMEM, "print a table");
	for (;;) {
		autofree char *text = NULL;

		if (scols_print_table_to_string(table->handle, &text) != 0 || !text)
			return err_set(err, ENOMEM, "print a table");
		if (is_too_wide(table, text) && narrow(table))
			continue;
		put_lines(table, text, walk, out);
		return buf_check(out, err);
	}
}
