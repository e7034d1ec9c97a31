// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * davit up: loads the manifest here first, so that its faults need no supervisor and no root; then
 * has the supervisor load it and decide.
 */
#include "launcher/cli/begin.h"
#include "launcher/cli/change.h"
#include "launcher/cli/commands.h"
#include "launcher/cli/follow.h"
#include "launcher/cli/manager.h"
#include "launcher/cli/settle.h"
#include "runtime/base/cleanup.h"

#include <errno.h>
#include <string.h>

struct values {
	bool detach;
	bool wait;
	bool no_deps;
	bool quiet_pull;
	bool allow_control;
	const char *pull;
	const char *listen;
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
	{0, "pull", OPTION_TEXT, offsetof(struct values, pull), "POLICY",
	 "always, missing or never, instead of the services' own pull_policy"},
	{0, "quiet-pull", OPTION_FLAG, offsetof(struct values, quiet_pull), NULL,
	 "show no progress of fetching images"},
	{0, "listen", OPTION_TEXT, offsetof(struct values, listen), "ADDRESS:PORT",
	 "serve the status page and metrics over TCP, until told 'off'"},
	{0, "allow-control", OPTION_FLAG, offsetof(struct values, allow_control), NULL,
	 "who has the token of that listener may restart and scale"},
	{0, "scale", OPTION_LIST, offsetof(struct values, scale), "SERVICE=N",
	 "instances of a service; may be repeated"},
};

static void drop_values(struct values *values)
{
	strv_free(&values->scale);
	strv_free(&values->attached);
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

static struct selection selection_of(const struct args *args, const struct values *values)
{
	return (struct selection){
		.names = args->words, .count = args->word_count, .no_deps = values->no_deps};
}

/* "web=3", known to be of that form. */
static int check_scaled(const struct stack *stack, const char *word)
{
	autofree char *name = strndup(word, strcspn(word, "="));

	return name ? begin_check_service(stack, name) : cli_complain(EXIT_FAILED, "out of memory");
}

static int load(const struct cli *cli, const struct args *args, struct values *values,
		char **ret_name)
{
	const struct selection selection = selection_of(args, values);
	autostack struct stack *stack = NULL;
	int code = begin_load(cli, &selection, &stack);

	for (size_t i = 0; code == EXIT_DONE && i < values->scale.count; i++)
		code = check_scaled(stack, values->scale.items[i]);
	/* Only root gets further, and only root has the store. */
	if (code == EXIT_DONE && geteuid() == 0)
		code = begin_images(stack, &selection, values->pull, values->quiet_pull);
	if (code != EXIT_DONE)
		return code;
	list_attached(stack, &values->attached);
	*ret_name = values->attached.failed ? NULL : strdup(stack->name);
	return *ret_name ? EXIT_DONE : cli_complain(EXIT_FAILED, "out of memory");
}

static int request_up(const struct cli *cli, const char *stack, const struct args *args,
		      const struct values *values, struct strv *started)
{
	const struct selection selection = selection_of(args, values);
	struct json_t *scale = NULL;
	int code = change_parse_scale(values->scale.items, values->scale.count, &scale);

	return code == EXIT_DONE ? begin_up(cli, stack, &selection, scale, started) : code;
}

/* Before anything is begun: an address may be somebody else's. */
static int request_listener(const char *stack, const struct values *values)
{
	bool off = values->listen && strcmp(values->listen, "off") == 0;
	autojs struct json_t *body = js_pack("{s:s?, s:b}", "address", off ? NULL : values->listen,
					     "allow_control", values->allow_control);
	const struct client_request request = {
		.method = "POST", .path = "/v1/listen", .body = body, .timeout_ms = 5000};
	autojs struct json_t *answer = NULL;

	if (!values->listen)
		return EXIT_DONE;
	if (!body)
		return cli_complain(EXIT_USAGE, "--listen: not valid UTF-8");
	int code = cli_call(stack, &request, &answer);
	const struct json_t *listens = js_get(answer, "listens");
	const char *token_file = js_text(listens, "token_file");

	if (code == EXIT_DONE && listens && js_text(listens, "url"))
		fprintf(stderr, "status page: %s%s%s\n", js_text(listens, "url"),
			token_file ? ", to control it the token in " : "",
			token_file ? token_file : "");
	return code;
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
					      .anew = true,
					      .ret_all_ended = &all_ended,
				      });

	if (code == EXIT_FAILED && started_pidfd >= 0 && all_ended)
		begin_undo(stack, started_pidfd);
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
	int code = begin_supervisor(stack, &started_pidfd);

	if (code != EXIT_DONE)
		return code;
	if (foreground &&
	    follow_open(&follow, stack, (const char *const *)values->attached.items, &err) < 0)
		code = cli_fail(&err, EXIT_FAILED);
	if (code == EXIT_DONE)
		code = request_listener(stack, values);
	if (code == EXIT_DONE)
		code = request_up(cli, stack, args, values, &follow.started);
	if (code != EXIT_DONE && started_pidfd >= 0)
		begin_undo(stack, started_pidfd);
	if (code != EXIT_DONE)
		return code;
	follow.whole = started_pidfd >= 0;
	if (foreground)
		return follow_stack(cli, stack, &follow);
	if (values->wait)
		code = wait_ready(stack, args, values, started_pidfd);
	if (code == EXIT_DONE)
		manager_ready(stack);
	return code;
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
	if (values.allow_control && !values.listen)
		return cli_complain(EXIT_USAGE, "--allow-control goes with --listen");
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
