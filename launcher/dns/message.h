// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * DNS messages: what a client asks, and the bytes that answer it. Pure; the only file that knows
 * the library for it. Whatever the bytes are, reading them does no harm.
 */
#pragma once

#include "runtime/base/err.h"
#include "runtime/base/ip.h"

#include <stddef.h>
#include <stdint.h>

#define MESSAGE_NAME_MAX     1024 /* as text, with its escapes and its end */
#define MESSAGE_QUESTION_MAX 264
#define MESSAGE_QUERY_MAX    1232 /* no honest query is longer */
#define MESSAGE_MAX	     65535
#define MESSAGE_HEADER	     12
#define MESSAGE_TTL_S	     1 /* instances come and go */

/* RFC 1035, RFC 6891. */
enum message_rcode {
	MESSAGE_OK = 0,
	MESSAGE_MALFORMED = 1,
	MESSAGE_FAILED = 2,
	MESSAGE_NO_NAME = 3,
	MESSAGE_NOT_IMPLEMENTED = 4,
	MESSAGE_REFUSED = 5,
	MESSAGE_BAD_VERSION = 16,
};

enum message_type {
	MESSAGE_A = 1,
	MESSAGE_PTR = 12,
	MESSAGE_AAAA = 28,
	MESSAGE_ANY = 255,
};

struct message_query {
	uint16_t id;
	uint16_t type;		  /* of enum message_type or any other */
	enum message_rcode rcode; /* MESSAGE_OK, or what it has to be answered with */
	bool recursion;		  /* desired */
	bool edns;
	size_t size_max;			/* of an answer by datagram */
	char name[MESSAGE_NAME_MAX];		/* in lower case, without the dot at the end */
	uint8_t question[MESSAGE_QUESTION_MAX]; /* as it is in the message, behind the header */
	size_t question_len;
};

struct message_answer {
	enum message_rcode rcode;
	const struct ip *addresses;
	size_t address_count;
	const char *pointer; /* NULL: none */
};

/* Returns 0 when there is something to answer; -EBADMSG when it is best ignored. */
int message_read(const uint8_t *bytes, size_t len, struct message_query *ret) must_check;

/*
 * The answer's bytes; where they are more than @max those of an answer that says so.
 *
 * Returns how many, or 0 when there is none (no memory).
 */
size_t message_write(const struct message_query *query, const struct message_answer *answer,
		     uint8_t *bytes, size_t max);

/* These bytes answer that question, asked with @id. */
bool message_matches(const struct message_query *query, uint16_t id, const uint8_t *bytes,
		     size_t len);

/* That a message begins with. */
void message_set_id(uint8_t *bytes, uint16_t id);

/* What an answer says of itself; at least MESSAGE_HEADER bytes. */
enum message_rcode message_rcode(const uint8_t *bytes);
