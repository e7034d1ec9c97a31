// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a question is answered: from the stack's names, or by somebody else. Pure.
 */
#pragma once

#include "launcher/dns/message.h"
#include "launcher/dns/table.h"

#define ANSWER_ADDRESSES_MAX 1024

struct answer {
	struct message_answer message;
	struct ip addresses[ANSWER_ADDRESSES_MAX];
};

/*
 * @turn	so that each of several addresses comes first in its turn
 * @ret		out: what message_write() takes; refers to itself and to the table
 *
 * Returns false when the question is for another server to answer.
 */
bool answer_find(const struct table_asker *asker, const struct message_query *query, unsigned turn,
		 struct answer *ret);

/* Reads "4.3.2.1.in-addr.arpa" and the like of IPv6. False for anything else. */
bool answer_reverse(const char *name, struct ip *ret);
