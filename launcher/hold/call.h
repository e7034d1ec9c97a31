// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Connections that were accepted for a service and are with no instance yet. One of them tries
 * until the instance listens; then all go there, and are relayed.
 */
#pragma once

#include "launcher/hold/relay.h"
#include "launcher/hold/target.h"

struct call;

/* Those of a service. */
struct calls {
	int loop_fd;
	const struct target *target; /* NULL: nobody */
	struct relay_owner owner;    /* of each one, from when it is taken */
	struct call *first;	     /* the youngest */
	bool served;		     /* one is with the target */
	unsigned given_up;	     /* have been reset */
};

/* What is taken from a listening socket, and how. */
struct calls_how {
	int listener_fd;
	uint16_t port;	  /* of the instance; 0: as the connection was made */
	int64_t limit_ms; /* how long one may wait */
};

/* Returns whether one is @calls' now; -EAGAIN: there is none; -ENODATA: it has come by no balancer,
 * and is reset; another -errno: there is no room for it in this process. */
int calls_take(struct calls *calls, const struct calls_how *how) must_check;

/* There is somebody else, or nobody any more: calls->target. */
void calls_lead(struct calls *calls);

/* All are reset. */
void calls_dismiss(struct calls *calls);

/* Does what is due. Returns when to call again, in ms; -1: no need. */
int calls_tick(struct calls *calls, int64_t now_ms);

/* The sooner of two times as calls_tick() returns them. */
int calls_sooner(int a_ms, int b_ms);
