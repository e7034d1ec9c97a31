// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzzing what a packet of an instance goes through: read, looked up, answered; and the check of an
 * upstream server's answer.
 */
#include "launcher/dns/answer.h"
#include "tests/fuzz/budget.h"

#include <string.h>

static const char names[] = "network a 10.0.0.1/24 open\nname web 10.0.0.2 fd00::2\n"
			    "pointer 10.0.0.2 web\nview a\nlink shop web\nclient 10.0.0.3\n";

static struct table *table_once(void)
{
	static struct table *table;

	if (!table && table_parse(names, strlen(names), &table, NULL) < 0)
		abort();
	return table;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static const struct ip client = {.family = 4, .bytes = {10, 0, 0, 3}};
	static struct answer answer;
	static uint8_t out[MESSAGE_MAX];
	int64_t start_us = budget_now_us();
	struct message_query query;
	struct table_asker asker;

	if (len > BUDGET_BYTES_MAX || message_read(bytes, len, &query) < 0)
		return 0;
	if (!table_ask(table_once(), "a", &client, &asker))
		abort();
	if (answer_find(&asker, &query, (unsigned)len, &answer)) {
		size_t written = message_write(&query, &answer.message, out, query.size_max);

		if (written && !message_matches(&query, query.id, out, written) &&
		    query.question_len)
			abort();
	}
	(void)message_matches(&query, query.id, bytes, len);
	budget_check(start_us, bytes, len);
	return 0;
}
