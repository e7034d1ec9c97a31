// SPDX-License-Identifier: GPL-2.0-or-later
/* davit ps: one row per instance. */
#include "launcher/cli/commands.h"
#include "launcher/cli/format.h"
#include "launcher/cli/lastline.h"
#include "launcher/cli/names.h"
#include "launcher/cli/redraw.h"
#include "launcher/cli/rows.h"
#include "launcher/paths.h"
#include "runtime/base/cleanup.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

struct values {
	bool json;
	bool quiet;
	bool watch;
};

static const struct option_spec options[] = {
	{'q', "quiet", OPTION_FLAG, offsetof(struct values, quiet), NULL, "only their names"},
	{0, "json", OPTION_FLAG, offsetof(struct values, json), NULL, "machine-readable"},
	{'w', "watch", OPTION_FLAG, offsetof(struct values, watch), NULL,
	 "show it again each second, until the stack ends"},
};

enum column { INSTANCE, STATE, HEALTH, RESTARTS, UP, CPU, MEMORY, ADDRESS, PORTS, REASON };

static const char *const columns[] = {"INSTANCE", "STATE",    "HEALTH", ">RESTARTS", ">UP", "->CPU",
				      "->MEMORY", "-ADDRESS", "PORTS",	"~REASON",   NULL};

/* Sets a cell to the text of a buffer, which is emptied for the next. */
static void set_text(struct table *table, struct libscols_line *row, size_t column,
		     struct buf *text)
{
	table_set(table, row, column, text->data, NULL);
	buf_free(text);
}

/* Of one that does not run although it should: also what it said last. */
static void put_reason(struct buf *out, const char *log_dir, const struct json_t *instance)
{
	const char *state = js_text(instance, "state");
	const char *reason = js_text(instance, "reason");
	const char *name = js_text(instance, "instance");
	autobuf struct buf last = {0};

	if (!reason)
		reason = js_text(instance, "status_text");
	buf_puts(out, reason ? reason : "");
	if (!state || !name || (strcmp(state, "backoff") != 0 && strcmp(state, "failed") != 0))
		return;
	lastline_put(&last, log_dir, name);
	if (last.len > 0)
		buf_printf(out, "%s%.*s", out->len > 0 ? "; " : "", (int)last.len, last.data);
}

struct question {
	const char *stack;
	const char *log_dir;
	const struct args *args;
	bool json;
	bool quiet;
};

static int add_row(struct table *table, const struct json_t *instance, const void *context)
{
	const struct question *question = context;

	if (!names_wanted(instance, question->args))
		return EXIT_DONE;
	struct libscols_line *row = table_row(table);
	const char *state = js_text(instance, "state");
	autobuf struct buf text = {0};
	struct timespec now;

	if (!row)
		return cli_complain(EXIT_FAILED, "out of memory");
	clock_gettime(CLOCK_REALTIME, &now);
	table_set(table, row, INSTANCE, js_text(instance, "instance"), NULL);
	table_set(table, row, STATE, state, format_state_colour(state));
	table_set(table, row, HEALTH, js_text(instance, "health"), NULL);
	buf_printf(&text, "%" PRId64, js_int(instance, "restarts", 0));
	set_text(table, row, RESTARTS, &text);
	if (js_int(instance, "pid", 0) > 0) {
		format_since(&text, js_text(instance, "started_at"),
			     now.tv_sec * INT64_C(1000000000) + now.tv_nsec);
		set_text(table, row, UP, &text);
		format_cpu(&text, js_real(instance, "cpu_seconds", 0));
		set_text(table, row, CPU, &text);
		format_memory(&text, instance);
		set_text(table, row, MEMORY, &text);
	}
	table_set(table, row, ADDRESS, js_text(instance, "address"), NULL);
	format_ports(&text, js_get(instance, "ports"));
	set_text(table, row, PORTS, &text);
	put_reason(&text, question->log_dir, instance);
	set_text(table, row, REASON, &text);
	return EXIT_DONE;
}

/* The answer with the instances that were asked for. */
static int put_json(struct json_t *answer, const struct args *args, struct buf *out)
{
	struct json_t *wanted = js_pack("[]");
	const struct json_t *instances = js_get(answer, "instances");
	bool done = wanted != NULL;

	for (size_t i = 0; done && i < js_count(instances); i++)
		if (names_wanted(js_at(instances, i), args))
			done = js_append(wanted, js_pack("O", js_at(instances, i)));
	if (!done || !js_put(answer, "instances", wanted))
		return cli_complain(EXIT_FAILED, "out of memory");
	return cli_put_json(answer, out);
}

static int put_names(const struct json_t *instances, const struct args *args, struct buf *out)
{
	for (size_t i = 0; i < js_count(instances); i++)
		if (names_wanted(js_at(instances, i), args))
			buf_printf(out, "%s\n", js_text(js_at(instances, i), "instance"));
	return EXIT_DONE;
}

static int look(struct cli *cli, void *context, struct buf *out)
{
	const struct client_request request = {.method = "GET", .path = "/v1/instances"};
	const struct question *question = context;
	const struct rows rows = {columns, add_row, question};
	autojs struct json_t *answer = NULL;

	if (!question->json && !question->quiet && question->args->word_count == 0)
		return rows_ask(cli, &rows, question->stack, &request, out);
	int code = cli_call(question->stack, &request, &answer);

	if (code == EXIT_DONE)
		code = names_check_all(question->stack, js_get(answer, "instances"),
				       question->args);
	if (code != EXIT_DONE)
		return code;
	if (question->quiet)
		return put_names(js_get(answer, "instances"), question->args, out);
	return question->json ? put_json(answer, question->args, out)
			      : rows_put(cli, &rows, js_get(answer, "instances"), out);
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct values values = {0};
	struct args args = {.argc = argc, .argv = argv};
	autofree char *stack = NULL;
	autofree char *log_dir = NULL;
	autostrv struct strv words = {0};
	struct err err = {0};
	int code = names_asked(cli, &args, &values, &stack, &words);

	if (code >= 0)
		return code;
	if (paths_dir(PATHS_LOG, stack, &log_dir, &err) < 0)
		return cli_fail(&err, EXIT_FAILED);
	struct question question = {stack, log_dir, &args, values.json, values.quiet};

	return redraw_run(cli, values.watch, look, &question);
}

const struct command command_ps = {
	.name = "ps",
	.words = "[SERVICE|INSTANCE…]",
	.summary = "List instances: state, use of resources, and why.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.run = run,
};
