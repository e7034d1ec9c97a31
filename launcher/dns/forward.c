// SPDX-License-Identifier: GPL-2.0-or-later
/* Questions that other servers answer; see forward.h. */
#include "launcher/dns/forward.h"

#include "launcher/dns/address.h"
#include "launcher/helper/sources.h"
#include "runtime/base/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define EXCHANGES_MAX	     512
#define EXCHANGES_PER_CLIENT 64
#define PORT		     53
#define TRY_MS		     1500
#define ALL_MS		     4500 /* before the client's own five seconds are over */
#define PREFIX		     2	  /* of a message over TCP: its length */

/* One question on its way. */
struct exchange {
	struct source source;
	struct forwarder *forwarder;
	int fd; /* -1: none at present */
	struct forward_request request;
	struct message_query query;
	uint8_t bytes[PREFIX + MESSAGE_QUERY_MAX]; /* request.bytes, the length in front */
	uint16_t id;
	unsigned tries;
	int64_t try_until_ms, until_ms;
	bool sent;   /* over TCP: the question is out */
	uint8_t *in; /* over TCP: what has come so far */
	size_t in_len;
};

struct forwarder {
	int loop_fd;
	size_t count;
	struct ip clients[EXCHANGES_MAX]; /* family 0: the exchange is free */
	struct exchange exchanges[EXCHANGES_MAX];
	uint8_t buffer[MESSAGE_MAX];
};

struct forwarder *forward_open(int loop_fd)
{
	struct forwarder *forwarder = calloc(1, sizeof(*forwarder));

	if (!forwarder)
		return NULL;
	forwarder->loop_fd = loop_fd;
	for (size_t i = 0; i < EXCHANGES_MAX; i++)
		forwarder->exchanges[i].fd = -1;
	return forwarder;
}

bool forward_any(const struct forwarder *forwarder)
{
	return forwarder->count > 0;
}

static void fail(const struct message_query *query, const struct reply_to *to)
{
	const struct message_answer answer = {.rcode = MESSAGE_FAILED};
	uint8_t bytes[MESSAGE_QUESTION_MAX + 64];

	reply_send(to, bytes, message_write(query, &answer, bytes, sizeof(bytes)));
}

static void disconnect(struct exchange *exchange)
{
	if (exchange->fd < 0)
		return;
	sources_remove(exchange->forwarder->loop_fd, exchange->fd);
	fd_drop(&exchange->fd);
	free(take_ptr(exchange->in));
}

static void end(struct exchange *exchange)
{
	struct forwarder *forwarder = exchange->forwarder;

	disconnect(exchange);
	forwarder->clients[exchange - forwarder->exchanges].family = 0;
	forwarder->count--;
}

static void answer(struct exchange *exchange, uint8_t *bytes, size_t len)
{
	const struct reply_to to = exchange->request.to;

	message_set_id(bytes, exchange->query.id);
	end(exchange);
	reply_send(&to, bytes, len);
}

static bool is_tcp(const struct exchange *exchange)
{
	return exchange->request.to.stream;
}

static int send_question(struct exchange *exchange)
{
	size_t skip = is_tcp(exchange) ? 0 : PREFIX;
	size_t len = PREFIX + exchange->request.len - skip;
	ssize_t n = send(exchange->fd, exchange->bytes + skip, len, MSG_DONTWAIT | MSG_NOSIGNAL);

	exchange->sent = n == (ssize_t)len;
	return exchange->sent ? 0 : -EIO;
}

/* An id of its own for each try: an answer to an earlier one comes too late. */
static int connect_next(struct exchange *exchange, void (*fn)(struct source *, uint32_t))
{
	const struct forward_request *request = &exchange->request;
	const struct ip *server = &request->servers[exchange->tries++ % request->server_count];
	bool tcp = is_tcp(exchange);
	struct sockaddr_storage address;
	socklen_t len = address_make(server, PORT, &address);

	disconnect(exchange);
	if (getrandom(&exchange->id, sizeof(exchange->id), 0) != sizeof(exchange->id))
		return -EIO;
	message_set_id(exchange->bytes + PREFIX, exchange->id);
	exchange->sent = false;
	exchange->in_len = 0;
	exchange->source.fn = fn;
	exchange->try_until_ms = sources_now_ms() + TRY_MS;
	exchange->fd = socket(server->family == 4 ? AF_INET : AF_INET6,
			      (tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (exchange->fd < 0)
		return -errno;
	if (connect(exchange->fd, (const struct sockaddr *)&address, len) < 0 &&
	    errno != EINPROGRESS)
		return -errno;
	int r = sources_add(exchange->forwarder->loop_fd, exchange->fd, tcp ? EPOLLOUT : EPOLLIN,
			    &exchange->source);

	return r == 0 && !tcp ? send_question(exchange) : r;
}

static void on_answer(struct source *source, uint32_t events);

/* Every server at least once, unless time is up; after the last one the first again. */
static void next_try(struct exchange *exchange)
{
	const struct reply_to to = exchange->request.to;
	size_t failures = 0;

	while (sources_now_ms() < exchange->until_ms && failures < exchange->request.server_count) {
		if (connect_next(exchange, on_answer) == 0)
			return;
		failures++;
	}
	end(exchange);
	fail(&exchange->query, &to);
}

/* A server that cannot answer is no reason to ask no other one; the last word is passed on. */
static void judge(struct exchange *exchange, uint8_t *bytes, size_t len)
{
	enum message_rcode rcode = message_rcode(bytes);

	if ((rcode == MESSAGE_FAILED || rcode == MESSAGE_REFUSED ||
	     rcode == MESSAGE_NOT_IMPLEMENTED) &&
	    exchange->tries < exchange->request.server_count)
		next_try(exchange);
	else
		answer(exchange, bytes, len);
}

/* What is no answer to this question is not heeded: the right one may still come. */
static void receive_datagram(struct exchange *exchange)
{
	uint8_t *bytes = exchange->forwarder->buffer;
	ssize_t n = recv(exchange->fd, bytes, MESSAGE_MAX, MSG_DONTWAIT);

	if (n >= 0) {
		if (message_matches(&exchange->query, exchange->id, bytes, (size_t)n))
			judge(exchange, bytes, (size_t)n);
	} else if (errno == ECONNREFUSED && exchange->tries >= exchange->request.server_count) {
		/* Nobody is there, and nobody else to ask. */
		exchange->until_ms = 0;
		next_try(exchange);
	} else if (errno != EAGAIN && errno != EINTR) {
		next_try(exchange);
	}
}

/* Returns how much more has to come; 0: all is there; -errno: it never will. */
static ssize_t receive_part(struct exchange *exchange)
{
	if (!exchange->in)
		exchange->in = malloc(PREFIX + MESSAGE_MAX);
	if (!exchange->in)
		return -ENOMEM;
	size_t want = PREFIX;

	if (exchange->in_len >= PREFIX)
		want += (size_t)(exchange->in[0] << 8 | exchange->in[1]);
	ssize_t n = recv(exchange->fd, exchange->in + exchange->in_len, want - exchange->in_len,
			 MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 1;
	if (n <= 0)
		return -EPIPE;
	exchange->in_len += (size_t)n;
	if (exchange->in_len < PREFIX)
		return 1;
	return PREFIX + (exchange->in[0] << 8 | exchange->in[1]) - (ssize_t)exchange->in_len;
}

static void receive_stream(struct exchange *exchange)
{
	ssize_t missing = receive_part(exchange);

	if (missing > 0)
		return;
	size_t len = missing == 0 ? exchange->in_len - PREFIX : 0;

	if (!len || !message_matches(&exchange->query, exchange->id, exchange->in + PREFIX, len)) {
		next_try(exchange);
		return;
	}
	memcpy(exchange->forwarder->buffer, exchange->in + PREFIX, len);
	judge(exchange, exchange->forwarder->buffer, len);
}

static void on_answer(struct source *source, uint32_t events)
{
	struct exchange *exchange = container_of(source, struct exchange, source);

	if (!is_tcp(exchange)) {
		receive_datagram(exchange);
	} else if (exchange->sent) {
		receive_stream(exchange);
	} else if (events & (EPOLLERR | EPOLLHUP) || send_question(exchange) < 0) {
		next_try(exchange);
	} else {
		sources_change(exchange->forwarder->loop_fd, exchange->fd, EPOLLIN, source);
	}
}

/* A free one, unless this client has its share. */
static struct exchange *choose(struct forwarder *forwarder, const struct ip *client)
{
	struct exchange *found = NULL;
	unsigned same = 0;

	for (size_t i = 0; i < EXCHANGES_MAX; i++) {
		if (forwarder->clients[i].family == 0)
			found = &forwarder->exchanges[i];
		else
			same += ip_compare(&forwarder->clients[i], client) == 0;
	}
	return same < EXCHANGES_PER_CLIENT ? found : NULL;
}

void forward_begin(struct forwarder *forwarder, const struct forward_request *request)
{
	struct exchange *exchange = request->server_count && request->len <= MESSAGE_QUERY_MAX
					    ? choose(forwarder, &request->client)
					    : NULL;

	if (!exchange) {
		fail(request->query, &request->to);
		return;
	}
	exchange->forwarder = forwarder;
	exchange->request = *request;
	exchange->query = *request->query;
	exchange->request.query = &exchange->query;
	exchange->request.bytes = exchange->bytes + PREFIX;
	exchange->tries = 0;
	exchange->until_ms = sources_now_ms() + ALL_MS;
	exchange->bytes[0] = (uint8_t)(request->len >> 8);
	exchange->bytes[1] = (uint8_t)request->len;
	memcpy(exchange->bytes + PREFIX, request->bytes, request->len);
	forwarder->clients[exchange - forwarder->exchanges] = request->client;
	forwarder->count++;
	next_try(exchange);
}

void forward_forget(struct forwarder *forwarder, const struct stream *stream)
{
	for (size_t i = 0; forwarder->count && i < EXCHANGES_MAX; i++)
		if (forwarder->clients[i].family &&
		    forwarder->exchanges[i].request.to.stream == stream)
			end(&forwarder->exchanges[i]);
}

void forward_expire(struct forwarder *forwarder, int64_t now_ms)
{
	for (size_t i = 0; forwarder->count && i < EXCHANGES_MAX; i++)
		if (forwarder->clients[i].family && now_ms >= forwarder->exchanges[i].try_until_ms)
			next_try(&forwarder->exchanges[i]);
}
