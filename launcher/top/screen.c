// SPDX-License-Identifier: GPL-2.0-or-later
/* See screen.h. */
#include "launcher/top/screen.h"

#include <errno.h>
#include <langinfo.h>
#include <ncurses.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* How long the rest of a key's sequence may take: what comes later is the escape key. */
#define ESCAPE_MS 50

static bool opened;
static bool coloured;

int screen_open(struct err *err)
{
	const char *no_colour = getenv("NO_COLOR");

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return err_say(err, ENOTTY, "top needs a terminal; 'davit stats --watch' does not");
	set_escdelay(ESCAPE_MS);
	if (!newterm(NULL, stdout, stdin))
		return err_say(err, ENOTTY, "top does not know the terminal '%s' (TERM)",
			       getenv("TERM") ? getenv("TERM") : "");
	opened = true;
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	curs_set(0);
	coloured = has_colors() && !(no_colour && *no_colour) && start_color() == OK;
	if (coloured) {
		use_default_colors();
		init_pair(FRAME_GOOD, COLOR_GREEN, -1);
		init_pair(FRAME_BUSY, COLOR_YELLOW, -1);
		init_pair(FRAME_BAD, COLOR_RED, -1);
	}
	return 0;
}

void screen_close(void)
{
	if (opened)
		endwin();
	opened = false;
}

void screen_size(struct frame *frame)
{
	frame->rows = (unsigned)LINES;
	frame->cols = (unsigned)COLS;
	frame->ascii = strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
}

static attr_t attributes(enum frame_style style)
{
	attr_t colour = coloured ? (attr_t)COLOR_PAIR(style) : 0;

	switch (style) {
	case FRAME_PLAIN:
		return A_NORMAL;
	case FRAME_BOLD:
		return A_BOLD;
	case FRAME_FAINT:
		return A_DIM;
	case FRAME_GOOD:
	case FRAME_BUSY:
		return colour;
	case FRAME_BAD:
		return colour | A_BOLD;
	case FRAME_TITLE:
		return A_BOLD | A_UNDERLINE;
	case FRAME_CHOSEN:
		return A_REVERSE;
	}
	return A_NORMAL;
}

void screen_show(const struct frame *frame)
{
	erase();
	for (size_t i = 0; i < frame->count; i++) {
		const struct frame_piece *piece = &frame->pieces[i];

		attrset(attributes(piece->style));
		/* In the last column of the last row this fails when it has been drawn. */
		(void)mvaddnstr((int)piece->row, (int)piece->col, frame->text.data + piece->start,
				(int)piece->len);
	}
	attrset(A_NORMAL);
	refresh();
}

int screen_key(void)
{
	static const struct {
		int code;
		enum screen_key key;
	} keys[] = {
		{KEY_UP, SCREEN_UP},	       {KEY_DOWN, SCREEN_DOWN},
		{KEY_PPAGE, SCREEN_PAGE_UP},   {KEY_HOME, SCREEN_HOME},
		{KEY_END, SCREEN_END},	       {KEY_NPAGE, SCREEN_PAGE_DOWN},
		{KEY_ENTER, SCREEN_ENTER},     {'\r', SCREEN_ENTER},
		{'\n', SCREEN_ENTER},	       {KEY_RESIZE, SCREEN_RESIZE},
		{KEY_BACKSPACE, SCREEN_ERASE}, {0x7f, SCREEN_ERASE},
		{'\b', SCREEN_ERASE},	       {0x1b, SCREEN_ESCAPE},
	};
	int code = getch();

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (keys[i].code == code)
			return (int)keys[i].key;
	return code > 0 && code < 0x100 ? code : SCREEN_NONE;
}
