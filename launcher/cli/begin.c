// SPDX-License-Identifier: GPL-2.0-or-later
/* What up and run begin with; see begin.h. */
#include "launcher/cli/begin.h"

#include "launcher/cli/change.h"
#include "launcher/cli/down.h"
#include "launcher/cli/fetch.h"
#include "launcher/cli/launch.h"
#include "launcher/cli/text.h"
#include "runtime/base/cleanup.h"

#include <errno.h>
#include <string.h>

int begin_check_service(const struct stack *stack, const char *name)
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

/* What davit cannot do yet is an error when a service needs it that is to be launched. */
static int judge(const struct stack *stack, const struct selection *selection,
		 struct diagnostics *diags)
{
	autofree const char **names = NULL;
	struct err err = {0};

	if (selection_names(stack, selection, &names, &err) < 0)
		return cli_fail(&err, EXIT_FAILED);
	diagnostics_judge(diags, names);
	return cli_diagnose(diags);
}

int begin_load(const struct cli *cli, const struct selection *selection, struct stack **ret_stack)
{
	autodiagnostics struct diagnostics diags = {0};
	autostack struct stack *stack = NULL;
	int code = cli_load(cli, &stack, &diags);

	for (size_t i = 0; code == EXIT_DONE && i < selection->count; i++)
		code = begin_check_service(stack, selection->names[i]);
	if (code == EXIT_DONE)
		code = judge(stack, selection, &diags);
	if (code == EXIT_DONE)
		*ret_stack = take_ptr(stack);
	return code;
}

int begin_images(const struct stack *stack, const struct selection *selection, const char *policy,
		 bool quiet)
{
	autofree const char **names = NULL;
	struct err err = {0};

	if (selection_names(stack, selection, &names, &err) < 0)
		return cli_fail(&err, EXIT_FAILED);
	return fetch_services(stack, names, policy, quiet, NULL);
}

/* An answer, since one that was killed may be connected to for a moment. */
static int ask(const char *stack, struct err *err)
{
	const struct client_request request = {.method = "GET", .path = "/v1/version"};
	autoanswer struct client_answer answer = {0};

	return client_call(stack, &request, &answer, err);
}

int begin_supervisor(const char *stack, int *ret_pidfd)
{
	struct err err = {0};
	struct err again = {0};
	int r = ask(stack, &err);

	if (r == 0)
		return EXIT_DONE;
	if (r != -ENOTCONN)
		return cli_fail(&err, EXIT_FAILED);
	if (launch_supervisor(stack, ret_pidfd, &err) < 0) {
		/* Somebody else's `up` may have been a moment faster. */
		if (ask(stack, &again) < 0)
			return cli_fail(&err, EXIT_FAILED);
		return EXIT_DONE;
	}
	return EXIT_DONE;
}

/* As they were given, so that a fault has one spelling; null when there are none, because the
 * supervisor searches as we do. */
static struct json_t *names_or_null(const struct strv *names)
{
	if (names->count == 0)
		return js_pack("n");
	return js_strings((const char *const *)names->items, NULL);
}

struct json_t *begin_body(const struct cli *cli, const struct selection *selection,
			  const struct json_t *scale)
{
	struct json_t *services = change_words(selection->names, selection->count);
	/* Variables that are not UTF-8 cannot be in a manifest either. */
	struct json_t *environment = js_strings((const char *const *)environ, NULL);

	return js_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:b, s:b}", "directory", cli->directory,
		       "files", names_or_null(&cli->files), "profiles",
		       names_or_null(&cli->profiles), "env_files", names_or_null(&cli->env_files),
		       "environment", environment, "services", services, "scale",
		       scale ? js_copy(scale) : js_pack("n"), "no_deps", selection->no_deps,
		       "only_deps", selection->only_deps);
}

int begin_up(const struct cli *cli, const char *stack, const struct selection *selection,
	     struct json_t *scale, struct strv *started)
{
	autojs struct json_t *owned = scale;

	return change_post(stack, "/v1/up", begin_body(cli, selection, scale), started);
}

/* Perhaps it already ends by itself, and then it does not hear us. */
void begin_undo(const char *stack, int pidfd)
{
	autojs struct json_t *body = js_pack("{}");
	const struct client_request request = {
		.method = "POST", .path = "/v1/down", .body = body, .timeout_ms = 5000};
	autoanswer struct client_answer answer = {0};

	err_ignore(client_call(stack, &request, &answer, NULL));
	down_await_exit(pidfd);
}
