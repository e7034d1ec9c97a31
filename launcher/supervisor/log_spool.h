// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Where output is on its way from a pipe to a log file: in memory that the keeper has, too, so that
 * it outlives a supervisor that is killed. What is held is told by the position of the descriptor,
 * which the kernel moves in the same call that empties the pipe; how much of it is in the file
 * already, by a mark behind it. Each thread has a spool of its own.
 */
#pragma once

#include "launcher/supervisor/log_file.h"
#include "launcher/supervisor/stamp.h"

#include <limits.h>
#include <stdatomic.h>
#include <sys/types.h>

struct keep;

/* The loop's, and one for each thread there may be. */
#define LOG_SPOOLS	5
#define LOG_SPOOL_BYTES 65536

/*
 * Of what is held. Bytes before `done` are in files. When `to` is more than that and the place has
 * an inode, those in between were being written there, in lines of `stamp`. The order of these
 * stores is what a successor relies on, so they are atomic.
 */
struct log_mark {
	uint32_t version;
	uint32_t kind; /* enum log_stream_kind */
	struct log_limits limits;
	char path[PATH_MAX];
	char stamp[STAMP_SIZE];
	struct log_place place;
	_Atomic uint32_t done;
	_Atomic uint32_t to;
	bool in_line; /* what came before it was not the end of a line */
};

struct log_spool {
	int fd;
	char *chunk;	       /* LOG_SPOOL_BYTES */
	struct log_mark *mark; /* shared, as the chunk is */
};

/* An empty one, which the keeper has as well. @number: below LOG_SPOOLS. @ret_spool: the caller's,
 * log_spool_close(). */
int log_spool_open(struct keep *keep, unsigned number, struct log_spool *ret_spool,
		   struct err *err) must_check;

/*
 * That of a predecessor, which stays with the keeper until log_spool_drop().
 *
 * Returns 0; -ENOENT: there is none that could be made sense of; another -errno: it may be tried
 * again.
 */
int log_spool_left(struct keep *keep, unsigned number, struct log_spool *ret_spool,
		   struct err *err) must_check;

/* What is not open has -1 as its descriptor. */
void log_spool_close(struct log_spool *spool);

/* Has the keeper forget it, and closes it. */
void log_spool_drop(struct keep *keep, unsigned number, struct log_spool *spool);

/* Says whose output is to come; before anything is held. */
void log_spool_begin(struct log_spool *spool, const struct log_file *file, unsigned kind,
		     bool in_line);

/* Moves what a pipe has, without waiting, and holds it. As read(2). @len: LOG_SPOOL_BYTES at most.
 */
ssize_t log_spool_fill(struct log_spool *spool, int pipe_fd, size_t len);

/* The chunk has been filled otherwise, up to @len; 0: it is done with. */
void log_spool_hold(struct log_spool *spool, size_t len);

/* How much of the chunk is held. */
size_t log_spool_held(const struct log_spool *spool);
