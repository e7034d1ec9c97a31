// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Answers that are long lists: an item is handed on while the supervisor still makes the next ones,
 * and forgotten then, so that both work at once and no more is remembered than is shown.
 */
#pragma once

#include "launcher/cli/client.h"

/* Who gets the items. */
struct listed_taker {
	/* Takes an item; false: enough. */
	bool (*take)(void *context, const struct json_t *item);
	void *context;
};

/*
 * Asks and hands on item by item. A supervisor that dies meanwhile is not asked again: -ECONNRESET.
 *
 * @ret_refusal	out: the answer when it is another one than 200, and no list then
 */
int listed_call(const char *stack, const struct client_request *request,
		const struct listed_taker *taker, struct client_answer *ret_refusal,
		struct err *err) must_check;
