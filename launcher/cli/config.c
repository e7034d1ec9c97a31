// SPDX-License-Identifier: GPL-2.0-or-later
/* davit config: validates the manifest and prints what it means. Needs no supervisor, no root. */
#include "launcher/cli/commands.h"
#include "runtime/base/cleanup.h"

#include <string.h>

struct values {
	bool quiet;
	bool services;
	const char *format;
};

static const struct option_spec options[] = {
	{'q', "quiet", OPTION_FLAG, offsetof(struct values, quiet), NULL,
	 "only validate: print nothing but faults"},
	{0, "format", OPTION_TEXT, offsetof(struct values, format), "yaml|json",
	 "the form of the output"},
	{0, "services", OPTION_FLAG, offsetof(struct values, services), NULL,
	 "only the names of the enabled services, one per line"},
};

static int print_stack(const struct stack *stack, const struct values *values,
		       enum manifest_format format)
{
	autobuf struct buf out = {0};
	struct err err = {0};

	if (values->quiet)
		return EXIT_DONE;
	for (size_t i = 0; values->services && i < stack->service_count; i++)
		if (stack->services[i].enabled)
			buf_printf(&out, "%s\n", stack->services[i].name);
	if (!values->services && manifest_print(stack, format, &out, &err) < 0)
		return cli_fail(&err, EXIT_FAILED);
	return cli_output(&out);
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct values values = {.format = "yaml"};
	struct args args = {.argc = argc, .argv = argv};
	autostack struct stack *stack = NULL;
	int code = cli_parse(cli, &args, &values);

	if (code < 0)
		code = cli_count_words(cli, &args, 0, 0);
	if (code >= 0)
		return code;
	bool json = strcmp(values.format, "json") == 0;

	if (!json && strcmp(values.format, "yaml") != 0)
		return cli_complain(EXIT_USAGE, "config: --format: '%s' is neither yaml nor json",
				    values.format);
	code = cli_load(cli, &stack);
	if (code != EXIT_DONE)
		return code;
	return print_stack(stack, &values, json ? MANIFEST_JSON : MANIFEST_YAML);
}

const struct command command_config = {
	.name = "config",
	.words = "",
	.summary = "Check the manifest and print what it resolves to.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.run = run,
};
