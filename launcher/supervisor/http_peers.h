// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Private to the http*.c files: who is connected. Those that have not made a whole request yet are
 * bounded in number, so that connections opened and left keep nobody from being answered: the
 * newest one takes the place of the one that has waited longest.
 */
#pragma once

#include "launcher/supervisor/http.h"

/* A connection; on the list while it is silent. */
struct peer {
	struct peer *next;
	struct peer *previous;
	int fd; /* borrowed */
	bool silent;
};

/* Zero-initialise. */
struct peers {
	struct peer *oldest;
	struct peer *newest;
	unsigned silent_count;
};

/* Tells of a client that leaves. */
struct hangup {
	int fd;		     /* our own duplicate: libmicrohttpd closes its one when it likes */
	struct watch *watch; /* NULL: it is noticed at the next write only */
};

/* @fd: of the connection */
struct hangup hangup_open(struct loop *loop, int fd, loop_fd_fn fn, void *data);
void hangup_close(struct hangup *hangup);

/* False for a client that would take one of the last descriptors, which are for instances first. */
bool peers_have_room(void);

/* Whether who is on the other side may ask: root or our own user, and trusted by the handler; on a
 * handler that trusts by itself, anybody. */
bool peer_is_trusted(int fd, const struct http_handler *handler);

/* One more connection. The connection of another may be shut down for it. NULL without memory. */
struct peer *peers_enter(struct peers *peers, int fd);

/* It has made a whole request, which is being answered; or has its answer, and may ask again. */
void peers_asked(struct peers *peers, struct peer *peer);
void peers_answered(struct peers *peers, struct peer *peer);

/* It is gone. Frees @peer; accepts NULL. */
void peers_leave(struct peers *peers, struct peer *peer);
