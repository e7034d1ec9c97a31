// SPDX-License-Identifier: GPL-2.0-or-later
/* davit upgrade: keeper and supervisor of a running stack are replaced by what is installed. */
#include "launcher/cli/client.h"
#include "launcher/cli/commands.h"
#include "launcher/cli/text.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/exe.h"

#include <errno.h>

static int ask_version(const char *stack, struct client_answer *ret_answer, struct err *err)
{
	const struct client_request request = {.method = "GET", .path = "/v1/version"};

	return client_call(stack, &request, ret_answer, err);
}

/* The keeper does so, too, but can tell its log only. */
static int check_programs(const char *stack, const struct json_t *programs)
{
	struct err err = {0};

	for (size_t i = 0; i < js_count(programs); i++) {
		const char *path = js_string(js_at(programs, i));

		if (path && exe_check(path, stack, &err) < 0)
			return cli_complain(EXIT_FAILED,
					    "what is installed cannot be used: %s; stack '%s' goes "
					    "on as it was",
					    err.text, stack);
	}
	return EXIT_DONE;
}

/* Its answer may be lost: it ends. What matters is that another one answers. */
static int request(const char *stack)
{
	autojs struct json_t *body = js_pack("{}");
	const struct client_request request = {
		.method = "POST", .path = "/v1/upgrade", .body = body, .once = true};
	autoanswer struct client_answer answer = {0};
	struct err err = {0};
	int r = client_call(stack, &request, &answer, &err);

	if (r < 0 && r != -ECONNRESET)
		return cli_fail(&err, EXIT_FAILED);
	return r == 0 && answer.status != 200 ? cli_refused(&answer) : EXIT_DONE;
}

static int await_other(const char *stack, int64_t old_pid)
{
	unsigned tries = 0;

	do {
		autoanswer struct client_answer answer = {0};
		struct err err = {0};

		if (ask_version(stack, &answer, &err) < 0)
			return cli_fail(&err, EXIT_FAILED);
		const char *version = js_text(answer.json, "version");

		if (js_int(answer.json, "pid", 0) == old_pid)
			continue;
		fprintf(stderr, "stack %s is supervised by davit %s\n", stack,
			version ? version : "?");
		return EXIT_DONE;
	} while (client_pause(&tries));
	return cli_complain(EXIT_FAILED,
			    "the supervisor of stack '%s' was not replaced; see its log", stack);
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct args args = {.argc = argc, .argv = argv};
	autoanswer struct client_answer answer = {0};
	autofree char *stack = NULL;
	struct err err = {0};
	int code = cli_parse(cli, &args, NULL);

	if (code < 0)
		code = cli_count_words(cli, &args, 0, 0);
	if (code >= 0)
		return code;
	code = cli_stack(cli, &stack);
	if (code != EXIT_DONE)
		return code;
	if (ask_version(stack, &answer, &err) < 0)
		return cli_fail(&err, EXIT_FAILED);
	code = check_programs(stack, js_get(answer.json, "programs"));
	if (code == EXIT_DONE)
		code = request(stack);
	return code == EXIT_DONE ? await_other(stack, js_int(answer.json, "pid", 0)) : code;
}

const struct command command_upgrade = {
	.name = "upgrade",
	.words = "",
	.summary = "Replace the stack's supervisor by the installed one; no instance is touched.",
	.run = run,
};
