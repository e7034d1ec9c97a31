// SPDX-License-Identifier: GPL-2.0-or-later
/* What commands share; see cli.h. */
#include "launcher/cli/cli.h"

#include "launcher/cli/habits.h"
#include "launcher/cli/stacks.h"
#include "launcher/cli/text.h"
#include "launcher/paths.h"
#include "runtime/base/cleanup.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const struct option_spec cli_options[] = {
	{'p', "project-name", OPTION_TEXT, offsetof(struct cli, stack_name), "STACK",
	 "the stack's name (otherwise the manifest's)"},
	{'f', "file", OPTION_LIST, offsetof(struct cli, files), "FILE|DIR",
	 "a manifest, or a directory of them; may be repeated"},
	{0, "profile", OPTION_LIST, offsetof(struct cli, profiles), "NAME",
	 "enable a profile; may be repeated"},
	{0, "env-file", OPTION_LIST, offsetof(struct cli, env_files), "FILE",
	 "variables for ${…}, instead of .env; may be repeated"},
	{'v', "version", OPTION_FLAG, offsetof(struct cli, want_version), NULL, "show the version"},
};
const size_t cli_option_count = ARRAY_SIZE(cli_options);

int cli_complain(int code, const char *fmt, ...)
{
	struct err err = {0};
	va_list args;

	va_start(args, fmt);
	vsnprintf(err.text, sizeof(err.text), fmt, args);
	va_end(args);
	return cli_fail(&err, code);
}

int cli_complain_at(struct pos pos, const struct service *service, const char *text)
{
	autostrv struct strv line = {0};

	diagnostic_add(&line, SEVERITY_ERROR, pos, service->name, "%s", text);
	return cli_complain(EXIT_FAILED, "%s", line.count ? line.items[0] : text);
}

int cli_fail(const struct err *err, int code)
{
	autobuf struct buf line = {0};

	text_escape(&line, err->text, strlen(err->text));
	fprintf(stderr, "davit: %s\n", line.data ? line.data : "failed");
	return code;
}

/* Usage of one command, made of its tables. */
static int show_help(const struct command *command)
{
	autobuf struct buf out = {0};

	buf_printf(&out, "Usage: davit %s%s%s%s\n\n%s\n", command->name,
		   command->option_count ? " [OPTION…]" : "", command->words[0] ? " " : "",
		   command->words, command->summary);
	if (command->option_count) {
		buf_puts(&out, "\nOptions:\n");
		args_help(command->options, command->option_count, &out);
	}
	return cli_output(&out);
}

int cli_parse(struct cli *cli, struct args *args, void *values)
{
	const struct command *command = cli->command;
	struct err err = {0};

	args->sets[0] = (struct option_set){command->options, command->option_count, values};
	args->sets[1] = (struct option_set){cli_options, cli_option_count, cli};
	args->words_end_options = command->words_end_options;
	int r = args_parse(args, &err);

	if (r < 0) {
		const char *instead = habits_option(command->name, args->unknown);

		if (instead)
			(void)err_say(&err, EINVAL, "unknown option %s: %s", args->unknown,
				      instead);
		err_prefix(&err, "%s", command->name);
		return cli_fail(&err, EXIT_USAGE);
	}
	return args->help ? show_help(command) : -1;
}

int cli_count_words(const struct cli *cli, const struct args *args, int least, int most)
{
	const char *name = cli->command->name;

	if (args->word_count < (size_t)least)
		return cli_complain(EXIT_USAGE, "%s: too few arguments; usage: davit %s %s", name,
				    name, cli->command->words);
	if (most >= 0 && args->word_count > (size_t)most)
		return cli_complain(EXIT_USAGE, "%s: unexpected argument '%s'", name,
				    args->words[most]);
	return -1;
}

struct manifest_options cli_manifest_options(const struct cli *cli)
{
	return (struct manifest_options){
		.directory = cli->directory,
		.files = (const char *const *)cli->files.items,
		.stack_name = cli->stack_name,
		.profiles = (const char *const *)cli->profiles.items,
		.env_files = (const char *const *)cli->env_files.items,
		.store_dir = cli->store_dir,
		.environment = (const char *const *)environ,
	};
}

static int stack_name(const struct cli *cli, char **ret_name, struct err *err)
{
	struct manifest_options options = cli_manifest_options(cli);

	if (!cli->stack_name)
		return manifest_stack_name(&options, ret_name, err);
	*ret_name = strdup(cli->stack_name);
	return *ret_name ? 0 : err_set(err, ENOMEM, "stack name");
}

static int check_stack_name(char **name, char **ret_name)
{
	if (!paths_is_stack_name(*name))
		return cli_complain(EXIT_USAGE, "'%s' is not a stack name: [a-z0-9][a-z0-9_-]*",
				    *name);
	*ret_name = take_ptr(*name);
	return EXIT_DONE;
}

int cli_stack(const struct cli *cli, char **ret_name)
{
	autofree char *name = NULL;
	struct err err = {0};

	if (stack_name(cli, &name, &err) < 0)
		return cli_fail(&err, EXIT_USAGE);
	return check_stack_name(&name, ret_name);
}

int cli_stack_seen(const struct cli *cli, char **ret_name)
{
	autofree char *name = NULL;
	autostrv struct strv stacks = {0};
	struct err err = {0};
	int r = stack_name(cli, &name, &err);

	if (r == -ENOENT && cli->files.count == 0 && stacks_list(&stacks, NULL) == 0) {
		if (stacks.count > 1)
			return cli_complain(EXIT_USAGE,
					    "no manifest here, and several stacks run: choose one "
					    "with -p (see davit ls)");
		if (stacks.count == 0)
			return cli_complain(
				EXIT_USAGE,
				"no stack is running, and there is no compose.yaml in '%s' "
				"or above",
				cli->directory);
		if (stacks.count == 1) {
			name = strdup(stacks.items[0]);
			r = name ? 0 : err_set(&err, ENOMEM, "stack name");
		}
	}
	return r < 0 ? cli_fail(&err, EXIT_USAGE) : check_stack_name(&name, ret_name);
}

void cli_drop_stack(struct stack **stack)
{
	stack_free(*stack);
}

int cli_diagnose(const struct diagnostics *diags)
{
	autobuf struct buf text = {0};

	diagnostics_print(diags, &text);
	if (text.len > 0)
		fwrite(text.data, 1, text.len, stderr);
	return diags->error_count > 0 ? EXIT_USAGE : EXIT_DONE;
}

int cli_load(const struct cli *cli, struct stack **ret_stack, struct diagnostics *ret_diags)
{
	struct manifest_options options = cli_manifest_options(cli);
	struct err err = {0};
	int r = manifest_load(&options, ret_stack, ret_diags, &err);

	if (r == 0)
		return EXIT_DONE;
	if (cli_diagnose(ret_diags) != EXIT_DONE)
		return EXIT_USAGE; /* each is said already */
	return cli_fail(&err, r == -ENOMEM ? EXIT_FAILED : EXIT_USAGE);
}

/* Returns how many there are. */
static size_t print_diagnostics(const struct json_t *json)
{
	const struct json_t *lines = js_get(json, "diagnostics");

	for (size_t i = 0; i < js_count(lines); i++) {
		const char *line = js_string(js_at(lines, i));
		autobuf struct buf safe = {0};

		if (!line)
			continue;
		/* A diagnostic may quote the line it is about, below it. */
		for (const char *end = strchr(line, '\n'); end; end = strchr(line, '\n')) {
			text_escape(&safe, line, (size_t)(end - line));
			buf_puts(&safe, "\n");
			line = end + 1;
		}
		text_escape(&safe, line, strlen(line));
		fprintf(stderr, "%s\n", safe.data ? safe.data : "");
	}
	return js_count(lines);
}

int cli_refused(const struct client_answer *answer)
{
	const char *error = js_text(answer->json, "error");
	int64_t given = js_int(answer->json, "exit_code", EXIT_FAILED);
	int code = given > 0 && given < 256 ? (int)given : EXIT_FAILED;

	if (print_diagnostics(answer->json) > 0)
		return code; /* `error` only sums these up */
	if (!error)
		return cli_complain(EXIT_FAILED, "the supervisor refuses: status %d",
				    answer->status);
	return cli_complain(code, "%s", error);
}

int cli_call(const char *stack, const struct client_request *request, struct json_t **ret_json)
{
	autoanswer struct client_answer answer = {0};
	struct err err = {0};

	if (client_call(stack, request, &answer, &err) < 0)
		return cli_fail(&err, EXIT_FAILED);
	if (answer.status < 200 || answer.status > 299)
		return cli_refused(&answer);
	if (ret_json)
		*ret_json = take_ptr(answer.json);
	return EXIT_DONE;
}

int cli_output(struct buf *text)
{
	struct err err = {0};

	if (buf_check(text, &err) < 0)
		return cli_fail(&err, EXIT_FAILED);
	if (text->len == 0)
		return EXIT_DONE; /* there may be no data at all */
	if (fwrite(text->data, 1, text->len, stdout) != text->len || fflush(stdout) != 0)
		return cli_complain(EXIT_FAILED, "write to stdout: %s", strerrordesc_np(errno));
	return EXIT_DONE;
}

int cli_put_json(const struct json_t *json, struct buf *out)
{
	struct err err = {0};

	if (js_print(json, 2, out, &err) < 0)
		return cli_fail(&err, EXIT_FAILED);
	buf_puts(out, "\n");
	return EXIT_DONE;
}

int cli_output_json(const struct json_t *json)
{
	autobuf struct buf out = {0};
	int code = cli_put_json(json, &out);

	return code == EXIT_DONE ? cli_output(&out) : code;
}
