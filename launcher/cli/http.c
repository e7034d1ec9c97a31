// SPDX-License-Identifier: GPL-2.0-or-later
/* The incremental reader of an HTTP/1.1 answer; see http.h. */
#include "launcher/cli/http.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

static int malformed(struct err *err, const char *what)
{
	return err_say(err, EBADMSG, "malformed answer of the supervisor: %s", what);
}

static int take_status(struct http_reader *reader, struct err *err)
{
	const char *line = reader->line;

	if (strncmp(line, "HTTP/1.", 7) != 0 || !isdigit((unsigned char)line[7]) || line[8] != ' ')
		return malformed(err, "no HTTP/1 status line");
	for (int i = 9; i < 12; i++)
		if (!isdigit((unsigned char)line[i]))
			return malformed(err, "no status code");
	if (line[12] != ' ' && line[12] != '\0')
		return malformed(err, "no status code");
	reader->status = (line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0');
	reader->state = HTTP_HEADER;
	return 0;
}

static int take_length(struct http_reader *reader, const char *value, struct err *err)
{
	uint64_t length = 0;

	if (reader->has_length)
		return malformed(err, "two Content-Length");
	for (const char *at = value; *at; at++)
		if (!isdigit((unsigned char)*at) || __builtin_mul_overflow(length, 10, &length) ||
		    __builtin_add_overflow(length, (uint64_t)(*at - '0'), &length))
			return malformed(err, "bad Content-Length");
	if (!*value)
		return malformed(err, "bad Content-Length");
	reader->has_length = true;
	reader->left = length;
	return 0;
}

/* What the empty line behind the headers leads to. */
static int take_head_end(struct http_reader *reader, struct err *err)
{
	if (reader->chunked && reader->has_length)
		return malformed(err, "both Content-Length and chunked");
	if (reader->status == 101 || reader->status == 204 || reader->status == 304) {
		reader->state = HTTP_DONE;
	} else if (reader->status < 200) {
		/* 100 Continue: the real answer follows. The bound on the head goes on counting. */
		*reader = (struct http_reader){.head_bytes = reader->head_bytes};
	} else if (reader->chunked) {
		reader->state = HTTP_CHUNK_SIZE;
	} else if (reader->has_length) {
		reader->state = reader->left > 0 ? HTTP_BODY : HTTP_DONE;
	} else {
		reader->state = HTTP_BODY_CLOSE;
	}
	return 0;
}

static int take_header(struct http_reader *reader, struct err *err)
{
	if (reader->line[0] == '\0')
		return take_head_end(reader, err);
	char *colon = strchr(reader->line, ':');

	if (!colon || colon == reader->line || isspace((unsigned char)reader->line[0]))
		return malformed(err, "bad header");
	*colon = '\0';
	const char *value = colon + 1 + strspn(colon + 1, " \t");

	char *end = colon + 1 + strlen(colon + 1);

	while (end > value && (end[-1] == ' ' || end[-1] == '\t'))
		*--end = '\0';
	if (strcasecmp(reader->line, "Content-Length") == 0)
		return take_length(reader, value, err);
	if (strcasecmp(reader->line, "Transfer-Encoding") != 0)
		return 0;
	if (strcasecmp(value, "chunked") != 0)
		return malformed(err, "unknown Transfer-Encoding");
	reader->chunked = true;
	return 0;
}

static int take_chunk_size(struct http_reader *reader, struct err *err)
{
	size_t digits = strspn(reader->line, "0123456789abcdefABCDEF");
	const char *rest = reader->line + digits;
	uint64_t size = 0;

	if (digits == 0 || digits > 8 || (*rest && !strchr("; \t", *rest)))
		return malformed(err, "bad chunk size");
	for (size_t i = 0; i < digits; i++) {
		char c = reader->line[i];

		size = size * 16 +
		       (uint64_t)(isdigit((unsigned char)c) ? c - '0' : (c | 32) - 'a' + 10);
	}
	reader->left = size;
	reader->state = size > 0 ? HTTP_CHUNK_DATA : HTTP_TRAILER;
	return 0;
}

/* One line is complete in reader->line. */
static int take_line(struct http_reader *reader, struct err *err)
{
	switch (reader->state) {
	case HTTP_STATUS:
		return take_status(reader, err);
	case HTTP_HEADER:
		return take_header(reader, err);
	case HTTP_CHUNK_SIZE:
		return take_chunk_size(reader, err);
	case HTTP_CHUNK_END:
		if (reader->line[0])
			return malformed(err, "chunk longer than its size");
		reader->state = HTTP_CHUNK_SIZE;
		return 0;
	case HTTP_TRAILER:
		if (!reader->line[0])
			reader->state = HTTP_DONE;
		return 0;
	case HTTP_BODY:
	case HTTP_BODY_CLOSE:
	case HTTP_CHUNK_DATA:
	case HTTP_DONE:
		break;
	}
	return malformed(err, "unexpected line");
}

/* Chunk framing recurs as long as the answer lasts; only the head counts against its bound. */
static bool counts_as_head(enum http_state state)
{
	return state == HTTP_STATUS || state == HTTP_HEADER || state == HTTP_TRAILER;
}

static int feed_line_byte(struct http_reader *reader, char byte, struct err *err)
{
	if (counts_as_head(reader->state) && ++reader->head_bytes > HTTP_HEAD_MAX)
		return malformed(err, "headers too long");
	if (byte == '\0')
		return malformed(err, "NUL in a header");
	if (byte != '\n') {
		if (reader->line_len + 1 >= sizeof(reader->line))
			return malformed(err, "line too long");
		reader->line[reader->line_len++] = byte;
		return 0;
	}
	if (reader->line_len > 0 && reader->line[reader->line_len - 1] == '\r')
		reader->line_len--;
	reader->line[reader->line_len] = '\0';
	reader->line_len = 0;
	return take_line(reader, err);
}

static size_t feed_body(struct http_reader *reader, const char *bytes, size_t len, struct buf *body)
{
	if (reader->state == HTTP_BODY_CLOSE) {
		buf_put(body, bytes, len);
		return len;
	}
	size_t part = len < reader->left ? len : (size_t)reader->left;

	buf_put(body, bytes, part);
	reader->left -= part;
	if (reader->left == 0)
		reader->state = reader->state == HTTP_BODY ? HTTP_DONE : HTTP_CHUNK_END;
	return part;
}

ssize_t http_feed(struct http_reader *reader, const char *bytes, size_t len, struct buf *body,
		  struct err *err)
{
	size_t used = 0;
	int r = 0;

	while (r == 0 && used < len && reader->state != HTTP_DONE) {
		bool in_body = reader->state == HTTP_BODY || reader->state == HTTP_BODY_CLOSE ||
			       reader->state == HTTP_CHUNK_DATA;

		if (in_body)
			used += feed_body(reader, bytes + used, len - used, body);
		else
			r = feed_line_byte(reader, bytes[used++], err);
	}
	return r < 0 ? r : (ssize_t)used;
}

int http_end(struct http_reader *reader, struct err *err)
{
	if (reader->state == HTTP_BODY_CLOSE)
		reader->state = HTTP_DONE;
	return reader->state == HTTP_DONE ? 0 : malformed(err, "it ends too early");
}
