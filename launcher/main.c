// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * davit: argv -> command table -> exit code. Only this file ends the process; it runs as the person
 * who typed it, starts in milliseconds and owns no instance.
 */
#include "launcher/cli/client.h"
#include "launcher/cli/commands.h"
#include "launcher/cli/habits.h"
#include "launcher/cli/text.h"
#include "launcher/paths.h"
#include "runtime/base/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

const struct command *const cli_commands[] = {
	&command_up,	  &command_down,     &command_ps,     &command_status,
	&command_port,	  &command_stats,    &command_top,    &command_inspect,
	&command_logs,	  &command_events,   &command_scale,  &command_start,
	&command_stop,	  &command_restart,  &command_kill,   &command_wait,
	&command_learn,	  &command_exec,     &command_run,    &command_plan,
	&command_config,  &command_simulate, &command_images, &command_pull,
	&command_image,	  &command_ls,	     &command_doctor, &command_completion,
	&command_version, &command_upgrade,  &command_help,   NULL,
};

const struct command *cli_command(const char *name)
{
	const char *names[ARRAY_SIZE(cli_commands)] = {0};

	for (size_t i = 0; cli_commands[i]; i++) {
		names[i] = cli_commands[i]->name;
		if (strcmp(names[i], name) == 0)
			return cli_commands[i];
	}
	const char *instead = habits_command(name);
	const char *near = text_nearest(name, names);

	if (instead)
		cli_complain(EXIT_USAGE, "unknown command '%s': %s", name, instead);
	else if (near)
		cli_complain(EXIT_USAGE, "unknown command '%s'; did you mean '%s'?", name, near);
	else
		cli_complain(EXIT_USAGE, "unknown command '%s'; see 'davit help'", name);
	return NULL;
}

static void look_around(struct cli *cli)
{
	const char *no_colour = getenv("NO_COLOR");
	const char *term = getenv("TERM");
	struct winsize size = {0};

	cli->tty_out = isatty(STDOUT_FILENO);
	cli->tty_err = isatty(STDERR_FILENO);
	if (cli->tty_out && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
		cli->width = size.ws_col;
	cli->colour =
		cli->tty_out && !(no_colour && *no_colour) && term && strcmp(term, "dumb") != 0;
}

/* Global options, then the command with the rest. */
static int dispatch(struct cli *cli, int argc, char **argv)
{
	struct args args = {
		.argc = argc,
		.argv = argv,
		.sets[0] = {cli_options, cli_option_count, cli},
		.words_end_options = true,
	};
	struct err err = {0};

	if (args_parse(&args, &err) < 0)
		return cli_fail(&err, EXIT_USAGE);
	if (args.help || (args.word_count == 0 && !cli->want_version))
		return help_overview();
	cli->command = cli->want_version ? &command_version : cli_command(args.words[0]);
	if (!cli->command)
		return EXIT_USAGE;
	if (cli->want_version)
		return cli->command->run(cli, 0, args.words);
	return cli->command->run(cli, (int)args.word_count - 1, args.words + 1);
}

static void tell_silence(const char *stack)
{
	cli_complain(EXIT_DONE, "the supervisor of '%s' does not answer; still waiting", stack);
}

int main(int argc, char **argv)
{
	struct cli cli = {0};

	client_on_silence(tell_silence);
	if (!getcwd(cli.directory, sizeof(cli.directory)))
		return cli_complain(EXIT_FAILED, "working directory: %s", strerrordesc_np(errno));
	look_around(&cli);
	err_ignore(paths_dir(PATHS_STATE, NULL, &cli.store_dir, NULL));
	int code = dispatch(&cli, argc > 0 ? argc - 1 : 0, argc > 0 ? argv + 1 : argv);

	strv_free(&cli.files);
	strv_free(&cli.profiles);
	strv_free(&cli.env_files);
	free(cli.store_dir);
	return code;
}
