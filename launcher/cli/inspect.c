// SPDX-License-Identifier: GPL-2.0-or-later
/* davit inspect: everything that is true of the stack, a service or an instance. */
#include "launcher/cli/commands.h"
#include "launcher/cli/describe.h"
#include "launcher/cli/eventline.h"
#include "launcher/cli/eventlog.h"
#include "launcher/cli/names.h"
#include "launcher/cli/text.h"
#include "launcher/paths.h"
#include "runtime/base/cleanup.h"

#include <errno.h>

#define HISTORY_LINES 10

struct values {
	bool json;
};

static const struct option_spec options[] = {
	{0, "json", OPTION_FLAG, offsetof(struct values, json), NULL, "machine-readable"},
};

/* The newest of what happened to it, in order. */
static int collect_history(const char *dir, const char *name, struct json_t *ret_list,
			   struct err *err)
{
	autoeventlog struct eventlog log = {.dir_fd = -1, .inotify_fd = -1, .fd = -1};
	int r = eventlog_open(&log, dir, err);

	while (r >= 0) {
		struct json_t *event = NULL;

		r = eventlog_next(&log, &event, err);
		if (r <= 0)
			break;
		if (!eventline_is_of(event, name))
			js_free(event);
		else if (!js_append(ret_list, event))
			r = err_set(err, ENOMEM, "history of '%s'", name);
		if (js_count(ret_list) > HISTORY_LINES)
			js_drop_first(ret_list);
	}
	return r;
}

/* Asks about what @word is the name of. Returns EXIT_DONE or the exit code. */
static int ask(const char *stack, const char *word, struct json_t **ret_answer)
{
	static const char *const kinds[] = {"service", "instance"};
	autoanswer struct client_answer answer = {0};
	struct err err = {0};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		autojs struct json_t *body = js_pack("{s:s}", kinds[i], word);
		const struct client_request request = {
			.method = "POST", .path = "/v1/inspect", .body = body};

		client_answer_drop(&answer);
		if (client_call(stack, &request, &answer, &err) < 0)
			return cli_fail(&err, EXIT_FAILED);
		if (answer.status == 200) {
			*ret_answer = take_ptr(answer.json);
			return EXIT_DONE;
		}
		if (answer.status != 404)
			return cli_refused(&answer);
	}
	return cli_complain(EXIT_FAILED, "no service or instance '%s' in stack %s", word, stack);
}

/* On lines that the terminal has room for. */
static int print(const struct cli *cli, const struct buf *text)
{
	autobuf struct buf out = {0};

	text_wrap(&out, text->data ? text->data : "", cli->width, DESCRIBE_INDENT);
	out.failed |= text->failed;
	return cli_output(&out);
}

static int show_one(const struct cli *cli, const char *stack, const char *word, bool json)
{
	autojs struct json_t *answer = NULL;
	autojs struct json_t *history = js_pack("[]");
	autobuf struct buf out = {0};
	autofree char *dir = NULL;
	struct err err = {0};
	int code = ask(stack, word, &answer);

	if (code != EXIT_DONE)
		return code;
	if (!history || paths_dir(PATHS_RUN, stack, &dir, &err) < 0 ||
	    collect_history(dir, word, history, &err) < 0)
		return cli_fail(&err, EXIT_FAILED);
	if (json)
		return js_put(answer, "events", js_copy(history))
			       ? cli_output_json(answer)
			       : cli_complain(EXIT_FAILED, "out of memory");
	if (js_get(answer, "instance"))
		describe_instance(&out, js_get(answer, "instance"));
	else
		describe_service(&out, js_get(answer, "service"));
	describe_history(&out, history);
	return print(cli, &out);
}

static int show_stack(const struct cli *cli, const char *stack, bool json)
{
	const struct client_request about = {.method = "GET", .path = "/v1/version"};
	const struct client_request list = {.method = "GET", .path = "/v1/services"};
	autojs struct json_t *version = NULL;
	autojs struct json_t *services = NULL;
	autobuf struct buf out = {0};
	int code = cli_call(stack, &about, &version);

	if (code == EXIT_DONE)
		code = cli_call(stack, &list, &services);
	if (code != EXIT_DONE)
		return code;
	if (!json) {
		describe_stack(&out, version, js_get(services, "services"));
		return print(cli, &out);
	}
	return js_put(version, "services", js_copy(js_get(services, "services")))
		       ? cli_output_json(version)
		       : cli_complain(EXIT_FAILED, "out of memory");
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct values values = {0};
	struct args args = {.argc = argc, .argv = argv};
	autofree char *stack = NULL;
	autostrv struct strv words = {0};
	int code = cli_parse(cli, &args, &values);

	if (code < 0)
		code = cli_count_words(cli, &args, 0, 1);
	if (code >= 0)
		return code;
	code = cli_stack_seen(cli, &stack);
	if (code == EXIT_DONE)
		code = names_resolve(stack, &args, args.word_count, &words);
	if (code != EXIT_DONE)
		return code;
	return args.word_count ? show_one(cli, stack, args.words[0], values.json)
			       : show_stack(cli, stack, values.json);
}

const struct command command_inspect = {
	.name = "inspect",
	.words = "[SERVICE|INSTANCE]",
	.summary = "Show everything about the stack, a service or an instance.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.run = run,
};
