// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Datagrams of one socket, to an instance and back. They wait in the socket. The first one is sent
 * again and again until nobody refuses it any more; then each client has a socket of its own
 * towards the instance, by which answers find back to him, until he has been silent for long.
 */
#pragma once

#include "launcher/helper/sources.h"
#include "launcher/hold/target.h"

#include <stdbool.h>
#include <stdint.h>

struct flows;
struct pace;

/* Of what there is a bounded number for all: each client takes one. */
struct flows_room {
	bool (*take)(void *data); /* false: there is none left */
	void (*give)(void *data);
	void *data;
};

struct flows_how {
	int loop_fd;
	int fd;		   /* where they come, and answers go from; borrowed */
	uint16_t port;	   /* of the instance */
	int64_t limit_ms;  /* how long the first one is tried for; then all that wait are dropped */
	struct pace *pace; /* of all that ask the same instance; borrowed */
	struct flows_room room;
};

/* NULL: out of memory. */
struct flows *flows_open(const struct flows_how *how);

/* Who serves now; clients of another one begin anew. NULL: nobody. */
void flows_lead(struct flows *flows, const struct target *target);

/* Passes on some of what has come; there is somebody. */
void flows_pass(struct flows *flows);

/* Whether flows_pass() is to be called when there is more; else one is being tried. */
bool flows_want(const struct flows *flows);

/* Whether one has got to who serves now. */
bool flows_are_served(const struct flows *flows);

/* What has come so far is dropped. */
void flows_drop(struct flows *flows);

/* Does what is due. Returns when to call again, in ms; -1: no need. */
int flows_tick(struct flows *flows, int64_t now_ms);

void flows_close(struct flows *flows);
