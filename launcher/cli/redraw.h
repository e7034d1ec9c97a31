// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What --watch shows: the same answer again and again, on a terminal in its place, elsewhere one
 * after the other. Ends with Ctrl-C, or when there is nothing to ask any more.
 */
#pragma once

#include "launcher/cli/cli.h"

/*
 * Appends what a look shows now; cli->width is as it is at this moment.
 *
 * Returns EXIT_DONE or the exit code after a complaint.
 */
typedef int redraw_look(struct cli *cli, void *context, struct buf *out);

/*
 * Shows one look, or with @watch one each second until it fails. A stack that ends while it is
 * watched is no failure.
 *
 * Returns the exit code.
 */
int redraw_run(struct cli *cli, bool watch, redraw_look *look, void *context);
