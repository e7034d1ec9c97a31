// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The client's half of HTTP/1.1, as far as a unix socket needs it: an incremental reader of one
 * answer. Pure: it is fed bytes and never reads itself. Strict, because nothing but our own
 * supervisor is at the other end: a doubtful answer is refused, not guessed.
 */
#pragma once

#include "runtime/base/buf.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define HTTP_LINE_MAX 4096
#define HTTP_HEAD_MAX 16384

enum http_state {
	HTTP_STATUS,
	HTTP_HEADER,
	HTTP_BODY,	 /* `left` bytes to come */
	HTTP_BODY_CLOSE, /* until the connection ends */
	HTTP_CHUNK_SIZE,
	HTTP_CHUNK_DATA,
	HTTP_CHUNK_END,
	HTTP_TRAILER,
	HTTP_DONE,
};

/* Zero-initialise. */
struct http_reader {
	enum http_state state;
	int status;    /* valid once the state is past HTTP_STATUS */
	uint64_t left; /* of the body or of the chunk */
	bool chunked;
	bool has_length;
	size_t head_bytes; /* status line, headers, trailers: bounded by HTTP_HEAD_MAX */
	size_t line_len;
	char line[HTTP_LINE_MAX];
};

/*
 * Takes in the next bytes of the answer; decoded body bytes are appended to @body, which the caller
 * bounds.
 *
 * Returns how many bytes were taken: less than @len only when the answer is complete, as with what
 * follows a 101; or -EBADMSG.
 */
ssize_t http_feed(struct http_reader *reader, const char *bytes, size_t len, struct buf *body,
		  struct err *err) must_check;

/* The connection has ended. Returns 0 when the answer is complete, else -EBADMSG. */
int http_end(struct http_reader *reader, struct err *err) must_check;
