// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The state of one keeper: who it is and how its supervisor fares. What it holds is in store.h and
 * exits.h. The files of this folder and what each does:
 *
 * - main.c: the loop; start.c: a supervisor's start; talk.c: what is said and heard
 * - handover.c: from one keeper to the next; store.c, exits.c: the tables; pace.c: pauses
 * - wire.c: the form in which both sides speak, the only file that a supervisor shares
 *
 * Nothing is allocated, and nothing that a supervisor says or does can end a keeper but an end
 * with status 0.
 */
#pragma once

#include "runtime/base/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct keeper {
	const char *program; /* our own, for an upgrade */
	const char *supervisor;
	const char *stack;
	int ready_fd; /* for the first supervisor, who says there how its start went; else -1 */
	pid_t supervisor_pid; /* 0: there is none now */
	int socket_fd;	      /* to it; -1: there is none, or it has closed its end */
	size_t told;	      /* how much of the store it was sent */
	bool all_told;
	bool behind; /* it has to read before it is sent more */
	bool serves;
	bool has_served;    /* this one or another: a death is not the end */
	bool stopping;	    /* a signal has asked for the end of the stack */
	bool upgrade;	    /* is due as soon as the supervisor serves */
	int64_t begun_ms;   /* when it began to serve */
	int64_t pause_ms;   /* before its start; -1: there was none before */
	int64_t restart_ms; /* when the next is to be started, while supervisor_pid is 0 */
};

/* CLOCK_BOOTTIME: a machine that sleeps is not one that fails. */
int64_t keeper_now_ms(void);

/* One line to stderr, which is the log of the supervisor. */
void keeper_say(const struct keeper *keeper, const char *fmt, ...) format_like(2, 3);

/* start.c: starts a supervisor, whose store is empty and told nothing yet. */
int start_supervisor(struct keeper *keeper, struct err *err) must_check;

/* talk.c: hears all there is to hear and does it. */
void talk_hear(struct keeper *keeper);

/* talk.c: says what there is to say, as far as it is read. */
void talk_tell(struct keeper *keeper);

/* talk.c: has the supervisor end, to be followed by another. */
void talk_replace(struct keeper *keeper);

/* handover.c: becomes the program that is installed now, with all there is. Returns only on
 * failure, with nothing changed: -errno. */
int handover_exec(struct keeper *keeper, struct err *err) must_check;

/* handover.c: takes what keeper or supervisor have left in an inherited file, and closes it. */
void handover_read(struct keeper *keeper, int file_fd);
