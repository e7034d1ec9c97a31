// SPDX-License-Identifier: GPL-2.0-or-later
/* davit start: of some services, or of all. */
#include "launcher/cli/change.h"
#include "launcher/cli/commands.h"

static int run(struct cli *cli, int argc, char **argv)
{
	const struct change_lifecycle lifecycle = {.path = "/v1/start", .judge = true};

	return change_run(cli, &lifecycle, argc, argv);
}

const struct command command_start = {
	.name = "start",
	.words = "[SERVICE…]",
	.summary = "Start stopped services again.",
	.run = run,
};
