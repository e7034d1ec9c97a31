// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The client of a stack's control socket (launcher/API.md): one connection per request, blocking
 * with time limits, sizes bounded. Knows transport and framing, not what requests mean.
 */
#pragma once

#include "launcher/cli/http.h"
#include "launcher/js.h"

struct client_request {
	const char *method;
	const char *path;
	const struct json_t *body; /* borrowed; NULL: none */
	const char *upgrade;	   /* protocol to switch to; NULL: none */
	int timeout_ms;		   /* of each wait for bytes; 0: the usual 30 s */
	bool once;		   /* is not asked for again when the supervisor dies meanwhile */
};

struct client_answer {
	int status;
	struct json_t *json; /* owned; NULL when the body was empty */
};

void client_answer_drop(struct client_answer *answer);
#define autoanswer __attribute__((cleanup(client_answer_drop)))

/* Connects to the socket of @stack. -ENOTCONN: no supervisor answers there ("stack 'shop' is not
 * running …"). */
int client_connect(const char *stack, int *ret_fd, struct err *err) must_check;

/* @tell hears of a supervisor that has answered nothing for some seconds, this request or another,
 * while one that may take longer goes on waiting; NULL, as at first: nobody does. */
void client_on_silence(void (*tell)(const char *stack));

/* Pauses for a moment, so that a supervisor that has died can be followed by another. False when
 * that was done often enough. @tries: 0 at first. */
bool client_pause(unsigned *tries);

/*
 * Sends one request and reads the whole answer, whatever its status; JSON bodies only. A supervisor
 * that dies before it has answered is asked again when there is a new one, unless request->once.
 */
int client_call(const char *stack, const struct client_request *request,
		struct client_answer *ret_answer, struct err *err) must_check;

/* An answer that goes on: JSON lines, read as they come. */
struct client_stream {
	int fd; /* poll it for input, then client_stream_read() */
	struct http_reader http;
	struct buf text;
	size_t taken; /* of text */
	bool ended;
	int given_fd; /* came along with the text, to be taken; or -1 */
};

#define CLIENT_NO_STREAM                                                                           \
	{                                                                                          \
		.fd = -1, .given_fd = -1                                                           \
	}

/* Sends the request; with `upgrade` the stream stays a plain connection after the 101. An answer
 * other than 200 or 101 is read like an ordinary one into @ret_answer, the stream is closed then
 * (fd -1). */
int client_stream_open(const char *stack, const struct client_request *request,
		       struct client_stream *ret_stream, struct client_answer *ret_answer,
		       struct err *err) must_check;

/* Takes in what there is, blocking for at most the time limit. Sets `ended` at the end. */
int client_stream_read(struct client_stream *stream, struct err *err) must_check;

/* Moves the next complete line out, without its end: 1, or 0 when there is none yet, or -EBADMSG.
 * @ret_line: until the next call. */
int client_stream_line(struct client_stream *stream, const char **ret_line, size_t *ret_len,
		       struct err *err) must_check;

/* Moves the next complete line out as JSON: 1, or 0 when there is none yet, or -EBADMSG. */
int client_stream_next(struct client_stream *stream, struct json_t **ret_value,
		       struct err *err) must_check;

#define CLIENT_FDS 3

/* Sends bytes on an upgraded stream; with them CLIENT_FDS descriptors unless @fds is NULL. */
int client_stream_send(struct client_stream *stream, const char *bytes, size_t len, const int *fds,
		       struct err *err) must_check;

void client_stream_drop(struct client_stream *stream);
#define autostream __attribute__((cleanup(client_stream_drop)))
