// SPDX-License-Identifier: GPL-2.0-or-later
/* See rows.h. */
#include "launcher/cli/rows.h"

#include "launcher/cli/listed.h"

#include <errno.h>

struct making {
	const struct cli *cli;
	const struct rows *rows;
	struct table table;
	int code;
};

static void drop_making(struct making *making)
{
	table_close(&making->table);
}
#define automaking __attribute__((cleanup(drop_making)))

/* Again and again: without the rows that there were. */
static bool begin(struct making *making)
{
	struct err err = {0};

	table_close(&making->table);
	making->code = EXIT_DONE;
	if (table_open(&making->table, making->rows->columns, making->cli->colour, &err) < 0)
		making->code = cli_fail(&err, EXIT_FAILED);
	making->table.width = making->cli->width;
	return making->code == EXIT_DONE;
}

static bool add(void *context, const struct json_t *item)
{
	struct making *making = context;

	making->code = making->rows->add(&making->table, item, making->rows->context);
	return making->code == EXIT_DONE;
}

static int print(struct making *making, struct buf *out)
{
	struct err err = {0};

	return table_print(&making->table, out, &err) < 0 ? cli_fail(&err, EXIT_FAILED) : EXIT_DONE;
}

int rows_put(const struct cli *cli, const struct rows *rows, const struct json_t *list,
	     struct buf *out)
{
	automaking struct making making = {.cli = cli, .rows = rows};

	if (!begin(&making))
		return making.code;
	for (size_t i = 0; i < js_count(list); i++)
		if (!add(&making, js_at(list, i)))
			return making.code;
	return print(&making, out);
}

int rows_ask(const struct cli *cli, const struct rows *rows, const char *stack,
	     const struct client_request *request, struct buf *out)
{
	automaking struct making making = {.cli = cli, .rows = rows};
	const struct listed_taker taker = {add, &making};
	autoanswer struct client_answer refusal = {0};
	struct err err = {0};
	unsigned tries = 0;
	int r;

	do {
		if (!begin(&making))
			return making.code;
		r = listed_call(stack, request, &taker, &refusal, &err);
	} while (r == -ECONNRESET && client_pause(&tries));
	if (r < 0)
		return cli_fail(&err, EXIT_FAILED);
	if (refusal.status)
		return cli_refused(&refusal);
	return making.code == EXIT_DONE ? print(&making, out) : making.code;
}
