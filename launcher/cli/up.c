// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * davit up: loads the manifest here first, so that its faults need no supervisor and no root; then
 * has the supervisor load it and decide.
 */
#include "launcher/cli/change.h"
#include "launcher/cli/commands.h"
#include "launcher/cli/down.h"
#include "launcher/cli/follow.h"
#include "launcher/cli/launch.h"
#include "launcher/cli/settle.h"
#include "launcher/cli/text.h"
#include "launcher/policy/selection.h"
#include "runtime/base/cleanup.h"

#include <errno.h>
#include <string.h>

struct values {
	bool detach;
	bool wait;
	bool no_deps;
	int64_t wait_timeout_ms;
	struct strv scale;
	struct strv attached; /* whose logs are shown; empty: all */
};

static const struct option_spec options[] = {
	{'d', "detach", OPTION_FLAG, offsetof(struct values, detach), NULL,
	 "leave the stack running and return"},
	{0, "wait", OPTION_FLAG, offsetof(struct values, wait), NULL,
	 "return when all is ready, or say what is not (implies -d)"},
	{0, "wait-timeout", OPTION_DURATION, offsetof(struct values, wait_timeout_ms), "SECONDS",
	 "longest time to wait (exit code 124)"},
	{0, "no-deps", OPTION_FLAG, offsetof(struct values, no_deps), NULL,
	 "do not start what the services depend on"},
	{0, "scale", OPTION_LIST, offsetof(struct values, scale), "SERVICE=N",
	 "instances of a service; may be repeated"},
};

static void drop_values(struct values *values)
{
	strv_free(&values->scale);
	strv_free(&values->attached);
}

static int check_service(const struct stack *stack, const char *name)
{
	autostrv struct strv known = {0};

	if (stack_service(stack, name))
		return EXIT_DONE;
	for (size_t i = 0; i < stack->service_count; i++)
		strv_add(&known, stack->services[i].name);
	const char *near = known.items && !known.failed
				   ? text_nearest(name, (const char *const *)known.items)
				   : NULL;

	if (near)
		return cli_complain(EXIT_USAGE, "no such service: '%s'; did you mean '%s'?", name,
				    near);
	return cli_complain(EXIT_USAGE, "no such service: '%s'", name);
}

/* Those without attach: false, where one has it; when all have it the only name is nobody's. */
static void list_attached(const struct stack *stack, struct strv *attached)
{
	bool all = true;

	for (size_t i = 0; i < stack->service_count; i++)
		all = all && !stack->services[i].detached;
	for (size_t i = 0; !all && i < stack->service_count; i++)
		strv_add(attached, stack->services[i].detached ? "" : stack->services[i].name);
}

/* What davit cannot do yet is an error when a service needs it that is to be launched. */
static int judge(const struct stack *stack, const struct args *args, bool no_deps,
		 struct diagnostics *diags)
{
	autofree const char **names = NULL;
	struct err err = {0};

	if (selection_names(stack, &(struct selection){args->words, args->word_count, no_deps},
			    &names, &err) < 0)
		return cli_fail(&err, EXIT_FAILED);
	diagnostics_judge(diags, names);
	return cli_diagnose(diags);
}

static int load(const struct cli *cli, const struct args *args, struct values *values,
		char **ret_name)
{
	autodiagnostics struct diagnostics diags = {0};
	autostack struct stack *stack = NULL;
	int code = cli_load(cli, &stack, &diags);

	for (size_t i = 0; code == EXIT_DONE && i < args->word_count; i++)
		code = check_service(stack, args->words[i]);
	if (code == EXIT_DONE)
		code = judge(stack, args, values->no_deps, &diags);
	if (code != EXIT_DONE)
		return code;
	struct strv *attached = &values->attached;

	list_attached(stack, attached);
	*ret_name = attached->failed ? NULL : strdup(stack->name);
	return *ret_name ? EXIT_DONE : cli_complain(EXIT_FAILED, "out of memory");
}

/* Makes sure that a supervisor answers. @ret_pidfd: a new one's; untouched when there was one. */
static int ensure_supervisor(const char *stack, int *ret_pidfd)
{
	autoclose int fd = -1;
	struct err err = {0};
	struct err again = {0};
	int r = client_connect(stack, &fd, &err);

	if (r == 0)
		return EXIT_DONE;
	if (r != -ENOTCONN)
		return cli_fail(&err, EXIT_FAILED);
	if (launch_supervisor(stack, ret_pidfd, &err) < 0) {
		/* Somebody else's `up` may have been a moment faster. */
		if (client_connect(stack, &fd, &again) < 0)
			return cli_fail(&err, EXIT_FAILED);
		return EXIT_DONE;
	}
	return EXIT_DONE;
}

/* Names as absolute paths; null when there is none, because the supervisor searches as we do. */
static struct json_t *absolute(const struct cli *cli, const struct strv *names)
{
	autostrv struct strv files = {0};

	if (names->count == 0)
		return js_pack("n");
	for (size_t i = 0; i < names->count; i++) {
		const char *file = names->items[i];
		bool is_absolute = file[0] == '/';

		strv_addf(&files, "%s%s%s", is_absolute ? "" : cli->directory,
			  is_absolute ? "" : "/", file);
	}
	return files.failed ? NULL : js_strings((const char *const *)files.items, NULL);
}

static struct json_t *profiles(const struct cli *cli)
{
	if (cli->profiles.count == 0)
		return js_pack("n");
	return js_strings((const char *const *)cli->profiles.items, NULL);
}

static int request_up(const struct cli *cli, const char *stack, const struct args *args,
		      const struct values *values)
{
	struct json_t *scale = NULL;
	int code = change_parse_scale(values->scale.items, values->scale.count, &scale);

	if (code != EXIT_DONE)
		return code;
	struct json_t *services = change_words(args->words, args->word_count);
	/* Variables that are not UTF-8 cannot be in a manifest either. */
	struct json_t *environment = js_strings((const char *const *)environ, NULL);

	return change_post(stack, "/v1/up",
			   js_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:b}", "directory",
				   cli->directory, "files", absolute(cli, &cli->files), "profiles",
				   profiles(cli), "env_files", absolute(cli, &cli->env_files),
				   "environment", environment, "services", services, "scale", scale,
				   "no_deps", values->no_deps));
}

/* A supervisor that was started for nothing must be gone when we end; perhaps it already ends by
 * itself, and then it does not hear us. */
static void undo_start(const char *stack, int pidfd)
{
	autojs struct json_t *body = js_pack("{}");
	const struct client_request request = {
		.method = "POST", .path = "/v1/down", .body = body, .timeout_ms = 5000};
	autoanswer struct client_answer answer = {0};

	err_ignore(client_call(stack, &request, &answer, NULL));
	down_await_exit(pidfd);
}

/* A stack of which nothing came to life is not left behind when this very `up` has made it. */
static int wait_ready(const char *stack, const struct args *args, const struct values *values,
		      int started_pidfd)
{
	autostrv struct strv services = {0};
	bool all_ended = false;

	for (size_t i = 0; i < args->word_count; i++)
		strv_add(&services, args->words[i]);
	int code = settle_wait(stack, &(struct settle_options){
					      .services = (const char *const *)services.items,
					      .timeout_ms = values->wait_timeout_ms,
					      .judge = true,
					      .ret_all_ended = &all_ended,
				      });

	if (code == EXIT_FAILED && started_pidfd >= 0 && all_ended)
		undo_start(stack, started_pidfd);
	return code;
}

static int up(const struct cli *cli, const char *stack, const struct args *args,
	      const struct values *values)
{
	autofollow struct follow follow = {.signal_fd = -1,
					   .logs = {.dir_fd = -1, .inotify_fd = -1}};
	bool foreground = !values->detach && !values->wait;
	autoclose int started_pidfd = -1;
	struct err err = {0};
	int code = ensure_supervisor(stack, &started_pidfd);

	if (code != EXIT_DONE)
		return code;
	if (foreground &&
	    follow_open(&follow, stack, (const char *const *)values->attached.items, &err) < 0)
		code = cli_fail(&err, EXIT_FAILED);
	if (code == EXIT_DONE)
		code = request_up(cli, stack, args, values);
	if (code != EXIT_DONE && started_pidfd >= 0)
		undo_start(stack, started_pidfd);
	if (code != EXIT_DONE)
		return code;
	if (foreground)
		return follow_stack(cli, stack, &follow);
	return values->wait ? wait_ready(stack, args, values, started_pidfd) : EXIT_DONE;
}

static int run(struct cli *cli, int argc, char **argv)
{
	__attribute__((cleanup(drop_values))) struct values values = {.wait_timeout_ms = -1};
	struct args args = {.argc = argc, .argv = argv};
	autofree char *stack = NULL;
	struct json_t *scale = NULL;
	int code = cli_parse(cli, &args, &values);

	if (code >= 0)
		return code;
	values.wait |= values.wait_timeout_ms >= 0;
	code = change_parse_scale(values.scale.items, values.scale.count, &scale);
	js_free(scale);
	if (code == EXIT_DONE)
		code = load(cli, &args, &values, &stack);
	if (code != EXIT_DONE)
		return code;
	if (geteuid() != 0)
		return cli_complain(EXIT_FAILED, "needs root to make namespaces, cgroups and "
						 "networks: try 'sudo davit up'");
	return up(cli, stack, &args, &values);
}

const struct command command_up = {
	.name = "up",
	.words = "[SERVICE…]",
	.summary = "Start the stack, or apply what has changed in its manifest.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.run = run,
};
