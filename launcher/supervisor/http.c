// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * HTTP on a listening socket, local or TCP; see http.h. libmicrohttpd runs in external polling
 * mode: its epoll fd is one more fd of our loop. A bad client loses its connection, nothing else
 * happens.
 */
#include "launcher/supervisor/http.h"

#include "launcher/supervisor/http_private.h"
#include "runtime/base/cleanup.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#define BODY_BYTES_MAX	     (8u << 20)
#define CONNECTION_TIMEOUT_S 30u
/* Turns given to the last answers when the server closes; each writes what the sockets take. */
#define CLOSING_TURNS 16

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

int http_connection_fd(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);

	return info ? info->connect_fd : -1;
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

	incoming->gone = answer->gone;
	incoming->gone_data = answer->gone_data;
	incoming->again = true;
	incoming->hangup = hangup_open(server->loop, http_connection_fd(connection),
				       on_waiting_hangup, incoming);
	incoming->next = server->waiting;
	server->waiting = incoming;
	MHD_suspend_connection(connection);
	return MHD_YES;
}

const char *http_request_header(const struct http_request *request, const char *name)
{
	return MHD_lookup_connection_value(request->incoming->connection, MHD_HEADER_KIND, name);
}

static void receive(struct http_incoming *incoming, const char *bytes, size_t len)
{
	size_t max = incoming->server->handler.body_bytes_max;

	if (incoming->body.len + len > (max ? max : BODY_BYTES_MAX)) {
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
	int fd = http_connection_fd(connection);

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
		if (!peer_is_trusted(http_connection_fd(connection), &server->handler))
			return MHD_NO;
		incoming = calloc(1, sizeof(*incoming));
		if (incoming)
			*incoming =
				(struct http_incoming){.server = server,
						       .connection = connection,
						       .hangup = {.fd = -1},
						       .head_only = strcmp(method, "HEAD") == 0};
		*request_cls = incoming;
		return incoming ? MHD_YES : MHD_NO;
	}
	if (*upload_data_size > 0) {
		receive(incoming, upload_data, *upload_data_size);
		*upload_data_size = 0;
		return MHD_YES;
	}
	/* (a stream that began now would be suspended when the daemon stops, which aborts) */
	if (incoming->left || server->closing)
		return MHD_NO;
	struct http_answer answer = {.kind = HTTP_BODY, .status = 413};
	struct peer *peer = peer_of(connection);

	if (peer)
		peers_asked(&server->peers, peer);
	if (incoming->too_large || incoming->body.failed) {
		answer.body =
			strdup("{\"schema\":1,\"error\":\"request too large\",\"exit_code\":1}");
		return http_answer_queue(connection, incoming, &answer) ? MHD_YES : MHD_NO;
	}
	struct http_request request = {
		.method = incoming->head_only ? "GET" : method,
		.path = url,
		.body = incoming->body.data ? incoming->body.data : "",
		.body_len = incoming->body.len,
		.incoming = incoming,
		.again = incoming->again,
	};

	server->handler.fn(server->handler.data, &request, &answer);
	if (answer.kind == HTTP_LATER)
		return wait_later(connection, incoming, &answer);
	return http_answer_queue(connection, incoming, &answer) ? MHD_YES : MHD_NO;
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
	http_upgrade_break(incoming->upgrade);
	buf_free(&incoming->body);
	free(incoming);
	*request_cls = NULL;
}

static int server_watch(struct http_server *server, struct err *err)
{
	const union MHD_DaemonInfo *info =
		MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);

	if (!info)
		return err_say(err, EIO, "HTTP server: no epoll fd");
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
			MHD_OPTION_CONNECTION_LIMIT,
			handler->connections_max ? handler->connections_max : HTTP_CONNECTIONS_MAX,
			MHD_OPTION_CONNECTION_TIMEOUT, CONNECTION_TIMEOUT_S, MHD_OPTION_END);
	}
	if (!server || !server->daemon) {
		close(listen_fd);
		http_close(server);
		return err_say(err, ENOMEM, "HTTP server: start failed");
	}
	int r = server_watch(server, err);
	if (r < 0) {
		http_close(server);
		return r;
	}
	*ret_server = server;
	return 0;
}

bool http_is_used(const struct http_server *server)
{
	const union MHD_DaemonInfo *info =
		MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);

	return info && info->num_connections > 0;
}

void http_close(struct http_server *server)
{
	if (!server)
		return;
	server->closing = true;
	while (server->waiting)
		waiting_gone(server->waiting);
	http_streams_end(server);
	for (int turn = 0; server->daemon && turn < CLOSING_TURNS; turn++)
		MHD_run(server->daemon);
	watch_free(server->epoll_watch);
	watch_free(server->timeout);
	watch_free(server->kick);
	if (server->daemon)
		MHD_stop_daemon(server->daemon);
	free(server);
}
