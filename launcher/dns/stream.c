// SPDX-License-Identifier: GPL-2.0-or-later
/* Questions over TCP; see stream.h. */
#include "launcher/dns/stream.h"

#include "launcher/dns/address.h"
#include "launcher/dns/message.h"
#include "runtime/base/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#define STREAMS_MAX	 128
#define STREAMS_PER_PEER 16
#define IDLE_MS		 10000
#define PREFIX		 2 /* the length of what follows */

struct stream {
	struct source source;
	struct streams *streams;
	int fd; /* -1: it is free */
	void *where;
	struct sockaddr_storage peer;
	int64_t until_ms;
	bool asked; /* and not answered yet */
	uint8_t in[PREFIX + MESSAGE_QUERY_MAX];
	size_t in_len;
	uint8_t *out; /* what could not be sent yet */
	size_t out_len, out_at;
};

struct streams {
	int loop_fd;
	struct streams_handler handler;
	size_t count;
	struct stream items[STREAMS_MAX];
};

struct streams *streams_open(int loop_fd, const struct streams_handler *handler)
{
	struct streams *streams = calloc(1, sizeof(*streams));

	if (!streams)
		return NULL;
	streams->loop_fd = loop_fd;
	streams->handler = *handler;
	for (size_t i = 0; i < STREAMS_MAX; i++)
		streams->items[i].fd = -1;
	return streams;
}

const struct sockaddr_storage *stream_peer(const struct stream *stream)
{
	return &stream->peer;
}

bool streams_any(const struct streams *streams)
{
	return streams->count > 0;
}

static void stream_close(struct stream *stream)
{
	if (stream->fd < 0)
		return;
	sources_remove(stream->streams->loop_fd, stream->fd);
	fd_drop(&stream->fd);
	free(take_ptr(stream->out));
	stream->streams->count--;
	stream->streams->handler.gone(stream->streams->handler.data, stream);
}

static size_t question_len(const struct stream *stream)
{
	return (size_t)(stream->in[0] << 8 | stream->in[1]);
}

/* Hands on a question that is there as a whole. */
static void ask(struct stream *stream)
{
	const struct streams_handler *handler = &stream->streams->handler;
	uint8_t bytes[MESSAGE_QUERY_MAX];
	size_t len = question_len(stream);

	if (stream->in_len < PREFIX || stream->asked)
		return;
	if (len < MESSAGE_HEADER || len > MESSAGE_QUERY_MAX) {
		stream_close(stream);
		return;
	}
	if (stream->in_len < PREFIX + len)
		return;
	memcpy(bytes, stream->in + PREFIX, len);
	stream->in_len -= PREFIX + len;
	memmove(stream->in, stream->in + PREFIX + len, stream->in_len);
	stream->asked = true;
	sources_change(stream->streams->loop_fd, stream->fd, 0, &stream->source);
	handler->asked(handler->data, stream, stream->where, bytes, len);
}

static bool has_question(const struct stream *stream)
{
	return stream->in_len >= PREFIX && stream->in_len >= PREFIX + question_len(stream);
}

/* A next question may have come together with the one that was answered: it is seen to at once. */
static void read_on(struct stream *stream)
{
	stream->asked = false;
	stream->until_ms = sources_now_ms() + IDLE_MS;
	sources_change(stream->streams->loop_fd, stream->fd,
		       has_question(stream) ? EPOLLOUT : EPOLLIN, &stream->source);
}

static void read_some(struct stream *stream)
{
	ssize_t n = recv(stream->fd, stream->in + stream->in_len,
			 sizeof(stream->in) - stream->in_len, MSG_DONTWAIT);

	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
		stream_close(stream);
		return;
	}
	if (n > 0) {
		stream->in_len += (size_t)n;
		ask(stream);
	}
}

static void write_some(struct stream *stream)
{
	ssize_t n = send(stream->fd, stream->out + stream->out_at, stream->out_len - stream->out_at,
			 MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n < 0 && errno != EAGAIN && errno != EINTR) {
		stream_close(stream);
		return;
	}
	stream->out_at += n > 0 ? (size_t)n : 0;
	if (stream->out_at < stream->out_len) {
		sources_change(stream->streams->loop_fd, stream->fd, EPOLLOUT, &stream->source);
		return;
	}
	free(take_ptr(stream->out));
	read_on(stream);
}

static void on_stream(struct source *source, uint32_t events)
{
	struct stream *stream = container_of(source, struct stream, source);

	if (events & (EPOLLERR | EPOLLHUP))
		stream_close(stream);
	else if (stream->out)
		write_some(stream);
	else if (has_question(stream))
		ask(stream);
	else if (events & EPOLLIN)
		read_some(stream);
}

void stream_send(struct stream *stream, const uint8_t *bytes, size_t len)
{
	if (stream->fd < 0 || !stream->asked)
		return;
	stream->out = malloc(PREFIX + len);
	if (!stream->out) {
		stream_close(stream);
		return;
	}
	stream->out[0] = (uint8_t)(len >> 8);
	stream->out[1] = (uint8_t)len;
	memcpy(stream->out + PREFIX, bytes, len);
	stream->out_len = PREFIX + len;
	stream->out_at = 0;
	write_some(stream);
}

/* A free one, unless this peer has its share. */
static struct stream *choose(struct streams *streams, const struct sockaddr_storage *peer)
{
	struct ip ip = address_ip(peer);
	struct stream *found = NULL;
	unsigned same = 0;

	for (size_t i = 0; i < STREAMS_MAX; i++) {
		struct stream *stream = &streams->items[i];
		struct ip other = address_ip(&stream->peer);

		if (stream->fd < 0)
			found = stream;
		else
			same += ip_compare(&ip, &other) == 0;
	}
	return same < STREAMS_PER_PEER ? found : NULL;
}

bool streams_accept(struct streams *streams, int listen_fd, void *where)
{
	struct sockaddr_storage peer = {0};
	socklen_t len = sizeof(peer);
	autoclose int fd =
		accept4(listen_fd, (struct sockaddr *)&peer, &len, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return errno == ECONNABORTED;
	struct stream *stream = choose(streams, &peer);

	if (!stream)
		return true; /* refused by a close */
	*stream = (struct stream){.source.fn = on_stream,
				  .streams = streams,
				  .fd = fd,
				  .where = where,
				  .peer = peer,
				  .until_ms = sources_now_ms() + IDLE_MS};
	if (sources_add(streams->loop_fd, fd, EPOLLIN, &stream->source) < 0) {
		stream->fd = -1;
		return true;
	}
	(void)take_fd(&fd);
	streams->count++;
	return true;
}

void streams_expire(struct streams *streams, int64_t now_ms)
{
	for (size_t i = 0; streams->count && i < STREAMS_MAX; i++)
		if (streams->items[i].fd >= 0 && now_ms >= streams->items[i].until_ms)
			stream_close(&streams->items[i]);
}
