// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reading a stack's history of events (launcher/API.md), and going on with what is appended to it,
 * through any rotation of its two files and any restart of who writes them.
 */
#pragma once

#include "launcher/js.h"

struct eventlog {
	int dir_fd;
	int inotify_fd; /* poll it, then eventlog_update() */
	int fd;		/* the file that is being read; -1: none yet */
	bool in_last;	/* it is the newer one */
	bool moved;	/* and was rotated away: to be read to its end */
	bool ended;	/* the stack's directory is gone: nothing will follow */
	int64_t last;	/* number of the last event that was given */
	struct buf bytes;
	size_t taken; /* of bytes */
};

/* Zero-initialise with all descriptors -1. -ENOENT: the stack does not run and has no history. */
int eventlog_open(struct eventlog *log, const char *dir, struct err *err) must_check;
void eventlog_close(struct eventlog *log);
#define autoeventlog __attribute__((cleanup(eventlog_close)))

/* The next event, owned by the caller: 1, or 0 when there is none (yet). Damaged lines are passed
 * over. */
int eventlog_next(struct eventlog *log, struct json_t **ret_event, struct err *err) must_check;

/* Takes in what inotify tells, and whether there will be more. */
void eventlog_update(struct eventlog *log);
