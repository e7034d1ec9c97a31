// SPDX-License-Identifier: GPL-2.0-or-later
/* davit completion: a shell script made of the command table, so that it cannot fall behind. */
#include "launcher/cli/commands.h"
#include "runtime/base/cleanup.h"

#include <string.h>

static const char prologue[] =
	"# bash completion for davit; use: source <(davit completion bash)\n"
	"_davit() {\n"
	"\tlocal cur=${COMP_WORDS[COMP_CWORD]} command='' words='' names='' word\n"
	"\tfor word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
	"\t\tcase $word in\n";

static const char epilogue[] =
	"\tesac\n"
	"\t[[ $names && $cur != -* ]] && words=$(davit config --services 2>/dev/null)\n"
	"\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
	"}\n"
	"complete -o default -F _davit davit\n";

static void put_options(struct buf *out, const struct option_spec *specs, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (specs[i].name)
			buf_printf(out, " --%s", specs[i].name);
}

static void put_bash(struct buf *out)
{
	buf_puts(out, prologue);
	buf_puts(out, "\t\t");
	for (size_t i = 0; cli_commands[i]; i++)
		buf_printf(out, "%s%s", i ? " | " : "", cli_commands[i]->name);
	buf_puts(out, ") command=$word && break ;;\n\t\tesac\n\tdone\n\tcase $command in\n\t'') "
		      "words=\"");
	for (size_t i = 0; cli_commands[i]; i++)
		buf_printf(out, "%s%s", i ? " " : "", cli_commands[i]->name);
	put_options(out, cli_options, cli_option_count);
	buf_puts(out, "\" ;;\n");
	for (size_t i = 0; cli_commands[i]; i++) {
		const struct command *command = cli_commands[i];

		buf_printf(out, "\t%s) words=\"--help", command->name);
		put_options(out, command->options, command->option_count);
		buf_printf(out, "\"%s ;;\n", strstr(command->words, "SERVICE") ? " names=1" : "");
	}
	buf_puts(out, epilogue);
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct args args = {.argc = argc, .argv = argv};
	autobuf struct buf out = {0};
	int code = cli_parse(cli, &args, NULL);

	if (code < 0)
		code = cli_count_words(cli, &args, 1, 1);
	if (code >= 0)
		return code;
	if (strcmp(args.words[0], "bash") != 0)
		return cli_complain(EXIT_USAGE, "completion: '%s': only bash is known",
				    args.words[0]);
	put_bash(&out);
	return cli_output(&out);
}

const struct command command_completion = {
	.name = "completion",
	.words = "bash",
	.summary = "Print a script that completes davit's words in a shell.",
	.run = run,
};
