// SPDX-License-Identifier: GPL-2.0-or-later
/* See relay.h. */
#include "launcher/hold/relay.h"

#include "runtime/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define PIECE_BYTES 65536 /* what a pipe holds */
#define STEPS	    16	  /* before the others get their turn */

/* One of the two connections, and the way from it to the other one. */
struct side {
	struct source source;
	struct relay *relay;
	int fd;
	int pipe[2];
	size_t piped; /* bytes in the pipe */
	bool ended;   /* nothing comes any more */
	bool passed;  /* and the other one was told */
	bool watched;
	uint32_t events;
};

struct relay {
	int loop_fd;
	struct side sides[2];
	struct relay_owner owner;
};

void relay_reset(int fd)
{
	const struct linger now = {.l_onoff = 1, .l_linger = 0};

	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now)); /* else it ends in order */
	close(fd);
}

static struct side *other_of(struct side *side)
{
	struct relay *relay = side->relay;

	return side == &relay->sides[0] ? &relay->sides[1] : &relay->sides[0];
}

static void relay_free(struct relay *relay, bool broken)
{
	for (int i = 0; i < 2; i++) {
		struct side *side = &relay->sides[i];

		if (side->watched)
			sources_remove(relay->loop_fd, side->fd);
		fd_drop(&side->pipe[0]);
		fd_drop(&side->pipe[1]);
		if (broken)
			relay_reset(side->fd);
		else
			close(side->fd);
	}
	free(relay);
}

static void relay_end(struct relay *relay, bool broken)
{
	const struct relay_owner owner = relay->owner;

	relay_free(relay, broken);
	owner.ended(owner.data);
}

/* From the connection into the pipe, or from there to the other one. */
static int step(struct side *from)
{
	const unsigned flags = SPLICE_F_MOVE | SPLICE_F_NONBLOCK;
	bool in = !from->piped;
	ssize_t n = in ? splice(from->fd, NULL, from->pipe[1], NULL, PIECE_BYTES, flags)
		       : splice(from->pipe[0], NULL, other_of(from)->fd, NULL, from->piped, flags);

	if (n < 0)
		return -errno;
	if (in)
		from->piped = (size_t)n;
	else
		from->piped -= (size_t)n;
	from->ended = in && n == 0;
	return 0;
}

/* Returns 0 when no more can be done now, or others are to have their turn; -errno when the
 * connection is broken. */
static int pump(struct side *from)
{
	int r = 0;

	for (int i = 0; i < STEPS && r == 0 && !from->ended; i++)
		r = step(from);
	if (r == 0 && from->ended && !from->passed) {
		r = shutdown(other_of(from)->fd, SHUT_WR) < 0 ? -errno : 0;
		from->passed = true;
	}
	return r == -EAGAIN || r == -EINTR ? 0 : r;
}

/* One whose sending we have ended is told to have hung up, for ever, as soon as its own end has
 * come, which may be long before that is read. */
static int watch(struct side *side)
{
	const struct side *other = other_of(side);
	uint32_t events =
		(!side->ended && !side->piped ? EPOLLIN : 0) | (other->piped ? EPOLLOUT : 0);
	int loop_fd = side->relay->loop_fd;

	if (!events && other->passed) {
		if (side->watched)
			sources_remove(loop_fd, side->fd);
		side->watched = false;
		return 0;
	}
	if (!side->watched) {
		side->events = events;
		side->watched = true;
		return sources_add(loop_fd, side->fd, events, &side->source);
	}
	if (events != side->events)
		sources_change(loop_fd, side->fd, events, &side->source);
	side->events = events;
	return 0;
}

static void go_on(struct relay *relay)
{
	struct side *client = &relay->sides[0], *server = &relay->sides[1];
	int r = pump(client);

	if (r == 0)
		r = pump(server);
	if (r < 0 || (client->passed && server->passed)) {
		relay_end(relay, r < 0);
		return;
	}
	if (watch(client) < 0 || watch(server) < 0)
		relay_end(relay, true);
}

static void on_side(struct source *source, uint32_t events)
{
	struct side *side = container_of(source, struct side, source);

	if (events & EPOLLERR)
		relay_end(side->relay, true);
	else
		go_on(side->relay);
}

static int open_side(struct relay *relay, int i, int fd)
{
	struct side *side = &relay->sides[i];
	const int yes = 1;

	side->source.fn = on_side;
	side->relay = relay;
	/* Neither delayed nor kept for who is gone without a word; without these it works, too. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof(yes));
	return pipe2(side->pipe, O_CLOEXEC | O_NONBLOCK) < 0 ? -errno : 0;
}

int relay_begin(int loop_fd, int client_fd, int server_fd, const struct relay_owner *owner)
{
	struct relay *relay = calloc(1, sizeof(*relay));

	if (!relay) {
		relay_reset(client_fd);
		relay_reset(server_fd);
		return -ENOMEM;
	}
	relay->loop_fd = loop_fd;
	for (int i = 0; i < 2; i++)
		relay->sides[i] = (struct side){.fd = i ? server_fd : client_fd, .pipe = {-1, -1}};
	int r = open_side(relay, 0, client_fd);

	if (r == 0)
		r = open_side(relay, 1, server_fd);
	if (r < 0) {
		relay_free(relay, true);
		return r;
	}
	relay->owner = *owner;
	go_on(relay);
	return 0;
}
