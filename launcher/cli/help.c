// SPDX-License-Identifier: GPL-2.0-or-later
/* davit help: the overview, or one command's usage. */
#include "launcher/cli/commands.h"
#include "runtime/base/cleanup.h"

#include <string.h>

int help_overview(void)
{
	autobuf struct buf out = {0};

	buf_puts(&out, "Usage: davit [-p STACK] [-f FILE|DIR]… COMMAND [OPTION…]\n\n"
		       "Launches a stack of services from Compose manifests.\n\nCommands:\n");
	for (size_t i = 0; cli_commands[i]; i++)
		buf_printf(&out, "  %-10s %s\n", cli_commands[i]->name, cli_commands[i]->summary);
	buf_puts(&out, "\nOptions:\n");
	args_help(cli_options, cli_option_count, &out);
	buf_puts(&out, "\n'davit COMMAND --help' tells more about a command.\n");
	return cli_output(&out);
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct args args = {.argc = argc, .argv = argv};
	char help[] = "--help";
	char *help_argv[] = {help, NULL};
	int code = cli_parse(cli, &args, NULL);

	if (code < 0)
		code = cli_count_words(cli, &args, 0, 1);
	if (code >= 0)
		return code;
	if (args.word_count == 0)
		return help_overview();
	cli->command = cli_command(args.words[0]);
	if (!cli->command)
		return EXIT_USAGE;
	return cli->command->run(cli, 1, help_argv);
}

const struct command command_help = {
	.name = "help",
	.words = "[COMMAND]",
	.summary = "Show this, or the usage of a command.",
	.run = run,
};
