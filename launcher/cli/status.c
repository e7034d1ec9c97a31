// SPDX-License-Identifier: GPL-2.0-or-later
/* davit status: one row per service. */
#include "launcher/cli/commands.h"
#include "launcher/cli/format.h"
#include "launcher/cli/redraw.h"
#include "launcher/cli/rows.h"
#include "runtime/base/cleanup.h"

#include <inttypes.h>
#include <time.h>

struct values {
	bool json;
	bool watch;
};

static const struct option_spec options[] = {
	{0, "json", OPTION_FLAG, offsetof(struct values, json), NULL, "machine-readable"},
	{'w', "watch", OPTION_FLAG, offsetof(struct values, watch), NULL,
	 "show it again each second, until the stack ends"},
};

enum column { SERVICE, READY, STATE, SCALING, RESTARTS, PORTS, REASON };

static const char *const columns[] = {"SERVICE",   ">READY", "STATE",	"SCALING",
				      ">RESTARTS", "PORTS",  "~REASON", NULL};

/* "1-8 cpu 64%/70% +2 12s ago" of one that is scaled. */
static void put_scaling(struct buf *out, const struct json_t *autoscale)
{
	const struct json_t *last = js_get(autoscale, "last");
	int64_t changed = js_int(last, "to", 0) - js_int(last, "from", 0);
	struct timespec now;

	if (js_kind(autoscale) != JS_OBJECT)
		return;
	buf_printf(out, "%" PRId64 "-%" PRId64, js_int(autoscale, "min", 0),
		   js_int(autoscale, "max", 0));
	if (js_int(autoscale, "cpu_target_percent", -1) >= 0)
		buf_printf(out, " cpu %" PRId64 "%%/%" PRId64 "%%",
			   js_int(autoscale, "cpu_percent", 0),
			   js_int(autoscale, "cpu_target_percent", 0));
	if (js_int(autoscale, "waiting", 0) > 0)
		buf_printf(out, " waiting %" PRId64, js_int(autoscale, "waiting", 0));
	if (changed == 0)
		return;
	clock_gettime(CLOCK_REALTIME, &now);
	buf_printf(out, " %+" PRId64 " ", changed);
	format_since(out, js_text(last, "at"), now.tv_sec * INT64_C(1000000000) + now.tv_nsec);
	buf_puts(out, " ago");
}

/* "exited 0; next run in 4h" */
static void put_reason(struct buf *out, const struct json_t *service)
{
	const char *reason = js_text(service, "reason");
	const struct json_t *schedule = js_get(service, "schedule");

	if (reason)
		buf_puts(out, reason);
	if (reason && js_text(schedule, "next"))
		buf_puts(out, "; ");
	format_next_run(out, schedule);
}

static int add_row(struct table *table, const struct json_t *service, const void *unused)
{
	struct libscols_line *row = table_row(table);
	const char *state = js_text(service, "state");
	autobuf struct buf scaling = {0};
	autobuf struct buf ports = {0};
	autobuf struct buf reason = {0};
	char text[48];

	if (!row)
		return cli_complain(EXIT_FAILED, "out of memory");
	table_set(table, row, SERVICE, js_text(service, "service"), NULL);
	snprintf(text, sizeof(text), "%" PRId64 "/%" PRId64, js_int(service, "ready", 0),
		 js_int(service, "desired", 0));
	table_set(table, row, READY, text, NULL);
	table_set(table, row, STATE, state, format_state_colour(state));
	put_scaling(&scaling, js_get(service, "autoscale"));
	table_set(table, row, SCALING, scaling.data, NULL);
	snprintf(text, sizeof(text), "%" PRId64, js_int(service, "restarts", 0));
	table_set(table, row, RESTARTS, text, NULL);
	format_ports(&ports, js_get(service, "ports"));
	table_set(table, row, PORTS, ports.data, NULL);
	put_reason(&reason, service);
	table_set(table, row, REASON, reason.data, NULL);
	return EXIT_DONE;
}

struct question {
	const char *stack;
	bool json;
};

static const struct rows rows = {.columns = columns, .add = add_row};

static int look(struct cli *cli, void *context, struct buf *out)
{
	const struct client_request request = {.method = "GET", .path = "/v1/services"};
	const struct question *question = context;
	autojs struct json_t *answer = NULL;
	int code = cli_call(question->stack, &request, &answer);

	if (code != EXIT_DONE)
		return code;
	return question->json ? cli_put_json(answer, out)
			      : rows_put(cli, &rows, js_get(answer, "services"), out);
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct values values = {0};
	struct args args = {.argc = argc, .argv = argv};
	autofree char *stack = NULL;
	int code = cli_parse(cli, &args, &values);

	if (code < 0)
		code = cli_count_words(cli, &args, 0, 0);
	if (code >= 0)
		return code;
	code = cli_stack_seen(cli, &stack);
	if (code != EXIT_DONE)
		return code;
	struct question question = {stack, values.json};

	return redraw_run(cli, values.watch, look, &question);
}

const struct command command_status = {
	.name = "status",
	.words = "",
	.summary = "List services: how many instances are ready, and why not.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.run = run,
};
