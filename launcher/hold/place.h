// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One service, those who listen for it, and the connections that were accepted for it and are with
 * no instance yet.
 */
#pragma once

#include "launcher/hold/call.h"

struct place;

/* What the places of a process share. */
struct hall {
	int loop_fd;
	struct place *places;
	unsigned open;	  /* connections that are accepted, and clients that send datagrams */
	unsigned clients; /* those of them who send datagrams, and may be invented: half of it */
	unsigned most;	  /* of which one place has a part */
	/* Says one of enum hold_answer. Returns false when it is to be said later. */
	bool (*say)(void *data, char answer, const char *key);
	/* Heeds what was said before somebody came. */
	void (*hear)(void *data);
	void *data;
};

/* What a word says. */
struct place_socket {
	uint16_t port;	  /* 0: as its connections were made */
	int64_t limit_ms; /* how long one may wait, or a datagram */
};

/* Takes @fd in any case. */
void place_listen(struct hall *hall, const char *service, const struct place_socket *socket,
		  int fd);

/* @target: NULL: nobody */
void place_lead(struct hall *hall, const char *service, const struct target *target);

/* Nobody will come: whoever waits is reset. */
void place_dismiss(struct hall *hall, const char *service);

/* Closes its sockets, in the next place_tick(): who waits there is reset. */
void place_forget(struct hall *hall, const char *service);

/* Does what is due. Returns when to call again, in ms; -1: no need. */
int place_tick(struct hall *hall, int64_t now_ms);
