// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * davit plan: what `up` would change. The supervisor of a running stack is asked, whose answer has
 * no way to change anything; where there is none all is still to be created. Exit codes are those
 * of other tools that plan: 0 nothing would change, 2 something would, 1 that cannot be told.
 */
#include "launcher/cli/begin.h"
#include "launcher/cli/change.h"
#include "launcher/cli/commands.h"
#include "launcher/cli/fetch.h"
#include "launcher/cli/text.h"
#include "launcher/missing.h"
#include "runtime/base/cleanup.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define EXIT_CHANGES 2

struct values {
	bool json;
	bool no_deps;
	struct strv scale;
};

static const struct option_spec options[] = {
	{0, "json", OPTION_FLAG, offsetof(struct values, json), NULL, "machine-readable"},
	{0, "no-deps", OPTION_FLAG, offsetof(struct values, no_deps), NULL,
	 "without what the services depend on"},
	{0, "scale", OPTION_LIST, offsetof(struct values, scale), "SERVICE=N",
	 "instances of a service; may be repeated"},
};

static void drop_values(struct values *values)
{
	strv_free(&values->scale);
}

static bool add_creations(struct json_t *changes, const char *service, int64_t count)
{
	for (int64_t index = 1; index <= count; index++) {
		autofree char *name = NULL;

		if (asprintf(&name, "%s-%" PRId64, service, index) < 0 ||
		    !js_append(changes,
			       js_pack("{s:s, s:s}", "action", "create", "instance", name)))
			return false;
	}
	return true;
}

/* Says what would make `up` fail, as a supervisor does whose answer is a refusal. */
static int check_host(const struct cli *cli, const struct stack *stack,
		      const struct selection *selection)
{
	autofree const char **names = NULL;
	autofree char *volumes_dir = NULL;
	autostrv struct strv lines = {0};
	struct err err = {0};

	if (selection_names(stack, selection, &names, &err) < 0)
		return cli_fail(&err, EXIT_FAILED);
	if (asprintf(&volumes_dir, "%s/volumes", cli->store_dir ? cli->store_dir : "") < 0) {
		volumes_dir = NULL;
		return cli_complain(EXIT_FAILED, "out of memory");
	}
	fetch_obstacles(stack, names, &lines);
	for (size_t i = 0; names[i]; i++)
		missing_list(stack, stack_service(stack, names[i]), volumes_dir, &lines);
	if (strv_check(&lines, &err) < 0)
		return cli_fail(&err, EXIT_FAILED);
	autoanswer struct client_answer refusal = {
		.json = js_pack("{s:o}", "diagnostics",
				js_strings((const char *const *)lines.items, NULL))};

	return lines.count ? cli_refused(&refusal) : EXIT_DONE;
}

/* Of a stack that does not run. */
static int plan_from_nothing(const struct stack *stack, const struct selection *selection,
			     const struct json_t *scale, struct json_t **ret)
{
	autofree bool *selected = calloc(stack->service_count + 1, sizeof(*selected));
	autojs struct json_t *changes = js_pack("[]");
	struct err err = {0};

	if (!selected || !changes)
		return cli_complain(EXIT_FAILED, "out of memory");
	if (selection_make(stack, selection, selected, &err) < 0)
		return cli_fail(&err, EXIT_FAILED);
	for (size_t i = 0; i < stack->service_count; i++) {
		const struct service *service = &stack->services[i];
		unsigned replicas = service->schedule.present ? 0 : service->replicas;

		if (selected[i] &&
		    !add_creations(changes, service->name, js_int(scale, service->name, replicas)))
			return cli_complain(EXIT_FAILED, "out of memory");
	}
	*ret = js_pack("{s:i, s:s, s:O, s:[], s:[]}", "schema", 1, "stack", stack->name, "changes",
		       changes, "services", "warnings");
	return *ret ? EXIT_DONE : cli_complain(EXIT_FAILED, "out of memory");
}

static int ask(const struct cli *cli, const struct stack *stack, const struct selection *selection,
	       const struct json_t *scale, struct json_t **ret)
{
	autojs struct json_t *body = begin_body(cli, selection, scale);
	const struct client_request request = {.method = "POST", .path = "/v1/plan", .body = body};
	autoanswer struct client_answer answer = {0};
	struct err err = {0};

	if (!body)
		return cli_complain(EXIT_FAILED, "out of memory");
	int r = client_call(stack->name, &request, &answer, &err);

	if (r == -ENOTCONN) {
		int code = check_host(cli, stack, selection);

		return code == EXIT_DONE ? plan_from_nothing(stack, selection, scale, ret) : code;
	}
	if (r < 0)
		return cli_fail(&err, EXIT_FAILED);
	if (answer.status >= 400)
		return cli_refused(&answer);
	*ret = js_copy(answer.json);
	return EXIT_DONE;
}

/* "image, environment.MODE", of the service of an instance that is replaced. */
static void put_why(struct buf *out, const struct json_t *plan, const char *instance)
{
	const struct json_t *services = js_get(plan, "services");

	for (size_t i = 0; i < js_count(services); i++) {
		const struct json_t *one = js_at(services, i);
		const char *name = js_text(one, "service");
		size_t len = name ? strlen(name) : 0;

		if (!len || strncmp(name, instance, len) != 0 ||
		    strrchr(instance, '-') != instance + len)
			continue;
		const char *why = js_text(one, "why");

		buf_puts(out, ": ");
		if (why)
			text_escape(out, why, strlen(why));
	}
}

static int show(const struct json_t *plan)
{
	static const char *const actions[] = {"create", "replace", "remove"};
	const struct json_t *changes = js_get(plan, "changes");
	size_t counts[ARRAY_SIZE(actions)] = {0};
	autobuf struct buf out = {0};

	for (size_t i = 0; i < js_count(changes); i++) {
		const char *action = js_text(js_at(changes, i), "action");
		const char *instance = js_text(js_at(changes, i), "instance");

		if (!action || !instance)
			continue;
		buf_printf(&out, "%-7s %s", action, instance);
		if (strcmp(action, "replace") == 0)
			put_why(&out, plan, instance);
		buf_puts(&out, "\n");
		for (size_t k = 0; k < ARRAY_SIZE(actions); k++)
			counts[k] += strcmp(action, actions[k]) == 0;
	}
	if (js_count(changes) == 0)
		buf_puts(&out, "nothing would change\n");
	else
		buf_printf(&out, "%zu to create, %zu to replace, %zu to remove\n", counts[0],
			   counts[1], counts[2]);
	return cli_output(&out);
}

static int plan(const struct cli *cli, const struct args *args, const struct values *values)
{
	const struct selection selection = {
		.names = args->words, .count = args->word_count, .no_deps = values->no_deps};
	autojs struct json_t *scale = NULL;
	autojs struct json_t *found = NULL;
	autostack struct stack *stack = NULL;
	int code = change_parse_scale(values->scale.items, values->scale.count, &scale);

	if (code == EXIT_DONE)
		code = begin_load(cli, &selection, &stack);
	if (code == EXIT_DONE)
		code = ask(cli, stack, &selection, scale, &found);
	if (code == EXIT_DONE)
		code = values->json ? cli_output_json(found) : show(found);
	if (code != EXIT_DONE)
		return EXIT_FAILED;
	return js_count(js_get(found, "changes")) > 0 ? EXIT_CHANGES : EXIT_DONE;
}

static int run(struct cli *cli, int argc, char **argv)
{
	__attribute__((cleanup(drop_values))) struct values values = {0};
	struct args args = {.argc = argc, .argv = argv};
	int code = cli_parse(cli, &args, &values);

	if (code >= 0)
		return code == EXIT_DONE ? EXIT_DONE : EXIT_FAILED;
	return plan(cli, &args, &values);
}

const struct command command_plan = {
	.name = "plan",
	.words = "[SERVICE…]",
	.summary = "Show what up would change, and change nothing.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.run = run,
};
