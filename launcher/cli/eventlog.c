// SPDX-License-Identifier: GPL-2.0-or-later
/* The history of events; see eventlog.h. */
#include "launcher/cli/eventlog.h"

#include "runtime/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME	       "events.jsonl"
#define NAME_BEFORE    NAME ".1"
#define BLOCK_BYTES    ((size_t)64 << 10)
#define LINE_MAX_BYTES ((size_t)64 << 10)

int eventlog_open(struct eventlog *log, const char *dir, struct err *err)
{
	const uint32_t events = IN_CREATE | IN_MOVED_TO | IN_MODIFY | IN_DELETE;
	autofree char *parent = NULL;

	log->dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (log->dir_fd < 0)
		return err_set(err, errno, "events in '%s'", dir);
	log->inotify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (log->inotify_fd < 0 || inotify_add_watch(log->inotify_fd, dir, events) < 0)
		return err_set(err, errno, "watch '%s'", dir);
	/* IN_DELETE_SELF does not come while somebody, as we, holds the directory open. */
	if (asprintf(&parent, "%s/..", dir) < 0)
		return err_set(err, ENOMEM, "watch '%s'", dir);
	if (inotify_add_watch(log->inotify_fd, parent, IN_DELETE) < 0)
		return err_set(err, errno, "watch '%s'", parent);
	return 0;
}

void eventlog_close(struct eventlog *log)
{
	fd_drop(&log->dir_fd);
	fd_drop(&log->inotify_fd);
	fd_drop(&log->fd);
	buf_free(&log->bytes);
}

static int open_one(const struct eventlog *log, const char *name)
{
	return openat(log->dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
}

/* The older file where there is one: what was given already is known by its number. */
static void open_first(struct eventlog *log)
{
	log->fd = open_one(log, NAME_BEFORE);
	log->in_last = log->fd < 0;
	if (log->in_last)
		log->fd = open_one(log, NAME);
	log->moved = false;
	log->bytes.len = log->taken = 0;
}

static bool is_moved(const struct eventlog *log)
{
	struct stat open_info;
	struct stat info;

	return fstat(log->fd, &open_info) == 0 &&
	       fstatat(log->dir_fd, NAME, &info, AT_SYMLINK_NOFOLLOW) == 0 &&
	       (open_info.st_ino != info.st_ino || open_info.st_dev != info.st_dev);
}

/* At the end of a file: true when there is another one to go on with. */
static bool go_on(struct eventlog *log)
{
	if (!log->in_last) {
		int fd = open_one(log, NAME);

		if (fd < 0)
			return false;
		fd_drop(&log->fd);
		log->fd = fd;
		log->in_last = true;
		log->bytes.len = log->taken = 0;
		return true;
	}
	if (log->moved) {
		fd_drop(&log->fd);
		open_first(log);
		return log->fd >= 0;
	}
	/* What was appended before it was moved is read first. */
	log->moved = is_moved(log);
	return log->moved;
}

/* Takes in a block: 1, or 0 when there is nothing more for now. */
static int read_block(struct eventlog *log, struct err *err)
{
	char block[BLOCK_BYTES];

	if (log->fd < 0)
		open_first(log);
	if (log->fd < 0)
		return 0;
	ssize_t n = read(log->fd, block, sizeof(block));

	if (n < 0)
		return err_set(err, errno, "read events");
	if (n == 0)
		return go_on(log);
	if (log->taken > 0) {
		log->bytes.len -= log->taken;
		memmove(log->bytes.data, log->bytes.data + log->taken, log->bytes.len);
		log->taken = 0;
	}
	buf_put(&log->bytes, block, (size_t)n);
	int r = buf_check(&log->bytes, err);

	return r < 0 ? r : 1;
}

int eventlog_next(struct eventlog *log, struct json_t **ret_event, struct err *err)
{
	for (;;) {
		size_t len = log->bytes.len - log->taken;
		char *line = len > 0 ? log->bytes.data + log->taken : NULL;
		char *newline = line ? memchr(line, '\n', len) : NULL;
		struct json_t *event = NULL;

		if (!newline && len > LINE_MAX_BYTES)
			newline = line + len - 1; /* not one of ours; bounded all the same */
		if (!newline) {
			int r = read_block(log, err);

			if (r <= 0)
				return r;
			continue;
		}
		log->taken += (size_t)(newline - line) + 1;
		if (js_parse(line, (size_t)(newline - line), &event, NULL) < 0)
			continue;
		if (js_int(event, "seq", 0) > log->last) {
			log->last = js_int(event, "seq", 0);
			*ret_event = event;
			return 1;
		}
		js_free(event);
	}
}

void eventlog_update(struct eventlog *log)
{
	_Alignas(struct inotify_event) char bytes[16384];
	struct stat info;

	while (read(log->inotify_fd, bytes, sizeof(bytes)) > 0)
		; /* that something has happened is all we need to know */
	log->ended = fstat(log->dir_fd, &info) < 0 || info.st_nlink == 0;
}
