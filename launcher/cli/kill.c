// SPDX-License-Identifier: GPL-2.0-or-later
/* davit kill: sends a signal; what follows is up to the restart policy. */
#include "launcher/cli/change.h"
#include "launcher/cli/commands.h"
#include "launcher/cli/names.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/sig.h"

#include <signal.h>
#include <strings.h>

struct values {
	const char *signal;
};

static const struct option_spec options[] = {
	{'s', "signal", OPTION_TEXT, offsetof(struct values, signal), "SIGNAL",
	 "name or number (default SIGKILL)"},
};

static int run(struct cli *cli, int argc, char **argv)
{
	struct values values = {.signal = "SIGKILL"};
	struct args args = {.argc = argc, .argv = argv};
	autofree char *stack = NULL;
	autostrv struct strv words = {0};
	char name[SIG_NAME_MAX];
	int code = cli_parse(cli, &args, &values);

	if (code >= 0)
		return code;
	int number = sig_number(values.signal);

	if (!number)
		return cli_complain(EXIT_USAGE, "kill: '%s' is not a signal", values.signal);
	sig_name(number, name);
	code = cli_stack(cli, &stack);
	if (code == EXIT_DONE)
		code = names_resolve(stack, &args, args.word_count, &words);
	if (code != EXIT_DONE)
		return code;
	struct json_t *services = change_words(args.words, args.word_count);

	if (!services)
		return EXIT_USAGE;
	return change_post(stack, "/v1/kill",
			   js_pack("{s:o, s:s}", "services", services, "signal", name), NULL);
}

const struct command command_kill = {
	.name = "kill",
	.words = "[SERVICE|INSTANCE…]",
	.summary = "Send a signal to services or instances.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.run = run,
};
