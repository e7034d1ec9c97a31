// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One stream of an instance: what is read of its pipe or terminal becomes lines of the log file.
 * Belongs to one thread at a time, with the other streams of its instance: they share the file.
 */
#pragma once

#include "launcher/supervisor/journal.h"
#include "launcher/supervisor/log_file.h"
#include "launcher/supervisor/log_spool.h"

#include <sys/types.h>

/* Who fills a pipe of the usual size has more to say than others. */
#define LOG_FLOOD_BYTES 65536
/* Of a pipe that was found full. */
#define LOG_PIPE_BYTES (128 << 10)

/* What a read passes through; nothing is left in it between two reads. Each thread has one. More
 * of it makes nothing faster: what takes time is the kernel's. */
struct log_room {
	struct log_spool spool;
	char out[LOG_FLOOD_BYTES];
};
_Static_assert(LOG_FLOOD_BYTES <= LOG_SPOOL_BYTES, "a read fits into the spool");

enum log_stream_kind { LOG_STDOUT, LOG_STDERR, LOG_TERMINAL, LOG_STREAMS };

struct log_stream {
	enum log_stream_kind kind;
	int read_fd;		 /* -1: none */
	void *owner;		 /* its instance's log */
	struct log_loan *loan;	 /* that it belongs to, while it is lent */
	struct log_file *file;	 /* borrowed */
	struct journal *journal; /* borrowed; NULL: not asked for */
	bool in_line;		 /* what was read last is not the end of a line */
	bool grown;
	bool ended;	  /* a terminal that nobody has any more: not to be read again */
	bool held_return; /* of a terminal: what was read last, which may be half of a line's end */
};

/* Reads once, without waiting. How much there was; 0: nothing for now. */
size_t log_stream_read(struct log_stream *stream, struct log_room *room);

/*
 * Writes what is left in a spool of who was killed: that of it which no file has. The journal may
 * have none of it.
 *
 * -ENOMEM: it is as it was.
 */
int log_stream_recover(struct log_room *room, struct err *err) must_check;

/* Whether there is more than the loop has time for. */
bool log_stream_floods(const struct log_stream *stream);

/* Reads what is there at this moment, and no more than a full pipe's worth. */
void log_stream_drain(struct log_stream *stream, struct log_room *room);

/* A deeper pipe from now on: fewer changes between writer and reader, and a pause of ours is
 * bridged. Only those that need it cost the kernel the memory. */
void log_stream_grow(struct log_stream *stream);
