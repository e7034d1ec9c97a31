// SPDX-License-Identifier: GPL-2.0-or-later
/* davit scale: more or fewer instances, until the next change or up. */
#include "launcher/cli/change.h"
#include "launcher/cli/commands.h"
#include "launcher/cli/settle.h"
#include "runtime/base/cleanup.h"

#include <string.h>

static int run(struct cli *cli, int argc, char **argv)
{
	struct args args = {.argc = argc, .argv = argv};
	autofree char *stack = NULL;
	autostrv struct strv services = {0};
	struct json_t *scale = NULL;
	int code = cli_parse(cli, &args, NULL);

	if (code < 0)
		code = cli_count_words(cli, &args, 1, -1);
	if (code >= 0)
		return code;
	code = cli_stack(cli, &stack);
	if (code == EXIT_DONE)
		code = change_parse_scale(args.words, args.word_count, &scale);
	if (code == EXIT_DONE)
		code = change_post(stack, "/v1/scale", js_pack("{s:o}", "scale", scale), NULL);
	if (code != EXIT_DONE)
		return code;
	for (size_t i = 0; i < args.word_count; i++)
		strv_addf(&services, "%.*s", (int)strcspn(args.words[i], "="), args.words[i]);
	return settle_wait(stack, &(struct settle_options){
					  .services = (const char *const *)services.items,
					  .timeout_ms = -1,
					  .judge = true,
				  });
}

const struct command command_scale = {
	.name = "scale",
	.words = "SERVICE=N…",
	.summary = "Run N instances of a service.",
	.run = run,
};
