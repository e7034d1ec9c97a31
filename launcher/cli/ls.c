// SPDX-License-Identifier: GPL-2.0-or-later
/* davit ls: the stacks whose supervisors answer, found by their run directories. */
#include "launcher/cli/commands.h"
#include "launcher/cli/format.h"
#include "launcher/cli/stacks.h"
#include "launcher/cli/table.h"
#include "launcher/paths.h"
#include "runtime/base/cleanup.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

#define ANSWER_TIMEOUT_MS 3000

struct values {
	bool json;
	bool quiet;
};

static const struct option_spec options[] = {
	{'q', "quiet", OPTION_FLAG, offsetof(struct values, quiet), NULL, "only the names"},
	{0, "json", OPTION_FLAG, offsetof(struct values, json), NULL, "machine-readable"},
};

enum column { STACK, STATUS, INSTANCES, UP, PID, FILES };

static const char *const columns[] = {"STACK", "STATUS", ">INSTANCES", ">UP",
				      ">PID",  "FILES",	 NULL};

/* One answer of one stack; NULL when it does not give one. */
static struct json_t *ask(const char *stack, const char *path)
{
	const struct client_request request = {
		.method = "GET", .path = path, .timeout_ms = ANSWER_TIMEOUT_MS};
	autoanswer struct client_answer answer = {0};
	struct err err = {0};

	if (client_call(stack, &request, &answer, &err) < 0 || answer.status != 200)
		return NULL;
	return take_ptr(answer.json);
}

/* The entry of one stack: {"stack","ready","desired","instances","pid","started_at","files"}. */
static struct json_t *describe(const char *stack)
{
	autojs struct json_t *version = ask(stack, "/v1/version");
	autojs struct json_t *services = version ? ask(stack, "/v1/services") : NULL;
	autojs struct json_t *instances = services ? ask(stack, "/v1/instances") : NULL;
	const struct json_t *list = js_get(services, "services");
	int64_t ready = 0;
	int64_t desired = 0;

	if (!instances)
		return NULL;
	for (size_t i = 0; i < js_count(list); i++) {
		const char *state = js_text(js_at(list, i), "state");

		/* A task that has completed is done with, not unready. */
		if (state && strcmp(state, "completed") == 0)
			continue;
		ready += js_int(js_at(list, i), "ready", 0);
		desired += js_int(js_at(list, i), "desired", 0);
	}
	return js_pack("{s:s, s:I, s:I, s:I, s:I, s:s?, s:O?}", "stack", stack, "ready", ready,
		       "desired", desired, "instances",
		       (int64_t)js_count(js_get(instances, "instances")), "pid",
		       js_int(version, "pid", 0), "started_at", js_text(version, "started_at"),
		       "files", js_get(version, "files"));
}

static void join_files(struct buf *out, const struct json_t *files)
{
	for (size_t i = 0; i < js_count(files); i++) {
		const char *file = js_string(js_at(files, i));

		buf_printf(out, "%s%s", out->len ? ", " : "", file ? file : "?");
	}
}

static int add_row(struct table *table, const struct json_t *stack)
{
	struct libscols_line *row = table_row(table);
	int64_t ready = js_int(stack, "ready", 0);
	int64_t desired = js_int(stack, "desired", 0);
	autobuf struct buf up = {0};
	autobuf struct buf files = {0};
	struct timespec now;
	char text[64];

	if (!row)
		return cli_complain(EXIT_FAILED, "out of memory");
	clock_gettime(CLOCK_REALTIME, &now);
	table_set(table, row, STACK, js_text(stack, "stack"), NULL);
	snprintf(text, sizeof(text), "%" PRId64 "/%" PRId64 " ready", ready, desired);
	table_set(table, row, STATUS, text, ready == desired ? "green" : "yellow");
	snprintf(text, sizeof(text), "%" PRId64, js_int(stack, "instances", 0));
	table_set(table, row, INSTANCES, text, NULL);
	format_since(&up, js_text(stack, "started_at"),
		     now.tv_sec * INT64_C(1000000000) + now.tv_nsec);
	table_set(table, row, UP, up.data, NULL);
	snprintf(text, sizeof(text), "%" PRId64, js_int(stack, "pid", 0));
	table_set(table, row, PID, text, NULL);
	join_files(&files, js_get(stack, "files"));
	table_set(table, row, FILES, files.data, NULL);
	return EXIT_DONE;
}

static int print_table(const struct cli *cli, const struct json_t *stacks)
{
	autotable struct table table = {0};
	autobuf struct buf out = {0};
	struct err err = {0};

	if (js_count(stacks) == 0)
		fprintf(stderr, "no stack is running\n");
	if (js_count(stacks) == 0)
		return EXIT_DONE;
	if (table_open(&table, columns, cli->colour, &err) < 0)
		return cli_fail(&err, EXIT_FAILED);
	for (size_t i = 0; i < js_count(stacks); i++)
		if (add_row(&table, js_at(stacks, i)) != EXIT_DONE)
			return EXIT_FAILED;
	if (table_print(&table, &out, &err) < 0)
		return cli_fail(&err, EXIT_FAILED);
	return cli_output(&out);
}

static int print_names(const struct json_t *stacks)
{
	autobuf struct buf out = {0};

	for (size_t i = 0; i < js_count(stacks); i++)
		buf_printf(&out, "%s\n", js_text(js_at(stacks, i), "stack"));
	return cli_output(&out);
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct values values = {0};
	struct args args = {.argc = argc, .argv = argv};
	autojs struct json_t *answer = js_pack("{s:i, s:[]}", "schema", 1, "stacks");
	struct json_t *stacks = js_get(answer, "stacks");
	autostrv struct strv names = {0};
	struct err err = {0};
	int code = cli_parse(cli, &args, &values);

	if (code < 0)
		code = cli_count_words(cli, &args, 0, 0);
	if (code >= 0)
		return code;
	if (stacks_list(&names, &err) < 0)
		return cli_fail(&err, EXIT_FAILED);
	for (size_t i = 0; i < names.count; i++) {
		struct json_t *entry = describe(names.items[i]);

		if (entry && !js_append(stacks, entry))
			return cli_complain(EXIT_FAILED, "out of memory");
	}
	if (values.quiet)
		return print_names(stacks);
	return values.json ? cli_output_json(answer) : print_table(cli, stacks);
}

const struct command command_ls = {
	.name = "ls",
	.words = "",
	.summary = "List the stacks that are running.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.run = run,
};
