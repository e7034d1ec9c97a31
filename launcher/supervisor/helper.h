// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A process in libexec that serves the stack's network beside the supervisor: started when it is
 * needed, started again when it dies, adopted from a predecessor, ended with the stack. It has no
 * privileges, and a socket by which it hears what to do (launcher/helper/words.h), the other end of
 * which the keeper has, too.
 */
#pragma once

#include "runtime/base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct supervisor;
struct watch;

/* What is particular to one; all is borrowed. */
struct helper_kind {
	const char *program; /* in libexec */
	const char *name;    /* of its record in the run directory, and with the keeper */
	const char *event;   /* in the log: "name-server" */
	/* There is a new process, which has been told nothing yet, or none any more. */
	void (*begun)(void *data);
	/* Says what is still to be said, to the socket @control_fd; -EAGAIN: it is called again. */
	int (*tell)(void *data, int control_fd);
	/* It has said something. NULL: it never does. */
	void (*heard)(void *data, char word, const char *key);
	/* Its timer has run out. NULL: nothing but itself has asked for that. */
	void (*timer)(void *data);
};

/* Zero-initialise. */
struct helper {
	struct supervisor *sup;
	const struct helper_kind *kind; /* NULL: not opened */
	void *data;
	int control_fd; /* -1: there is no process */
	int pidfd;
	struct watch *end_watch;
	struct watch *control_watch;
	struct watch *timer;
	int64_t started_ms;
	unsigned quick_ends;
};

/* Starts nothing. @helper stays where it is. */
int helper_open(struct helper *helper, struct supervisor *sup, const struct helper_kind *kind,
		void *data) must_check;

/* Starts it unless it is there, and tells it what is to be told. One that cannot be started, or
 * that ends at once again and again, is tried again by itself, after a pause. */
void helper_tell(struct helper *helper);

/* Has kind->timer called within a second. */
void helper_wake(struct helper *helper);

/* Goes on with the process of a predecessor; ends it instead when another program is installed now.
 * Returns whether there is one. */
bool helper_adopt(struct helper *helper);

/* Ends what a predecessor has left that nobody adopts. */
void helper_purge(const struct supervisor *sup, const struct helper_kind *kind);

/* Ends it. */
void helper_close(struct helper *helper);
