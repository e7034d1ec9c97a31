// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reading one instance's log file, record by record, with the parts of long lines joined. The file
 * may grow, be cut or vanish meanwhile.
 */
#pragma once

#include "launcher/cli/logfilter.h"

#include <sys/types.h>

/* The beginning of a long line. */
struct log_part {
	bool present;
	struct log_record record;
};

struct logfile {
	char *instance; /* "web-1" */
	int fd;
	off_t offset; /* of the next byte to read from the file */
	struct buf bytes;
	size_t taken;	  /* of bytes */
	int64_t after_ns; /* records up to this moment are known already */
	bool skip_line;	  /* began inside a line: its rest is not shown */
	bool at_end;	  /* nothing more to read until somebody says so */
	bool gone;	  /* removed from its directory: dropped once read to the end */
	bool has_record;  /* `record` is complete and not taken yet */
	struct log_record record;
	struct log_part parts[2]; /* stdout, stderr */
};

/* Opens a log of the directory; @instance is copied. -EINVAL when it is not a regular file. */
int logfile_open(struct logfile *file, int dir_fd, const char *file_name, const char *instance,
		 struct err *err) must_check;
void logfile_close(struct logfile *file);

/* Reads on at a byte offset; the line it falls into is skipped. */
void logfile_seek(struct logfile *file, off_t offset);

/* Goes to where the last @count records that pass the filter begin; how many there are of them, or
 * -errno. */
int64_t logfile_seek_tail(struct logfile *file, int64_t count, const struct log_filter *filter,
			  struct err *err) must_check;

/* Goes shortly before the first record not older than @since_ns. */
int logfile_seek_since(struct logfile *file, int64_t since_ns, struct err *err) must_check;

/* Makes file->record complete: 1, or 0 when there is no whole record yet. The caller clears
 * has_record when it is done with it. */
int logfile_peek(struct logfile *file, struct err *err) must_check;

/* There will be no more: an unfinished record counts as complete. Returns as logfile_peek(). */
int logfile_finish(struct logfile *file);
