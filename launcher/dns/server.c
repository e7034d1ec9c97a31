// SPDX-License-Identifier: GPL-2.0-or-later
/* The stack's name server; see server.h. */
#include "launcher/dns/server.h"

#include "launcher/dns/address.h"
#include "launcher/dns/answer.h"
#include "launcher/dns/forward.h"
#include "launcher/dns/stream.h"
#include "launcher/dns/upstream.h"
#include "launcher/dns/words.h"
#include "launcher/helper/control.h"
#include "runtime/base/cleanup.h"

#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define BATCH	8  /* so many questions of one network before the others get their turn */
#define TICK_MS 50 /* how exact times are */

/* One socket of a network. */
struct listener {
	struct source source;
	struct server *server;
	struct listener *next;
	int fd;
	char key[WORDS_KEY_MAX + 1];
};

struct server {
	int loop_fd;
	struct control control;
	struct table *table;
	struct listener *listeners;
	struct forwarder *forwarder;
	struct streams *streams;
	struct upstream upstream;
	unsigned turn;
	int64_t tick_ms;
	struct answer answer;
	uint8_t out[MESSAGE_MAX];
};

/* A question and all that belongs to it. */
struct question {
	const uint8_t *bytes;
	size_t len;
	struct message_query query;
	struct ip client;
	struct reply_to to;
};

/* A server that is a gateway of the stack's would ask us again. */
static size_t servers_of(struct server *server, const struct table_asker *asker, struct ip *ret)
{
	const struct ip *servers;
	size_t count = table_upstreams(asker, &servers), kept = 0;

	if (!count)
		count = upstream_list(&server->upstream, sources_now_ms(), &servers);
	for (size_t i = 0; i < count; i++)
		if (!table_is_gateway(server->table, &servers[i]))
			ret[kept++] = servers[i];
	return kept;
}

static void forward(struct server *server, const struct table_asker *asker,
		    const struct question *question)
{
	struct forward_request request = {
		.query = &question->query,
		.bytes = question->bytes,
		.len = question->len,
		.client = question->client,
		.to = question->to,
	};

	request.server_count = servers_of(server, asker, request.servers);
	forward_begin(server->forwarder, &request);
}

/* Whoever is not of the network gets no answer at all. */
static void handle(struct server *server, const char *network, struct question *question)
{
	const struct message_query *query = &question->query;
	struct table_asker asker;

	if (!server->table || !table_ask(server->table, network, &question->client, &asker) ||
	    message_read(question->bytes, question->len, &question->query) < 0)
		return;
	if (!answer_find(&asker, query, server->turn++, &server->answer)) {
		forward(server, &asker, question);
		return;
	}
	size_t len = message_write(query, &server->answer.message, server->out,
				   reply_room(&question->to, query->size_max));

	if (len)
		reply_send(&question->to, server->out, len);
}

static void take_names(struct server *server, int fd)
{
	autofree char *text = NULL;
	struct table *table = NULL;
	struct err err = {0};
	struct stat status;
	int r = 0;

	if (fstat(fd, &status) < 0 || status.st_size > TABLE_BYTES_MAX)
		r = err_set(&err, EFBIG, "names");
	size_t len = r == 0 ? (size_t)status.st_size : 0;

	text = malloc(len + 1);
	if (r == 0 && (!text || pread(fd, text, len, 0) != (ssize_t)len))
		r = err_set(&err, text ? EIO : ENOMEM, "names");
	if (r == 0)
		r = table_parse(text, len, &table, &err);
	if (r < 0) {
		fprintf(stderr, "davit-dns: %s\n", err.text);
		return;
	}
	table_free(server->table);
	server->table = table;
}

static void on_datagram(struct source *source, uint32_t events);
static void on_connection(struct source *source, uint32_t events);

/* Takes the socket in any case. */
static void add_listener(struct server *server, char word, const char *key, int fd)
{
	struct listener *listener = calloc(1, sizeof(*listener));

	if (!listener) {
		close(fd);
		return;
	}
	listener->source.fn = word == DNS_WORD_UDP ? on_datagram : on_connection;
	listener->server = server;
	listener->fd = fd;
	memcpy(listener->key, key, strlen(key) + 1);
	if (sources_add(server->loop_fd, fd, EPOLLIN, &listener->source) < 0) {
		close(fd);
		free(listener);
		return;
	}
	listener->next = server->listeners;
	server->listeners = listener;
}

static void heed(void *data, char word, const char *key, int *fd)
{
	struct server *server = data;

	if (*fd < 0)
		return; /* every word has one */
	if (word == DNS_WORD_NAMES)
		take_names(server, *fd);
	else if (word == DNS_WORD_UDP || word == DNS_WORD_TCP)
		add_listener(server, word, key, take_fd(fd));
	/* any other is a newer supervisor's, who will replace us */
}

/* Who is not written down any more is replaced, and who has no networks any more has nobody. */
static bool is_superseded(const struct server *server)
{
	char name[IF_NAMESIZE];
	socklen_t len = sizeof(name);

	if (server->control.fd >= 0)
		return false;
	if (control_is_superseded(&server->control))
		return true;
	return server->listeners &&
	       getsockopt(server->listeners->fd, SOL_SOCKET, SO_BINDTODEVICE, name, &len) < 0 &&
	       errno == ENODEV;
}

/* What was said before a question came is heard before it is answered. */
static bool receive(struct listener *listener)
{
	uint8_t bytes[MESSAGE_QUERY_MAX + 1];
	struct question question = {.bytes = bytes, .to = {.fd = listener->fd}};

	question.to.address_len = sizeof(question.to.address);
	ssize_t n = recvfrom(listener->fd, bytes, sizeof(bytes), MSG_DONTWAIT,
			     (struct sockaddr *)&question.to.address, &question.to.address_len);

	if (n < 0)
		return false;
	question.len = (size_t)n;
	question.client = address_ip(&question.to.address);
	control_hear(&listener->server->control);
	handle(listener->server, listener->key, &question);
	return true;
}

static void on_datagram(struct source *source, uint32_t events)
{
	struct listener *listener = container_of(source, struct listener, source);

	for (int i = 0; i < BATCH && receive(listener); i++)
		;
}

static void on_connection(struct source *source, uint32_t events)
{
	struct listener *listener = container_of(source, struct listener, source);

	(void)streams_accept(listener->server->streams, listener->fd, listener);
}

static void on_asked(void *data, struct stream *stream, void *where, const uint8_t *bytes,
		     size_t len)
{
	const struct listener *listener = where;
	struct server *server = data;
	struct question question = {.bytes = bytes,
				    .len = len,
				    .client = address_ip(stream_peer(stream)),
				    .to = {.stream = stream}};

	control_hear(&server->control);
	handle(server, listener->key, &question);
}

static void on_gone(void *data, const struct stream *stream)
{
	const struct server *server = data;

	forward_forget(server->forwarder, stream);
}

int server_open(int control_fd, struct server **ret_server, struct err *err)
{
	struct server *server = calloc(1, sizeof(*server));

	if (!server)
		return err_set(err, ENOMEM, "server");
	const struct streams_handler handler = {on_asked, on_gone, server};
	int r = sources_open(err);

	server->loop_fd = r;
	server->control.heed = heed;
	server->control.data = server;
	server->forwarder = forward_open(r);
	server->streams = streams_open(r, &handler);
	if (r >= 0 && (!server->forwarder || !server->streams))
		r = err_set(err, ENOMEM, "server");
	if (r >= 0)
		r = control_open(&server->control, server->loop_fd, control_fd, err);
	if (r < 0) {
		free(server->forwarder);
		free(server->streams);
		free(server);
		return r;
	}
	*ret_server = server;
	return 0;
}

void server_run(struct server *server)
{
	for (;;) {
		bool timed = forward_any(server->forwarder) || streams_any(server->streams) ||
			     server->control.fd < 0;

		sources_wait(server->loop_fd, timed ? TICK_MS : -1);
		int64_t now_ms = timed ? sources_now_ms() : 0;

		if (timed && now_ms - server->tick_ms >= TICK_MS) {
			server->tick_ms = now_ms;
			forward_expire(server->forwarder, now_ms);
			streams_expire(server->streams, now_ms);
			if (is_superseded(server))
				exit(0);
		}
	}
}
