// SPDX-License-Identifier: GPL-2.0-or-later
/* davit stats: what each instance uses and waits for, over a second. */
#include "launcher/cli/commands.h"
#include "launcher/cli/format.h"
#include "launcher/cli/names.h"
#include "launcher/cli/redraw.h"
#include "launcher/cli/rows.h"
#include "launcher/cli/text.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct values {
	bool json;
	bool watch;
	const char *sort;
};

static const struct option_spec options[] = {
	{0, "json", OPTION_FLAG, offsetof(struct values, json), NULL, "machine-readable"},
	{'w', "watch", OPTION_FLAG, offsetof(struct values, watch), NULL,
	 "go on, each second, until the stack ends"},
	{0, "sort", OPTION_TEXT, offsetof(struct values, sort), "cpu|memory",
	 "who uses most comes first"},
};

enum column { INSTANCE, STATE, CPU, THROTTLED, MEMORY, PIDS, WAITS, READ, WRITTEN, RESTARTS };

static const char *const columns[] = {"INSTANCE",    "-STATE",	   ">CPU",   "->THROTTLED",
				      ">MEMORY",     ">PIDS",	   "-WAITS", "->READ/S",
				      "->WRITTEN/S", "->RESTARTS", NULL};

struct question {
	const char *stack;
	const struct args *args;
	bool json;
	bool watch;
	const char *sort;      /* the member to sort by; NULL: by name */
	struct json_t *before; /* the answer before this one */
	double before_s;
};

/* How fast a member grows; 0 where it began anew. */
static double rate(const struct json_t *now, const struct json_t *before, const char *key,
		   double seconds)
{
	double grown = js_real(now, key, 0) - js_real(before, key, 0);

	return before && grown > 0 && seconds > 0 ? grown / seconds : 0;
}

/* The share of the time that something waited: {"cpu":0.12,"memory":0,"io":0}, or null. */
static struct json_t *waits_of(const struct json_t *now, const struct json_t *before,
			       double seconds)
{
	static const char *const resources[] = {"cpu", "memory", "io"};
	const struct json_t *pressure = js_get(now, "pressure");
	const struct json_t *earlier = js_get(before, "pressure");

	if (js_kind(pressure) != JS_OBJECT)
		return js_pack("n");
	struct json_t *waits = js_pack("{}");

	for (size_t i = 0; waits && i < ARRAY_SIZE(resources); i++)
		if (!js_put(waits, resources[i],
			    js_pack("f",
				    rate(js_get(pressure, resources[i]),
					 js_get(earlier, resources[i]), "some_seconds", seconds))))
			break;
	return waits;
}

/* Adds what has come of it in between. */
static bool put_rates(struct json_t *instance, const struct json_t *before, double seconds)
{
	const struct json_t *io = js_get(instance, "io");
	const struct json_t *io_before = js_get(before, "io");
	bool has_io = js_kind(io) == JS_OBJECT;

	return js_put(instance, "cpu",
		      js_pack("f", rate(instance, before, "cpu_seconds", seconds))) &&
	       js_put(instance, "throttled",
		      js_pack("f", rate(instance, before, "throttled_seconds", seconds))) &&
	       js_put(instance, "waits", waits_of(instance, before, seconds)) &&
	       js_put(instance, "read_per_second",
		      has_io ? js_pack("f", rate(io, io_before, "read_bytes", seconds))
			     : js_pack("n")) &&
	       js_put(instance, "written_per_second",
		      has_io ? js_pack("f", rate(io, io_before, "write_bytes", seconds))
			     : js_pack("n"));
}

static void put_percent(struct table *table, struct libscols_line *row, size_t column, double share)
{
	char text[32];

	snprintf(text, sizeof(text), "%.*f%%", share < 0.0995 ? 1 : 0, share * 100);
	table_set(table, row, column, text, NULL);
}

/* @bytes	below 0: not known */
static void put_bytes(struct table *table, struct libscols_line *row, size_t column, double bytes)
{
	autobuf struct buf text = {0};

	if (bytes >= 0)
		text_bytes(&text, (int64_t)bytes);
	table_set(table, row, column, text.data, NULL);
}

/* "cpu 12% io 3%" of what is waited for. */
static void put_waits(struct table *table, struct libscols_line *row, struct json_t *waits)
{
	autobuf struct buf text = {0};

	for (void *it = js_first(waits); it; it = js_next(waits, it)) {
		double share = js_real(waits, js_key(it), 0);

		if (share >= 0.005)
			buf_printf(&text, "%s%s %.0f%%", text.len ? " " : "", js_key(it),
				   share * 100);
	}
	table_set(table, row, WAITS, text.data, NULL);
}

static int add_row(struct table *table, const struct json_t *instance, const void *unused)
{
	struct libscols_line *row = table_row(table);
	const char *state = js_text(instance, "state");
	autobuf struct buf memory = {0};
	char text[32];

	if (!row)
		return cli_complain(EXIT_FAILED, "out of memory");
	table_set(table, row, INSTANCE, js_text(instance, "instance"), NULL);
	table_set(table, row, STATE, state, format_state_colour(state));
	put_percent(table, row, CPU, js_real(instance, "cpu", 0));
	if (js_real(instance, "throttled", 0) >= 0.0005)
		put_percent(table, row, THROTTLED, js_real(instance, "throttled", 0));
	format_memory(&memory, instance);
	table_set(table, row, MEMORY, memory.data, NULL);
	snprintf(text, sizeof(text), "%" PRId64, js_int(instance, "pids", 0));
	table_set(table, row, PIDS, text, NULL);
	put_waits(table, row, js_get(instance, "waits"));
	put_bytes(table, row, READ, js_real(instance, "read_per_second", -1));
	put_bytes(table, row, WRITTEN, js_real(instance, "written_per_second", -1));
	if (js_int(instance, "restarts", 0) > 0) {
		snprintf(text, sizeof(text), "%" PRId64, js_int(instance, "restarts", 0));
		table_set(table, row, RESTARTS, text, NULL);
	}
	return EXIT_DONE;
}

static const struct rows rows = {.columns = columns, .add = add_row};

static int ask(struct question *question, struct json_t **ret_answer)
{
	const struct client_request request = {.method = "GET", .path = "/v1/stats"};

	return cli_call(question->stack, &request, ret_answer);
}

/* The instances that were asked for, with their rates. NULL: no memory. */
static struct json_t *compare(const struct question *question, const struct json_t *answer,
			      double seconds)
{
	const struct json_t *instances = js_get(answer, "instances");
	const struct json_t *before = js_get(question->before, "instances");
	autojs struct json_t *wanted = js_pack("[]");

	for (size_t i = 0; wanted && i < js_count(instances); i++) {
		struct json_t *instance = js_at(instances, i);
		const char *name = js_text(instance, "instance");

		if (!name || !names_wanted(instance, question->args))
			continue;
		if (!put_rates(instance, js_find(before, "instance", name), seconds) ||
		    !js_append(wanted, js_copy(instance)))
			return NULL;
	}
	return take_ptr(wanted);
}

struct ranked {
	double use;
	const struct json_t *instance;
};

static int compare_use(const void *left, const void *right)
{
	double a = ((const struct ranked *)left)->use, b = ((const struct ranked *)right)->use;

	return (a < b) - (a > b);
}

/* The most of it first. NULL: no memory. */
static struct json_t *ranked_by(const struct json_t *instances, const char *member)
{
	size_t count = js_count(instances);
	autofree struct ranked *all = calloc(count + 1, sizeof(*all));
	autojs struct json_t *list = js_pack("[]");

	for (size_t i = 0; all && i < count; i++)
		all[i] = (struct ranked){js_real(js_at(instances, i), member, 0),
					 js_at(instances, i)};
	if (all)
		qsort(all, count, sizeof(*all), compare_use);
	for (size_t i = 0; all && list && i < count; i++)
		if (!js_append(list, js_copy(all[i].instance)))
			return NULL;
	return all ? take_ptr(list) : NULL;
}

/* One look is for people, too; of many, each is a line. */
static int put_json(const struct question *question, struct json_t *answer, struct json_t *wanted,
		    struct buf *out)
{
	struct err err = {0};

	if (!js_put(answer, "instances", js_copy(wanted)))
		return cli_complain(EXIT_FAILED, "out of memory");
	if (!question->watch)
		return cli_put_json(answer, out);
	if (js_print(answer, 0, out, &err) < 0)
		return cli_fail(&err, EXIT_FAILED);
	buf_puts(out, "\n");
	return EXIT_DONE;
}

static int look(struct cli *cli, void *context, struct buf *out)
{
	struct question *question = context;
	autojs struct json_t *answer = NULL;
	int code = EXIT_DONE;

	if (!question->before) {
		code = ask(question, &question->before);
		question->before_s = (double)clock_now_us() / 1e6;
		if (code == EXIT_DONE)
			sleep(1);
	}
	if (code == EXIT_DONE)
		code = ask(question, &answer);
	if (code != EXIT_DONE)
		return code;
	double at_s = (double)clock_now_us() / 1e6;
	autojs struct json_t *wanted = compare(question, answer, at_s - question->before_s);

	if (!wanted)
		return cli_complain(EXIT_FAILED, "out of memory");
	js_free(question->before);
	question->before = js_copy(answer);
	question->before_s = at_s;
	code = names_check_all(question->stack, wanted, question->args);
	if (code != EXIT_DONE)
		return code;
	if (question->sort) {
		struct json_t *ranked = ranked_by(wanted, question->sort);

		js_free(wanted);
		wanted = ranked;
		if (!wanted)
			return cli_complain(EXIT_FAILED, "out of memory");
	}
	if (!question->json)
		return rows_put(cli, &rows, wanted, out);
	return put_json(question, answer, wanted, out);
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct values values = {0};
	struct args args = {.argc = argc, .argv = argv};
	autofree char *stack = NULL;
	autostrv struct strv words = {0};
	int code = names_asked(cli, &args, &values, &stack, &words);

	if (code >= 0)
		return code;
	struct question question = {
		.stack = stack, .args = &args, .json = values.json, .watch = values.watch};

	if (values.sort && strcmp(values.sort, "memory") == 0)
		question.sort = "memory_bytes";
	else if (values.sort && strcmp(values.sort, "cpu") == 0)
		question.sort = "cpu";
	else if (values.sort)
		return cli_complain(EXIT_USAGE, "stats: --sort: '%s' is neither cpu nor memory",
				    values.sort);

	code = redraw_run(cli, values.watch, look, &question);
	js_free(question.before);
	return code;
}

const struct command command_stats = {
	.name = "stats",
	.words = "[SERVICE|INSTANCE…]",
	.summary = "Show what instances use and wait for, over a second.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.run = run,
};
