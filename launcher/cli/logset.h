// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The logs of a stack's instances as one stream, oldest record first; instances that appear later
 * join it, those that vanish leave it.
 */
#pragma once

#include "launcher/cli/logfile.h"

enum logset_start {
	LOGSET_ALL,
	LOGSET_NEW, /* only what is written from now on */
};

struct logset_options {
	const char *const *services; /* services or instances, NULL-terminated; empty or NULL: all;
					borrowed for as long as the set is used */
	enum logset_start start;
	int64_t tail; /* records per instance, of those that pass the filter; -1: all */
	const struct log_filter *filter; /* NULL: all pass; borrowed like the services */
	bool follow;
};

/* How far an instance's log is read. */
struct log_shown {
	char *instance;
	int64_t time_ns;
};

struct logset {
	struct logset_options options;
	int dir_fd;
	int inotify_fd; /* poll it, then logset_update(); -1 when not following */
	struct logfile *files;
	size_t count;
	struct log_shown *shown; /* of files that were dropped */
	size_t shown_count;
	size_t name_width; /* of the longest instance name so far */
};

/* Zero-initialise with both fds -1. -ENOENT: the stack has no logs. */
int logset_open(struct logset *set, const char *dir, const struct logset_options *options,
		struct err *err) must_check;
void logset_close(struct logset *set);
#define autologset __attribute__((cleanup(logset_close)))

/* The oldest record there is: 1, or 0 when there is none (yet). It is the set's, valid until the
 * next call. */
int logset_next(struct logset *set, const struct logfile **ret_file,
		const struct log_record **ret_record, struct err *err) must_check;

/* Takes in what inotify tells: without it nothing new is seen. */
int logset_update(struct logset *set, struct err *err) must_check;

/* Whether "web-1.log" belongs to one of the services or instances; the index follows the last
 * dash. */
bool logset_wants(const char *file_name, const char *const *services);
