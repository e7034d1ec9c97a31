// SPDX-License-Identifier: GPL-2.0-or-later
/* Answers without an end; see http.h. One that nobody reads is cut. */
#include "launcher/supervisor/http_private.h"

#include "runtime/base/cleanup.h"

#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>

#define STREAM_BYTES_MAX (256u << 10)

struct http_stream {
	struct http_server *server;
	struct http_stream *next;
	struct MHD_Connection *connection;
	struct hangup hangup;
	struct http_source first; /* read: NULL when it is over */
	struct buf pending;
	bool suspended;
	bool ended;
	loop_fn on_close;
	void *data;
};

static void stream_wake(struct http_stream *stream)
{
	if (!stream->suspended)
		return;
	stream->suspended = false;
	MHD_resume_connection(stream->connection);
	watch_trigger(stream->server->kick);
}

static void drop_first(struct http_stream *stream)
{
	struct http_source first = stream->first;

	stream->first = (struct http_source){0};
	if (first.end)
		first.end(first.data);
}

/* The owner hears of the end once, and what it made to be read first ends before it does. */
static void stream_close(struct http_stream *stream)
{
	if (stream->ended)
		return;
	stream->ended = true;
	drop_first(stream);
	stream->on_close(stream->data);
}

void http_stream_end(struct http_stream *stream)
{
	if (stream->ended)
		return;
	buf_free(&stream->pending);
	stream_close(stream);
	stream_wake(stream);
}

static void on_hangup(void *data, int fd, uint32_t events)
{
	struct http_stream *stream = data;

	watch_free(take_ptr(stream->hangup.watch));
	http_stream_end(stream);
}

struct http_stream *http_stream_new(const struct http_request *request, loop_fn on_close,
				    void *data)
{
	struct http_server *server = request->incoming->server;
	struct http_stream *stream = calloc(1, sizeof(*stream));

	if (!stream)
		return NULL;
	stream->server = server;
	stream->hangup.fd = -1;
	stream->on_close = on_close;
	stream->data = data;
	stream->next = server->streams;
	server->streams = stream;
	return stream;
}

static void stream_free(void *cls)
{
	struct http_stream *stream = cls;
	struct http_stream **link = &stream->server->streams;

	stream_close(stream);
	while (*link != stream)
		link = &(*link)->next;
	*link = stream->next;
	hangup_close(&stream->hangup);
	buf_free(&stream->pending);
	free(stream);
}

void http_stream_begin(struct http_stream *stream, const struct http_source *first)
{
	stream->first = *first;
}

void http_stream_write(struct http_stream *stream, const char *bytes, size_t len)
{
	if (stream->ended)
		return;
	/* What was left unread counts, not the size of one message. */
	bool behind = stream->pending.len > STREAM_BYTES_MAX;

	if (!behind)
		buf_put(&stream->pending, bytes, len);
	if (behind || stream->pending.failed)
		http_stream_end(stream);
	else
		stream_wake(stream);
}

/* 0 when it is over, or has broken and the stream with it. */
static ssize_t read_first(struct http_stream *stream, char *room, size_t max)
{
	long n = stream->first.read ? stream->first.read(stream->first.data, room, max)
				    : HTTP_SOURCE_END;

	if (n > 0)
		return (ssize_t)n;
	if (n == HTTP_SOURCE_END)
		drop_first(stream);
	else
		http_stream_end(stream);
	return 0;
}

static ssize_t stream_read(void *cls, uint64_t offset, char *room, size_t max)
{
	struct http_stream *stream = cls;
	struct buf *pending = &stream->pending;
	ssize_t first = read_first(stream, room, max);

	if (first > 0)
		return first;
	if (pending->len == 0 && stream->ended)
		return MHD_CONTENT_READER_END_OF_STREAM;
	if (pending->len == 0) {
		stream->suspended = true;
		MHD_suspend_connection(stream->connection);
		return 0;
	}
	size_t n = pending->len < max ? pending->len : max;

	memcpy(room, pending->data, n);
	memmove(pending->data, pending->data + n, pending->len - n);
	pending->len -= n;
	return (ssize_t)n;
}
struct MHD_Response *http_stream_response(struct http_stream *stream,
					  struct MHD_Connection *connection)
{
	stream->connection = connection;
	stream->hangup = hangup_open(stream->server->loop, http_connection_fd(connection),
				     on_hangup, stream);
	struct MHD_Response *response = MHD_create_response_from_callback(
		MHD_SIZE_UNKNOWN, 16384, stream_read, stream, stream_free);

	if (!response)
		stream_free(stream);
	return response;
}

void http_streams_end(struct http_server *server)
{
	for (struct http_stream *stream = server->streams; stream; stream = stream->next) {
		stream_close(stream);
		stream_wake(stream);
	}
}
