// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * HTTP over the control socket, and over TCP on request (libmicrohttpd behind it, in its
 * external-polling mode inside our loop). Knows nothing of stacks: it bounds, authenticates by uid
 * where there is one, and hands whole requests to one handler.
 */
#pragma once

#include "launcher/supervisor/loop.h"

#include <stdbool.h>
#include <stddef.h>

/* More than these are not accepted until one has gone: an attached session or a stream takes one
 * for as long as it likes. Whoever takes them, descriptors for the instances are left. */
#define HTTP_CONNECTIONS_MAX 4096u

struct http_server;
struct http_stream;
struct http_incoming;

struct http_request {
	const char *method; /* (HEAD is GET: its answer goes without the body) */
	const char *path;
	const char *body; /* NUL-terminated, "" when empty */
	size_t body_len;
	struct http_incoming *incoming; /* to be kept with HTTP_LATER only */
	bool again;			/* the handler has been asked before, and said HTTP_LATER */
};

enum http_answer_kind {
	HTTP_BODY,
	HTTP_FIXED,
	HTTP_SOURCE,
	HTTP_STREAM,
	HTTP_UPGRADE,
	HTTP_LATER, /* the handler is to be asked again, after http_wake() */
};

struct http_upgraded;

/*
 * Called once per HTTP_UPGRADE.
 *
 * @fd	the connection's socket, owned by the callee, which closes it through http_upgraded_close();
 *	-1: nothing came of it
 */
typedef void (*http_upgrade_fn)(void *data, int fd, struct http_upgraded *connection);

/*
 * A body that is made while it is sent.
 *
 * @read	writes up to @max bytes (at least one) to @room and returns how many, or one of the
 *		two; called again when the client can take more, and others had their turn
 * @end	called once, when it is sent or the client has gone
 */
struct http_source {
	long (*read)(void *data, char *room, size_t max);
	void (*end)(void *data);
	void *data;
};

#define HTTP_SOURCE_END	   (-1l)
#define HTTP_SOURCE_BROKEN (-2l) /* the connection ends, so that the client notices */

struct http_answer {
	enum http_answer_kind kind;
	unsigned status;
	char *body;	   /* HTTP_BODY: malloc'ed text, ownership moves */
	const char *fixed; /* HTTP_FIXED: is there as long as the program */
	size_t fixed_len;
	const char *content_type;   /* NULL: JSON */
	struct http_source source;  /* HTTP_SOURCE */
	struct http_stream *stream; /* HTTP_STREAM: from http_stream_new() */
	http_upgrade_fn upgrade;    /* HTTP_UPGRADE: called once the 101 is sent */
	void *upgrade_data;
	const char *upgrade_protocol;
	loop_fn gone; /* HTTP_LATER: called when the client leaves before http_wake(), which then
			 is not to be called any more */
	void *gone_data;
};

typedef void (*http_handler_fn)(void *data, const struct http_request *request,
				struct http_answer *answer);

/* Whether the process with this number, which has connected, may ask; it is alive. */
typedef bool (*http_trust_fn)(void *data, int pid);

struct http_header {
	const char *name; /* NULL: the end of a list of them */
	const char *value;
};

struct http_handler {
	http_handler_fn fn;
	http_trust_fn trusts; /* NULL: the handler sees to who may ask for what */
	void *data;
	unsigned connections_max; /* 0: HTTP_CONNECTIONS_MAX */
	size_t body_bytes_max;	  /* 0: what a manifest with all its variables may need */
	const struct http_header
		*headers; /* of every answer; NULL: none. Must outlive the server */
};

/* What a request says in a header, until it is answered; NULL: nothing. */
const char *http_request_header(const struct http_request *request, const char *name);

/* A request that was answered HTTP_LATER has waited long enough. */
void http_wake(struct http_incoming *incoming);

/* @listen_fd	a listening socket; taken, on failure too */
int http_open(struct loop *loop, int listen_fd, const struct http_handler *handler,
	      struct http_server **ret_server, struct err *err) must_check;

/*
 * Ends streams and gives the last answers a chance to leave. The socket's file stays: by now it may
 * be a successor's. Accepts NULL.
 */
void http_close(struct http_server *server);

/* Whether anybody is connected. */
bool http_is_used(const struct http_server *server);

/* Ends it with what is pending dropped: there is something that its reader cannot be told. */
void http_stream_end(struct http_stream *stream);

/*
 * An endless answer. @on_close is called once, when the client has gone or fell more than 256 KiB
 * behind; the stream is not to be used after that.
 *
 * @request	what it will be the answer to
 */
struct http_stream *http_stream_new(const struct http_request *request, loop_fn on_close,
				    void *data);
/* Before anything is written to it: what comes before that, made while it is sent. Its end is
 * called before @on_close. */
void http_stream_begin(struct http_stream *stream, const struct http_source *first);
void http_stream_write(struct http_stream *stream, const char *bytes, size_t len);

void http_upgraded_close(struct http_upgraded *connection);
