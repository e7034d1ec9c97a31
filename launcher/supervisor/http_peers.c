// SPDX-License-Identifier: GPL-2.0-or-later
/* See http_peers.h. */
#include "launcher/supervisor/http_peers.h"

#include "runtime/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/* Of descriptors. */
#define FDS_RESERVED 32
/* Commands ask at once: of those that say nothing there are few at a time. */
#define SILENT_MAX 64u

/* Since Linux 6.5; before, the number of a process that has ended may be another's by now. */
#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif

static bool peer_has_ended(int fd)
{
	int pidfd = -1;
	socklen_t len = sizeof(pidfd);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERPIDFD, &pidfd, &len) < 0)
		return errno != ENOPROTOOPT;
	struct pollfd end = {.fd = pidfd, .events = POLLIN};
	bool ended = poll(&end, 1, 0) != 0;

	close(pidfd);
	return ended;
}

/* Which is the lowest free number tells how many are used. */
bool peers_have_room(void)
{
	struct rlimit limit = {0};
	autoclose int lowest = open("/dev/null", O_PATH | O_CLOEXEC);

	if (lowest < 0 || getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return false;
	rlim_t quarter = limit.rlim_cur / 4;
	rlim_t reserved = quarter < FDS_RESERVED ? quarter : FDS_RESERVED;

	return (rlim_t)lowest + reserved < limit.rlim_cur;
}

/*
 * The socket's mode keeps others out already; this holds when somebody has loosened it, or shown
 * the socket to an instance. In this order: who lives after the question was who was asked about.
 */
bool peer_is_trusted(int fd, const struct http_handler *handler)
{
	struct ucred peer = {0};
	socklen_t len = sizeof(peer);

	if (!handler->trusts)
		return true;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0 ||
	    (peer.uid != 0 && peer.uid != geteuid()))
		return false;
	return handler->trusts(handler->data, peer.pid) && !peer_has_ended(fd);
}

static void take_out(struct peers *peers, struct peer *peer)
{
	if (!peer->silent)
		return;
	*(peer->previous ? &peer->previous->next : &peers->oldest) = peer->next;
	*(peer->next ? &peer->next->previous : &peers->newest) = peer->previous;
	peer->next = peer->previous = NULL;
	peer->silent = false;
	peers->silent_count--;
}

static void put_in(struct peers *peers, struct peer *peer)
{
	if (peers->silent_count >= SILENT_MAX) {
		(void)shutdown(peers->oldest->fd, SHUT_RDWR); /* its end is noticed as any other */
		take_out(peers, peers->oldest);
	}
	peer->previous = peers->newest;
	*(peers->newest ? &peers->newest->next : &peers->oldest) = peer;
	peers->newest = peer;
	peer->silent = true;
	peers->silent_count++;
}

struct peer *peers_enter(struct peers *peers, int fd)
{
	struct peer *peer = calloc(1, sizeof(*peer));

	if (!peer)
		return NULL;
	peer->fd = fd;
	put_in(peers, peer);
	return peer;
}

void peers_asked(struct peers *peers, struct peer *peer)
{
	take_out(peers, peer);
}

void peers_answered(struct peers *peers, struct peer *peer)
{
	if (!peer->silent)
		put_in(peers, peer);
}

void peers_leave(struct peers *peers, struct peer *peer)
{
	if (!peer)
		return;
	take_out(peers, peer);
	free(peer);
}

struct hangup hangup_open(struct loop *loop, int fd, loop_fd_fn fn, void *data)
{
	struct hangup hangup = {.fd = fcntl(fd, F_DUPFD_CLOEXEC, 3)};

	if (hangup.fd >= 0 &&
	    loop_watch_fd(loop, &(struct loop_io){hangup.fd, EPOLLRDHUP, fn, data}, &hangup.watch,
			  NULL) < 0)
		hangup.watch = NULL;
	return hangup;
}

void hangup_close(struct hangup *hangup)
{
	watch_free(take_ptr(hangup->watch));
	fd_drop(&hangup->fd);
}
