// SPDX-License-Identifier: GPL-2.0-or-later
/* The history of events; see event_log.h. One write per line and no fsync: it is to outlive the
 * supervisor, not the machine. */
#include "launcher/supervisor/event_log.h"

#include "launcher/js.h"
#include "runtime/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct event_log {
	int fd; /* -1: it could not be opened */
	int64_t bytes;
	bool torn; /* it ends inside a line */
	uint64_t last;
	char path[PATH_MAX];
	char path_before[PATH_MAX + 2];
};

static void open_file(struct event_log *log)
{
	const int flags = O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC;
	struct stat info;

	log->fd = open(log->path, flags, 0600);
	log->bytes = log->fd >= 0 && fstat(log->fd, &info) == 0 ? info.st_size : 0;
	log->torn = false;
}

/* The number of the last line in these bytes that is whole; 0: there is none. What cannot be read
 * now is not taken for damaged: a number would come twice. */
static int last_number(const char *bytes, size_t len, uint64_t *ret_number, struct err *err)
{
	const char *end = memrchr(bytes, '\n', len);

	while (end) {
		const char *before = memrchr(bytes, '\n', (size_t)(end - bytes));
		const char *line = before ? before + 1 : bytes;
		autojs struct json_t *event = NULL;

		int r = js_parse(line, (size_t)(end - line), &event, err);

		if (r == -ENOMEM)
			return r;
		if (r == 0 && js_int(event, "seq", 0) > 0) {
			*ret_number = (uint64_t)js_int(event, "seq", 0);
			break;
		}
		end = before;
	}
	return 0;
}

/* Two lines at least fit into what is read, so that one of them may be damaged. */
static int number_at_end(int fd, uint64_t *ret_number, bool *ret_torn, struct err *err)
{
	autofree char *bytes = malloc(2 * EVENT_LINE_MAX);
	struct stat info;

	if (!bytes)
		return err_set(err, ENOMEM, "events");
	if (fd < 0 || fstat(fd, &info) < 0)
		return 0;
	off_t start = info.st_size > 2 * EVENT_LINE_MAX ? info.st_size - 2 * EVENT_LINE_MAX : 0;
	ssize_t n = pread(fd, bytes, 2 * EVENT_LINE_MAX, start);

	if (n <= 0)
		return 0;
	*ret_torn = bytes[n - 1] != '\n';
	return last_number(bytes, (size_t)n, ret_number, err);
}

static int find_last(struct event_log *log, struct err *err)
{
	bool ignored = false;
	int r = number_at_end(log->fd, &log->last, &log->torn, err);

	if (r < 0 || log->last > 0)
		return r;
	autoclose int before = open(log->path_before, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	return number_at_end(before, &log->last, &ignored, err);
}

int event_log_open(const char *dir, struct event_log **ret_log, struct err *err)
{
	struct event_log *log = calloc(1, sizeof(*log));

	if (!log)
		return err_set(err, ENOMEM, "events");
	snprintf(log->path, sizeof(log->path), "%s/%s", dir, EVENT_LOG_NAME);
	snprintf(log->path_before, sizeof(log->path_before), "%s.1", log->path);
	open_file(log);
	int r = log->fd < 0 && (errno == EMFILE || errno == ENFILE)
			? err_set(err, errno, "open '%s'", log->path)
			: find_last(log, err);

	if (r < 0) {
		event_log_close(log);
		return r;
	}
	*ret_log = log;
	return 0;
}

void event_log_close(struct event_log *log)
{
	if (!log)
		return;
	fd_drop(&log->fd);
	free(log);
}

uint64_t event_log_number(struct event_log *log)
{
	return ++log->last;
}

/* Whatever fails, the old file serves on. */
static void rotate(struct event_log *log)
{
	int before = log->fd;

	if (rename(log->path, log->path_before) < 0 && errno != ENOENT) {
		log->bytes = 0; /* tried again when as much has come */
		return;
	}
	open_file(log);
	if (log->fd < 0)
		log->fd = before;
	else
		fd_drop(&before);
}

bool event_log_append(struct event_log *log, const char *line, size_t len)
{
	if (log->fd < 0)
		open_file(log);
	if (log->fd >= 0 && log->bytes + (int64_t)len > EVENT_LOG_BYTES)
		rotate(log);
	if (log->fd < 0 || (log->torn && write(log->fd, "\n", 1) != 1))
		return false;
	ssize_t n = write(log->fd, line, len);

	if (n > 0)
		log->bytes += n;
	log->torn = n > 0 && (size_t)n < len;
	return n == (ssize_t)len;
}

/* The end of a file from the first line on that begins in it. Returns how many bytes it looked at.
 */
static size_t put_end(int fd, size_t max_bytes, struct buf *lines)
{
	autofree char *bytes = malloc(max_bytes);
	struct stat info;

	if (!bytes || fd < 0 || fstat(fd, &info) < 0)
		return 0;
	size_t size = (size_t)info.st_size < max_bytes ? (size_t)info.st_size : max_bytes;
	bool whole = size == (size_t)info.st_size;
	ssize_t n = pread(fd, bytes, size, info.st_size - (off_t)size);

	if (n <= 0)
		return 0;
	const char *start = whole ? bytes : memchr(bytes, '\n', (size_t)n);
	const char *end = memrchr(bytes, '\n', (size_t)n);

	if (!start || !end || start >= end)
		return (size_t)n;
	start += !whole;
	buf_put(lines, start, (size_t)(end + 1 - start));
	return (size_t)n;
}

void event_log_recent(const struct event_log *log, size_t max_bytes, struct buf *lines)
{
	autobuf struct buf recent = {0};
	size_t seen = put_end(log->fd, max_bytes, &recent);

	if (seen < max_bytes) {
		autoclose int before = open(log->path_before, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

		(void)put_end(before, max_bytes - seen, lines);
	}
	if (recent.len > 0)
		buf_put(lines, recent.data, recent.len);
	lines->failed |= recent.failed;
}
