// SPDX-License-Identifier: GPL-2.0-or-later
/* davit version. */
#include "launcher/cli/commands.h"

static int run(struct cli *cli, int argc, char **argv)
{
	struct args args = {.argc = argc, .argv = argv};
	autobuf struct buf out = {0};
	int code = cli_parse(cli, &args, NULL);

	if (code < 0)
		code = cli_count_words(cli, &args, 0, 0);
	if (code >= 0)
		return code;
	buf_puts(&out, "davit " DAVIT_VERSION "\n");
	return cli_output(&out);
}

const struct command command_version = {
	.name = "version",
	.words = "",
	.summary = "Show the version.",
	.run = run,
};
