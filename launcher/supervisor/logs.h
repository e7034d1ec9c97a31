// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What instances write: two pipes per instance, drained into one file in the CRI log format
 * (`2026-01-31T23:59:59.123456789Z stdout F text`, P for a part of a longer line). Stateless per
 * line: a line that is not whole yet is written as a part, so nothing waits in memory.
 */
#pragma once

#include "launcher/supervisor/loop.h"

#include <sys/types.h>

struct log_sink;

/* A full file becomes PATH.1, what was that PATH.2, and so on; the oldest goes. */
struct log_limits {
	int64_t max_bytes;  /* of one file, exceeded by one read at most; 0: no bound */
	unsigned max_files; /* with the one being written; at least 1 */
};

/*
 * @path	the log file, appended to
 * @ret_sink	out: owned by the caller, log_close()
 */
int log_open(struct loop *loop, const char *path, const struct log_limits *limits,
	     struct log_sink **ret_sink, struct err *err) must_check;

/* The ends that a container gets as its stdout and stderr. Borrowed. */
int log_stdout_fd(const struct log_sink *sink);
int log_stderr_fd(const struct log_sink *sink);

/*
 * A new terminal for a run; what it shows goes to the log as stdout. That of the run before is
 * forgotten.
 *
 * @ret_fd	out: the side of the program, owned by the caller
 */
int log_terminal(struct log_sink *sink, int *ret_fd, struct err *err) must_check;

/* Reads what is in the pipes at this moment, so that a dead instance's last words are in the file.
 */
void log_drain(struct log_sink *sink);

/* Drains and frees; the file stays. Accepts NULL. */
void log_close(struct log_sink *sink);

/*
 * Pure: appends @len bytes as CRI lines.
 *
 * @stamp	"2026-01-31T23:59:59.123456789Z"
 * @stream	"stdout" or "stderr"
 */
struct buf;
void log_format(struct buf *out, const char *stamp, const char *stream, const char *bytes,
		size_t len);
