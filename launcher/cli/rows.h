// SPDX-License-Identifier: GPL-2.0-or-later
/* The list of an answer as a table for people: one row for each of its items, or none. */
#pragma once

#include "launcher/cli/cli.h"
#include "launcher/cli/table.h"

struct rows {
	const char *const *columns; /* as table_open() takes them */
	/* Adds an item's row; EXIT_DONE, or the exit code after a complaint. */
	int (*add)(struct table *table, const struct json_t *item, const void *context);
	const void *context;
};

/* Appends the table, as wide as the terminal is. Returns EXIT_DONE or the exit code. */
int rows_put(const struct cli *cli, const struct rows *rows, const struct json_t *list,
	     struct buf *out) must_check;

/* The same of what a request is answered with, see listed_call(): a row is made while the next
 * items are still to come. */
int rows_ask(const struct cli *cli, const struct rows *rows, const char *stack,
	     const struct client_request *request, struct buf *out) must_check;
