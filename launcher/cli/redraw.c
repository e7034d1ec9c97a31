// SPDX-License-Identifier: GPL-2.0-or-later
/* Looking again and again; see redraw.h. */
#include "launcher/cli/redraw.h"

#include "launcher/cli/repaint.h"
#include "runtime/base/cleanup.h"

#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

static int show(struct cli *cli, struct buf *text, unsigned rows)
{
	autobuf struct buf screen = {0};
	struct err err = {0};

	if (!cli->tty_out || text->len == 0)
		return cli_output(text);
	if (buf_check(text, &err) < 0)
		return cli_fail(&err, EXIT_FAILED);
	repaint_screen(&screen, text->data, rows);
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
			fputs(REPAINT_HOME REPAINT_CLEAR, stdout);
		code = watch ? show(cli, &text, size.ws_row) : cli_output(&text);
		if (code != EXIT_DONE || !watch)
			return code;
		sleep(1);
	}
}
