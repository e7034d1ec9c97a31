// SPDX-License-Identifier: GPL-2.0-or-later
/* See rows.h. */
#include "launcher/cli/rows.h"

int rows_put(const struct cli *cli, const struct rows *rows, const struct json_t *list,
	     struct buf *out)
{
	autotable struct table table = {0};
	struct err err = {0};

	if (table_open(&table, rows->columns, cli->colour, &err) < 0)
		return cli_fail(&err, EXIT_FAILED);
	table.width = cli->width;
	for (size_t i = 0; i < js_count(list); i++) {
		int code = rows->add(&table, js_at(list, i), rows->context);

		if (code != EXIT_DONE)
			return code;
	}
	return table_print(&table, out, &err) < 0 ? cli_fail(&err, EXIT_FAILED) : EXIT_DONE;
}
