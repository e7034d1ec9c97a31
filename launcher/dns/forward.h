// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Questions that other servers answer: each over a socket of its own (so that the kernel checks who
 * answers, at a port that nobody knows) with an id that nobody knows, one server after the other,
 * for some seconds. Over TCP what has come over TCP; so an answer that was cut is the client's to
 * ask for again. There are so many at a time, and so many of one client.
 */
#pragma once

#include "launcher/dns/message.h"
#include "launcher/dns/reply.h"
#include "launcher/dns/table.h"

struct forwarder;

struct forward_request {
	const struct message_query *query;
	const uint8_t *bytes; /* the message as it came; at most MESSAGE_QUERY_MAX */
	size_t len;
	struct ip client;
	struct ip servers[TABLE_UPSTREAMS_MAX];
	size_t server_count;
	struct reply_to to;
};

/* NULL without memory. */
struct forwarder *forward_open(int loop_fd);

/* Everybody who asks is answered in the end: by a server, or that it has failed. */
void forward_begin(struct forwarder *forwarder, const struct forward_request *request);

/* Its client has gone. */
void forward_forget(struct forwarder *forwarder, const struct stream *stream);

/* Goes on where a server has not answered in time. */
void forward_expire(struct forwarder *forwarder, int64_t now_ms);

/* Whether somebody waits. */
bool forward_any(const struct forwarder *forwarder);
