// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The log file of one instance with its rotation. No trouble of the disk is an error for the one
 * who writes: the oldest file makes room, else lines are counted as lost, and the file says so when
 * it can be written again. Knows nothing of pipes.
 */
#pragma once

#include "runtime/base/err.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct log_file;

/* A full file becomes PATH.1, what was that PATH.2, and so on; the oldest goes. */
struct log_limits {
	int64_t max_bytes;  /* of one file, exceeded by one write at most; 0: no bound */
	unsigned max_files; /* with the one being written; at least 1 */
};

/* Told once when lines begin to be lost, and once when that is over. */
struct log_news {
	int code;      /* errno: why; 0: it is over */
	bool journal;  /* of the journal, not of the file */
	uint64_t lost; /* lines, when it is over */
};

typedef void (*log_trouble_fn)(void *data, const struct log_news *news);

struct log_trouble {
	log_trouble_fn fn; /* may be NULL */
	void *data;
};

/* Appends to what is at @path; a line that was cut off there is ended before the first one. Fails
 * for want of memory only. */
int log_file_open(const char *path, const struct log_limits *limits,
		  const struct log_trouble *trouble, struct log_file **ret_file,
		  struct err *err) must_check;

/* Accepts NULL. */
void log_file_close(struct log_file *file);

/* Where lines go, told before they do: whoever comes later finds out how many have arrived. */
struct log_place {
	uint64_t device;
	int64_t size;		/* of the file, without them */
	_Atomic uint64_t inode; /* written last */
};

/*
 * Writes whole lines of the CRI format, or counts them as lost.
 *
 * @stamp	"2026-01-31T23:59:59.123456789Z", for what the file itself has to say
 * @place	out, before the first of the lines is written; may be NULL
 */
void log_file_write(struct log_file *file, const char *stamp, const char *lines, size_t len,
		    struct log_place *place);

/* Writes what is not in the file yet of lines that somebody was writing at @place; all of them when
 * it is another file. */
void log_file_resume(struct log_file *file, const char *stamp, const char *lines, size_t len,
		     const struct log_place *place);

/* What it was opened with. */
void log_file_target(const struct log_file *file, char ret_path[static PATH_MAX],
		     struct log_limits *ret_limits);

/* Since it was opened, notes of its own included. */
struct log_counts {
	uint64_t written_bytes;
	uint64_t lost_lines;
};

/* From any thread, also while it is being written. */
struct log_counts log_file_counts(const struct log_file *file);

/* By how much it exceeds its bound; below 0 when it does not. */
int64_t log_file_excess(const struct log_file *file);

/* Begins a new file. Whatever fails, there is one to go on with; it is tried again when that is
 * full. */
void log_file_rotate(struct log_file *file);
