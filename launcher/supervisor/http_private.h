// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Private to the http*.c files: http.c receives requests, http_answer.c sends what they are
 * answered with, http_stream.c the answers without an end.
 */
#pragma once

#include "launcher/supervisor/http_peers.h"
#include "runtime/base/buf.h"

struct MHD_Connection;
struct MHD_Daemon;
struct MHD_Response;
struct upgrade;

struct http_server {
	struct loop *loop;
	struct MHD_Daemon *daemon;
	struct watch *epoll_watch;
	struct watch *timeout; /* libmicrohttpd's own deadlines: idle connections */
	struct watch *kick;    /* a connection was resumed: run once more */
	struct http_handler handler;
	struct http_stream *streams;   /* all that are open */
	struct http_incoming *waiting; /* requests that the handler is to be asked again */
	struct peers peers;
	bool closing; /* what is asked now is not answered any more */
};

/* One request being received. */
struct http_incoming {
	struct http_server *server;
	struct buf body;
	bool head_only; /* the library leaves the answer's body out */
	bool too_large;
	bool upgrades;		 /* the connection is somebody else's from then on */
	struct upgrade *upgrade; /* promised, and not carried out yet */

	struct http_incoming *next; /* in server->waiting */
	struct MHD_Connection *connection;
	struct hangup hangup;
	bool again; /* it has waited */
	bool left;  /* while it did */
	loop_fn gone;
	void *gone_data;
};

int http_connection_fd(struct MHD_Connection *connection);

/*
 * Sends an answer that is not HTTP_LATER, and takes what is in it. False: the connection is to be
 * closed. @incoming answers for an upgrade that was promised: http_upgrade_break().
 */
bool http_answer_queue(struct MHD_Connection *connection, struct http_incoming *incoming,
		       struct http_answer *answer) must_check;

/* The request was no upgrade after all, or the client left before it heard of it. Accepts NULL. */
void http_upgrade_break(struct upgrade *upgrade);

/* Takes the stream, on failure (NULL) too. */
struct MHD_Response *http_stream_response(struct http_stream *stream,
					  struct MHD_Connection *connection);

/* Ends all, but what is pending still leaves. */
void http_streams_end(struct http_server *server);
