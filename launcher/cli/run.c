// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * davit run: a one-off instance of a service, with our stdin, stdout and stderr; what the service
 * depends on is started first and stays.
 */
#include "launcher/cli/begin.h"
#include "launcher/cli/change.h"
#include "launcher/cli/commands.h"
#include "launcher/cli/session.h"
#include "launcher/cli/settle.h"
#include "runtime/base/cleanup.h"

#include <string.h>

struct values {
	bool detach;
	bool no_deps;
	bool no_tty;
	bool remove;
	const char *entrypoint;
	struct strv environment;
	const char *user;
	const char *working_dir;
};

static const struct option_spec options[] = {
	{'d', "detach", OPTION_FLAG, offsetof(struct values, detach), NULL,
	 "print the instance's name and return; its output goes to the logs"},
	{0, "entrypoint", OPTION_TEXT, offsetof(struct values, entrypoint), "PROGRAM",
	 "instead of the service's entrypoint and command"},
	{'e', "env", OPTION_LIST, offsetof(struct values, environment), "NAME=VALUE",
	 "set a variable; may be repeated"},
	{0, "no-deps", OPTION_FLAG, offsetof(struct values, no_deps), NULL,
	 "do not start what the service depends on"},
	{'T', "no-tty", OPTION_FLAG, offsetof(struct values, no_tty), NULL,
	 "no terminal inside even when there is one here"},
	{0, "rm", OPTION_FLAG, offsetof(struct values, remove), NULL,
	 "accepted for compatibility: an instance that has ended is always removed"},
	{'u', "user", OPTION_TEXT, offsetof(struct values, user), "USER[:GROUP]",
	 "run as this user"},
	{'w', "workdir", OPTION_TEXT, offsetof(struct values, working_dir), "DIR",
	 "run in this directory"},
};

static void drop_values(struct values *values)
{
	strv_free(&values->environment);
}

/* Dependencies are up, and ready where that is asked for. @ret_any: there are some. */
static int start_dependencies(const struct cli *cli, const struct stack *stack,
			      const struct selection *service, bool *ret_any)
{
	struct selection dependencies = *service;
	autofree const char **names = NULL;
	struct err err = {0};

	dependencies.only_deps = true;
	if (selection_names(stack, &dependencies, &names, &err) < 0)
		return cli_fail(&err, SESSION_FAILED);
	*ret_any = names[0] != NULL;
	int code = begin_up(cli, stack->name, &dependencies, NULL, NULL);

	if (code == EXIT_DONE && names[0])
		code = settle_wait(stack->name, &(struct settle_options){.services = names,
									 .timeout_ms = -1,
									 .judge = true,
									 .only_changes = true});
	return code == EXIT_DONE ? EXIT_DONE : SESSION_FAILED;
}

static int run_detached(const char *stack, const struct json_t *body)
{
	const struct client_request request = {
		.method = "POST",
		.path = "/v1/run",
		.body = body,
		.once = true,
		.timeout_ms = CHANGE_TIMEOUT_MS,
	};
	autojs struct json_t *answer = NULL;

	if (cli_call(stack, &request, &answer) != EXIT_DONE)
		return SESSION_FAILED;
	printf("%s\n", js_text(answer, "instance"));
	return EXIT_DONE;
}

static int run_one(const char *stack, const struct args *args, const struct values *values)
{
	bool tty = !values->detach && session_wants_tty(values->no_tty);
	char *entrypoint = (char *)values->entrypoint;
	struct json_t *command = change_words(args->words + 1, args->word_count - 1);
	struct json_t *words = change_words(&entrypoint, entrypoint ? 1 : 0);
	struct json_t *environment =
		change_words(values->environment.items, values->environment.count);
	autojs struct json_t *body = js_pack(
		"{s:s, s:o, s:o, s:o, s:s?, s:s?, s:b, s:b}", "service", args->words[0], "command",
		command, "entrypoint", words, "environment", environment, "user", values->user,
		"working_dir", values->working_dir, "tty", tty, "detach", values->detach);

	if (!body)
		return cli_complain(SESSION_FAILED, "run: the command cannot be sent");
	if (values->detach)
		return run_detached(stack, body);
	return session_run(stack, &(struct session_request){"/v1/run", body, tty, "run"});
}

static int run_in(const struct cli *cli, const struct stack *stack, const struct args *args,
		  const struct values *values)
{
	const struct selection service = {
		.names = args->words, .count = 1, .no_deps = values->no_deps};
	autoclose int started_pidfd = -1;
	bool any = false;

	if (begin_images(stack, &service, NULL, false) != EXIT_DONE)
		return SESSION_FAILED;
	if (begin_supervisor(stack->name, &started_pidfd) != EXIT_DONE)
		return SESSION_FAILED;
	int code = start_dependencies(cli, stack, &service, &any);

	if (code == EXIT_DONE)
		code = run_one(stack->name, args, values);
	/* Where there was no stack before, and nothing stays, there is none after it. */
	if (started_pidfd >= 0 && !any && !(values->detach && code == EXIT_DONE))
		begin_undo(stack->name, started_pidfd);
	return code;
}

static int run(struct cli *cli, int argc, char **argv)
{
	__attribute__((cleanup(drop_values))) struct values values = {0};
	struct args args = {.argc = argc, .argv = argv};
	autostack struct stack *stack = NULL;
	int code = cli_parse(cli, &args, &values);

	if (code < 0)
		code = cli_count_words(cli, &args, 1, -1);
	if (code >= 0)
		return code;
	for (size_t i = 0; i < values.environment.count; i++)
		if (!strchr(values.environment.items[i], '='))
			return cli_complain(EXIT_USAGE, "run: -e: '%s' is not NAME=VALUE",
					    values.environment.items[i]);
	code = begin_load(
		cli,
		&(struct selection){.names = args.words, .count = 1, .no_deps = values.no_deps},
		&stack);
	if (code != EXIT_DONE)
		return code;
	if (geteuid() != 0)
		return cli_complain(SESSION_FAILED, "needs root to make namespaces, cgroups and "
						    "networks: try 'sudo davit run'");
	return run_in(cli, stack, &args, &values);
}

const struct command command_run = {
	.name = "run",
	.words = "SERVICE [COMMAND [ARG…]]",
	.summary = "Run a one-off instance of a service.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.words_end_options = true,
	.run = run,
};
