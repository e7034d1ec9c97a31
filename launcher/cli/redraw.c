// SPDX-License-Identifier: GPL-2.0-or-later
/* Looking again and again; see redraw.h. */
#include "launcher/cli/redraw.h"

#include "runtime/base/cleanup.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define CURSOR_HOME    "\033[H"
#define CLEAR_TO_RIGHT "\033[K"
#define CLEAR_BELOW    "\033[J"

static size_t count_lines(const char *text)
{
	size_t lines = 0;

	for (; *text; text += strcspn(text, "\n"), text += *text == '\n')
		lines++;
	return lines;
}

void redraw_screen(struct buf *out, const char *text, unsigned rows)
{
	size_t lines = count_lines(text);
	size_t shown = lines < rows || rows < 2 ? lines : rows - 2;

	buf_puts(out, CURSOR_HOME);
	for (size_t i = 0; i < shown; i++) {
		size_t len = strcspn(text, "\n");

		buf_put(out, text, len);
		buf_puts(out, CLEAR_TO_RIGHT "\n");
		text += len + (text[len] == '\n');
	}
	if (shown < lines)
		buf_printf(out, "… %zu more" CLEAR_TO_RIGHT "\n", lines - shown);
	buf_puts(out, CLEAR_BELOW);
}

static int show(struct cli *cli, struct buf *text, unsigned rows)
{
	autobuf struct buf screen = {0};
	struct err err = {0};

	if (!cli->tty_out || text->len == 0)
		return cli_output(text);
	if (buf_check(text, &err) < 0)
		return cli_fail(&err, EXIT_FAILED);
	redraw_screen(&screen, text->data, rows);
	return cli_output(&screen);
}

int redraw_run(struct cli *cli, bool watch, redraw_look *look, void *context)
{
	for (bool first = true;; first = false) {
		autobuf struct buf text = {0};
		struct winsize size = {0};

		if (cli->tty_out && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
			cli->width = size.ws_col;
		int code = look(cli, context, &text);

		if (code != EXIT_DONE)
			return first ? code : EXIT_DONE;
		if (first && watch && cli->tty_out)
			fputs(CURSOR_HOME CLEAR_BELOW, stdout);
		code = watch ? show(cli, &text, size.ws_row) : cli_output(&text);
		if (code != EXIT_DONE || !watch)
			return code;
		sleep(1);
	}
}
