// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What instances write: two pipes per instance (or a terminal), drained into a log file, and into
 * the journal where that is asked for. A flood is held back by its own pipe, which is grown once
 * and then full, and is read by a thread for floods, so that nobody else's lines, probes and
 * requests wait for it.
 */
#pragma once

#include "launcher/supervisor/journal.h"
#include "launcher/supervisor/log_file.h"
#include "launcher/supervisor/loop.h"

struct keep;
struct log_pump;
struct log_sink;

/* What all sinks of one loop share: the threads for those that flood. What a predecessor has read
 * and not written any more is in the files then. */
int log_pump_open(struct loop *loop, struct keep *keep, struct log_pump **ret_pump,
		  struct err *err) must_check;

/* After the last of its sinks. Accepts NULL. */
void log_pump_close(struct log_pump *pump);

/* stdout and stderr; -1: none. */
#define LOG_PIPES 2
struct log_pipes {
	int read_fds[LOG_PIPES];
	int write_fds[LOG_PIPES];
};

struct log_config {
	const char *path; /* appended to */
	struct log_limits limits;
	struct journal_config journal;
	struct log_trouble trouble;    /* of file and journal */
	const struct log_pipes *pipes; /* to go on with those of another sink: all four are taken
					  over, unless this fails; NULL: new ones */
};

/* @ret_sink	out: owned by the caller, log_close() */
int log_open(struct log_pump *pump, const struct log_config *config, struct log_sink **ret_sink,
	     struct err *err) must_check;

/* The ends that a container gets as its stdout and stderr, and ours. Borrowed: a second holder
 * duplicates them. */
struct log_pipes log_pipes(const struct log_sink *sink);

/* What has come of it since it was opened. */
struct log_counts log_counts(const struct log_sink *sink);

/* What a terminal shows goes to the log as stdout. That of the run before is forgotten. @fd: its
 * other side, taken over unless this fails. */
int log_terminal(struct log_sink *sink, int fd, struct err *err) must_check;

/* What was read of it is written, and it is the loop that goes on reading: before this process
 * becomes another one, or ends. */
void log_settle(struct log_sink *sink);

/* Reads what is in the pipes at this moment, so that a dead instance's last words are in the file.
 */
void log_drain(struct log_sink *sink);

/* Drains and frees; the file stays. Accepts NULL. */
void log_close(struct log_sink *sink);
