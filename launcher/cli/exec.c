// SPDX-License-Identifier: GPL-2.0-or-later
/* davit exec: a command inside a running instance. */
#include "launcher/cli/change.h"
#include "launcher/cli/commands.h"
#include "launcher/cli/names.h"
#include "launcher/cli/session.h"
#include "runtime/base/cleanup.h"

#include <inttypes.h>
#include <string.h>

struct values {
	bool interactive;
	bool tty;
	bool no_tty;
	int64_t index;
	struct strv environment;
	const char *user;
	const char *working_dir;
};

static const struct option_spec options[] = {
	{'i', "interactive", OPTION_FLAG, offsetof(struct values, interactive), NULL,
	 "accepted for compatibility: stdin is always passed"},
	{'t', "tty", OPTION_FLAG, offsetof(struct values, tty), NULL,
	 "accepted for compatibility: a terminal gets one"},
	{'T', "no-tty", OPTION_FLAG, offsetof(struct values, no_tty), NULL,
	 "no terminal inside even when there is one here"},
	{0, "index", OPTION_NUMBER, offsetof(struct values, index), "N",
	 "in this instance of the service"},
	{'e', "env", OPTION_LIST, offsetof(struct values, environment), "NAME=VALUE",
	 "set a variable; may be repeated"},
	{'u', "user", OPTION_TEXT, offsetof(struct values, user), "USER[:GROUP]",
	 "run as this user"},
	{'w', "workdir", OPTION_TEXT, offsetof(struct values, working_dir), "DIR",
	 "run in this directory"},
};

/* @target itself when it names an instance, else its service's first ready one; NULL after a
 * complaint. Borrowed from @answer. */
static const char *choose_instance(const struct json_t *answer, const char *target)
{
	const struct json_t *list = js_get(answer, "instances");
	const char *unready = NULL;

	for (size_t i = 0; i < js_count(list); i++) {
		const char *name = js_text(js_at(list, i), "instance");
		const char *service = js_text(js_at(list, i), "service");
		const char *state = js_text(js_at(list, i), "state");

		if (!name || !service || !state)
			continue;
		bool of_service = strcmp(service, target) == 0;

		if (strcmp(name, target) == 0 || (of_service && strcmp(state, "ready") == 0))
			return name;
		if (of_service && !unready && js_int(js_at(list, i), "pid", 0) > 0)
			unready = name;
	}
	if (!unready)
		cli_complain(SESSION_FAILED,
			     "exec: '%s' is neither a running service nor an instance", target);
	return unready;
}

static int exec_in(const char *stack, const char *instance, const struct values *values,
		   const struct args *args)
{
	bool tty = session_wants_tty(values->no_tty);
	struct json_t *command = change_words(args->words + 1, args->word_count - 1);
	struct json_t *environment =
		change_words(values->environment.items, values->environment.count);
	autojs struct json_t *body =
		js_pack("{s:s, s:o, s:o, s:s?, s:s?, s:b}", "instance", instance, "command",
			command, "environment", environment, "user", values->user, "working_dir",
			values->working_dir, "tty", tty);

	if (!body)
		return cli_complain(SESSION_FAILED, "exec: the command cannot be sent");
	return session_run(stack, &(struct session_request){"/v1/exec", body, tty, "exec"});
}

static void drop_values(struct values *values)
{
	strv_free(&values->environment);
}

static int run(struct cli *cli, int argc, char **argv)
{
	const struct client_request list = {.method = "GET", .path = "/v1/instances"};
	__attribute__((cleanup(drop_values))) struct values values = {0};
	struct args args = {.argc = argc, .argv = argv};
	autojs struct json_t *instances = NULL;
	autofree char *stack = NULL;
	autostrv struct strv words = {0};
	int code = cli_parse(cli, &args, &values);

	if (code < 0)
		code = cli_count_words(cli, &args, 2, -1);
	if (code >= 0)
		return code;
	for (size_t i = 0; i < values.environment.count; i++)
		if (!strchr(values.environment.items[i], '='))
			return cli_complain(EXIT_USAGE, "exec: -e: '%s' is not NAME=VALUE",
					    values.environment.items[i]);
	code = cli_stack_seen(cli, &stack);
	if (code == EXIT_DONE)
		code = names_resolve(stack, &args, 1, &words);
	if (code != EXIT_DONE)
		return code;
	if (cli_call(stack, &list, &instances) != EXIT_DONE)
		return SESSION_FAILED;
	autofree char *one = NULL;

	if (values.index > 0 && asprintf(&one, "%s-%" PRId64, args.words[0], values.index) < 0)
		return cli_complain(SESSION_FAILED, "exec: out of memory");
	const char *instance = choose_instance(instances, one ? one : args.words[0]);

	return instance ? exec_in(stack, instance, &values, &args) : SESSION_FAILED;
}

const struct command command_exec = {
	.name = "exec",
	.words = "SERVICE|INSTANCE COMMAND [ARG…]",
	.summary = "Run a command inside an instance.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.words_end_options = true,
	.run = run,
};
