// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * HTTP over the control socket; see http.h. libmicrohttpd runs in external polling mode: its epoll
 * fd is one more fd of our loop. A bad client loses its connection, nothing else happens.
 */
#include "launcher/supervisor/http.h"

#include "launcher/supervisor/http_peers.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>

#define BODY_BYTES_MAX	     (8u << 20)
#define STREAM_BYTES_MAX     (256u << 10)
#define SOURCE_BYTES	     16384u
#define CONNECTION_TIMEOUT_S 30u
/* Turns given to the last answers when the server closes; each writes what the sockets take. */
#define CLOSING_TURNS 16

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
};

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

struct http_upgraded {
	struct http_server *server;
	struct MHD_UpgradeResponseHandle *handle;
};

struct upgrade {
	http_upgrade_fn fn;
	void *data;
};

/* One request being received. */
struct http_incoming {
	struct http_server *server;
	struct buf body;
	bool too_large;
	bool upgrades;		 /* the connection is somebody else's from then on */
	struct upgrade *upgrade; /* promised, and not carried out yet */

	struct http_incoming *next;	   /* in server->waiting */
	struct MHD_Connection *connection; /* suspended; NULL: it is not */
	struct hangup hangup;
	bool again; /* it has waited */
	bool left;  /* while it did */
	loop_fn gone;
	void *gone_data;
};

static void server_run(struct http_server *server)
{
	MHD_UNSIGNED_LONG_LONG timeout_ms = 0;

	MHD_run(server->daemon);
	if (MHD_get_timeout(server->daemon, &timeout_ms) == MHD_YES)
		watch_arm(server->timeout, (int64_t)timeout_ms);
}

static void on_epoll(void *data, int fd, uint32_t events)
{
	server_run(data);
}

static void on_turn(void *data)
{
	server_run(data);
}

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

/* The owner hears of the end once. */
void http_stream_end(struct http_stream *stream)
{
	if (stream->ended)
		return;
	stream->ended = true;
	drop_first(stream);
	buf_free(&stream->pending);
	stream->on_close(stream->data);
	stream_wake(stream);
}

static void on_hangup(void *data, int fd, uint32_t events)
{
	struct http_stream *stream = data;

	watch_free(take_ptr(stream->hangup.watch));
	http_stream_end(stream);
}

struct http_stream *http_stream_new(struct http_server *server, loop_fn on_close, void *data)
{
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

	if (!stream->ended) {
		stream->ended = true;
		drop_first(stream);
		stream->on_close(stream->data);
	}
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

static ssize_t source_read(void *cls, uint64_t offset, char *room, size_t max)
{
	const struct http_source *source = cls;
	long n = source->read(source->data, room, max);

	if (n == HTTP_SOURCE_END)
		return MHD_CONTENT_READER_END_OF_STREAM;
	return n < 0 ? MHD_CONTENT_READER_END_WITH_ERROR : (ssize_t)n;
}

static void source_end(void *cls)
{
	struct http_source *source = cls;

	source->end(source->data);
	free(source);
}

static struct MHD_Response *source_response(const struct http_source *source)
{
	struct http_source *copy = malloc(sizeof(*copy));
	struct MHD_Response *response = NULL;

	if (copy) {
		*copy = *source;
		response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, SOURCE_BYTES,
							     source_read, copy, source_end);
	}
	if (!response) {
		source->end(source->data);
		free(copy);
	}
	return response;
}

static int connection_fd(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);

	return info ? info->connect_fd : -1;
}

static struct MHD_Response *stream_response(struct http_stream *stream,
					    struct MHD_Connection *connection)
{
	stream->connection = connection;
	stream->hangup =
		hangup_open(stream->server->loop, connection_fd(connection), on_hangup, stream);
	struct MHD_Response *response = MHD_create_response_from_callback(
		MHD_SIZE_UNKNOWN, 16384, stream_read, stream, stream_free);

	if (!response)
		stream_free(stream);
	return response;
}

static void on_upgraded(void *cls, struct MHD_Connection *connection, void *request_cls,
			const char *extra_in, size_t extra_in_size, MHD_socket fd,
			struct MHD_UpgradeResponseHandle *handle)
{
	struct upgrade *upgrade = cls;
	struct http_incoming *incoming = request_cls;
	struct http_upgraded *upgraded = calloc(1, sizeof(*upgraded));

	incoming->upgrade = NULL;
	if (!upgraded) {
		(void)MHD_upgrade_action(handle, MHD_UPGRADE_ACTION_CLOSE);
		upgrade->fn(upgrade->data, -1, NULL);
	} else {
		*upgraded = (struct http_upgraded){incoming->server, handle};
		upgrade->fn(upgrade->data, fd, upgraded);
	}
	free(upgrade);
}

void http_upgraded_close(struct http_upgraded *upgraded)
{
	if (!upgraded)
		return;
	(void)MHD_upgrade_action(upgraded->handle, MHD_UPGRADE_ACTION_CLOSE);
	watch_trigger(upgraded->server->kick); /* only then it closes the socket */
	free(upgraded);
}

/* From here on @incoming answers for the promise: see upgrade_break(). */
static struct MHD_Response *upgrade_response(struct http_incoming *incoming,
					     const struct http_answer *answer)
{
	struct upgrade *upgrade = calloc(1, sizeof(*upgrade));

	if (!upgrade) {
		answer->upgrade(answer->upgrade_data, -1, NULL);
		return NULL;
	}
	*upgrade = (struct upgrade){answer->upgrade, answer->upgrade_data};
	incoming->upgrade = upgrade;
	struct MHD_Response *response = MHD_create_response_for_upgrade(on_upgraded, upgrade);

	if (response &&
	    MHD_add_response_header(response, "Upgrade", answer->upgrade_protocol) != MHD_YES) {
		MHD_destroy_response(response);
		return NULL;
	}
	return response;
}

/* The request was no upgrade after all, or the client left before it heard of it. */
static void upgrade_break(struct upgrade *upgrade)
{
	if (upgrade)
		upgrade->fn(upgrade->data, -1, NULL);
	free(upgrade);
}

static enum MHD_Result queue_answer(struct MHD_Connection *connection,
				    struct http_incoming *incoming, struct http_answer *answer)
{
	struct MHD_Response *response = NULL;

	switch (answer->kind) {
	case HTTP_BODY:
		if (!answer->body)
			return MHD_NO;
		response = MHD_create_response_from_buffer(strlen(answer->body), answer->body,
							   MHD_RESPMEM_MUST_FREE);
		if (!response)
			free(answer->body); /* the library's only with the response */
		break;
	case HTTP_SOURCE:
		response = source_response(&answer->source);
		break;
	case HTTP_STREAM:
		response = stream_response(answer->stream, connection);
		break;
	case HTTP_UPGRADE:
		incoming->upgrades = true;
		response = upgrade_response(incoming, answer);
		break;
	case HTTP_LATER:
		break;
	}
	if (!response)
		return MHD_NO;
	if (answer->kind != HTTP_UPGRADE)
		(void)MHD_add_response_header(response, "Content-Type",
					      answer->content_type ? answer->content_type
								   : "application/json");
	enum MHD_Result queued = MHD_queue_response(connection, answer->status, response);

	MHD_destroy_response(response);
	return queued;
}

void http_wake(struct http_incoming *incoming)
{
	struct http_incoming **link = &incoming->server->waiting;

	while (*link && *link != incoming)
		link = &(*link)->next;
	if (!*link)
		return;
	*link = incoming->next;
	hangup_close(&incoming->hangup);
	MHD_resume_connection(incoming->connection);
	watch_trigger(incoming->server->kick);
}

/* The client, or the server, before it was woken. */
static void waiting_gone(struct http_incoming *incoming)
{
	incoming->left = true;
	http_wake(incoming);
	incoming->gone(incoming->gone_data);
}

static void on_waiting_hangup(void *data, int fd, uint32_t events)
{
	waiting_gone(data);
}

static enum MHD_Result wait_later(struct MHD_Connection *connection, struct http_incoming *incoming,
				  const struct http_answer *answer)
{
	struct http_server *server = incoming->server;

	incoming->connection = connection;
	incoming->gone = answer->gone;
	incoming->gone_data = answer->gone_data;
	incoming->again = true;
	incoming->hangup =
		hangup_open(server->loop, connection_fd(connection), on_waiting_hangup, incoming);
	incoming->next = server->waiting;
	server->waiting = incoming;
	MHD_suspend_connection(connection);
	return MHD_YES;
}

static void receive(struct http_incoming *incoming, const char *bytes, size_t len)
{
	if (incoming->body.len + len > BODY_BYTES_MAX) {
		incoming->too_large = true;
		buf_free(&incoming->body);
	}
	if (!incoming->too_large)
		buf_put(&incoming->body, bytes, len);
}

static struct peer *peer_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info ? info->socket_context : NULL;
}

/* Who may not ask, or cannot be kept account of, does not wait for a time limit. */
static void on_connection(void *cls, struct MHD_Connection *connection, void **socket_context,
			  enum MHD_ConnectionNotificationCode what)
{
	struct http_server *server = cls;
	int fd = connection_fd(connection);

	if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
		peers_leave(&server->peers, *socket_context);
		return;
	}
	*socket_context =
		peer_is_trusted(fd, &server->handler) ? peers_enter(&server->peers, fd) : NULL;
	if (!*socket_context)
		(void)shutdown(fd, SHUT_RDWR);
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection, const char *url,
				  const char *method, const char *version, const char *upload_data,
				  size_t *upload_data_size, void **request_cls)
{
	struct http_server *server = cls;
	struct http_incoming *incoming = *request_cls;

	if (!incoming) {
		/* (once more: it may be another process by now that speaks) */
		if (!peer_is_trusted(connection_fd(connection), &server->handler))
			return MHD_NO;
		incoming = calloc(1, sizeof(*incoming));
		if (incoming)
			*incoming = (struct http_incoming){.server = server, .hangup = {.fd = -1}};
		*request_cls = incoming;
		return incoming ? MHD_YES : MHD_NO;
	}
	if (*upload_data_size > 0) {
		receive(incoming, upload_data, *upload_data_size);
		*upload_data_size = 0;
		return MHD_YES;
	}
	if (incoming->left)
		return MHD_NO;
	struct http_answer answer = {.kind = HTTP_BODY, .status = 413};
	struct peer *peer = peer_of(connection);

	if (peer)
		peers_asked(&server->peers, peer);
	if (incoming->too_large || incoming->body.failed) {
		answer.body =
			strdup("{\"schema\":1,\"error\":\"request too large\",\"exit_code\":1}");
		return queue_answer(connection, incoming, &answer);
	}
	struct http_request request = {
		.method = method,
		.path = url,
		.body = incoming->body.data ? incoming->body.data : "",
		.body_len = incoming->body.len,
		.incoming = incoming,
		.again = incoming->again,
	};

	server->handler.fn(server->handler.data, &request, &answer);
	return answer.kind == HTTP_LATER ? wait_later(connection, incoming, &answer)
					 : queue_answer(connection, incoming, &answer);
}

static void on_completed(void *cls, struct MHD_Connection *connection, void **request_cls,
			 enum MHD_RequestTerminationCode why)
{
	struct http_server *server = cls;
	struct http_incoming *incoming = *request_cls;
	struct peer *peer = peer_of(connection);

	if (peer && !(incoming && incoming->upgrades))
		peers_answered(&server->peers, peer);
	if (!incoming)
		return;
	upgrade_break(incoming->upgrade);
	buf_free(&incoming->body);
	free(incoming);
	*request_cls = NULL;
}

static int server_watch(struct http_server *server, struct err *err)
{
	const union MHD_DaemonInfo *info =
		MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);

	if (!info)
		return err_say(err, EIO, "control socket: no epoll fd");
	int r = loop_watch_fd(server->loop,
			      &(struct loop_io){info->epoll_fd, EPOLLIN, on_epoll, server},
			      &server->epoll_watch, err);

	if (r == 0)
		r = loop_watch_timer(server->loop, on_turn, server, &server->timeout, err);
	if (r == 0)
		r = loop_watch_deferred(server->loop, on_turn, server, &server->kick, err);
	return r;
}

static enum MHD_Result on_accept(void *cls, const struct sockaddr *address, socklen_t len)
{
	return peers_have_room() ? MHD_YES : MHD_NO;
}

int http_open(struct loop *loop, int listen_fd, const struct http_handler *handler,
	      struct http_server **ret_server, struct err *err)
{
	struct http_server *server = calloc(1, sizeof(*server));

	if (server) {
		server->loop = loop;
		server->handler = *handler;
		server->daemon = MHD_start_daemon(
			MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_ALLOW_UPGRADE, 0, on_accept,
			NULL, on_request, server, MHD_OPTION_LISTEN_SOCKET, listen_fd,
			MHD_OPTION_NOTIFY_COMPLETED, on_completed, server,
			MHD_OPTION_NOTIFY_CONNECTION, on_connection, server,
			MHD_OPTION_CONNECTION_LIMIT, HTTP_CONNECTIONS_MAX,
			MHD_OPTION_CONNECTION_TIMEOUT, CONNECTION_TIMEOUT_S, MHD_OPTION_END);
	}
	if (!server || !server->daemon) {
		close(listen_fd);
		http_close(server);
		return err_say(err, ENOMEM, "control socket: server start failed");
	}
	int r = server_watch(server, err);
	if (r < 0) {
		http_close(server);
		return r;
	}
	*ret_server = server;
	return 0;
}

void http_close(struct http_server *server)
{
	if (!server)
		return;
	while (server->waiting)
		waiting_gone(server->waiting);
	for (struct http_stream *stream = server->streams; stream; stream = stream->next) {
		if (!stream->ended) /* what is pending still leaves */
			stream->on_close(stream->data);
		stream->ended = true;
		stream_wake(stream);
	}
	for (int turn = 0; server->daemon && turn < CLOSING_TURNS; turn++)
		MHD_run(server->daemon);
	watch_free(server->epoll_watch);
	watch_free(server->timeout);
	watch_free(server->kick);
	if (server->daemon)
		MHD_stop_daemon(server->daemon);
	free(server);
}
