// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Log files; see log_file.h. Everything here is a handful of system calls on files of our own: none
 * waits for anybody but the disk.
 */
#include "launcher/supervisor/log_file.h"

#include "runtime/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* A file that cannot be opened is tried again after this many seconds. */
#define REOPEN_S 1
/* Troubles that come and go are told this often. */
#define TELL_AGAIN_S 60

struct log_file {
	struct log_limits limits;
	struct log_trouble trouble;
	int fd;		      /* -1: it could not be opened */
	int code;	      /* why */
	time_t tried_s;	      /* CLOCK_MONOTONIC, when that was */
	int64_t bytes;	      /* in it */
	bool torn;	      /* it ends inside a line */
	bool troubled;	      /* the last write failed, or had to make room */
	bool told;	      /* and that has been told */
	time_t told_s;	      /* when something was told last */
	uint64_t lost;	      /* lines, in this trouble */
	uint64_t lost_unsaid; /* those that the file does not tell of yet */
	/* Of all times; asked for while another thread writes. */
	atomic_uint_fast64_t written_bytes;
	atomic_uint_fast64_t lost_lines;
	char path[];
};

static time_t now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

/* As a write that was cut off has left it. */
static bool ends_inside_line(int fd, off_t size)
{
	char last = '\n';

	return size > 0 && pread(fd, &last, 1, size - 1) == 1 && last != '\n';
}

static int open_file(struct log_file *file)
{
	const int flags = O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC;
	struct stat info;
	int fd = open(file->path, flags, 0640);

	file->code = fd < 0 ? errno : 0;
	file->tried_s = now_s();
	if (fd < 0)
		return -file->code;
	file->fd = fd;
	file->bytes = fstat(fd, &info) == 0 ? info.st_size : 0;
	file->torn = ends_inside_line(fd, file->bytes);
	return 0;
}

int log_file_open(const char *path, const struct log_limits *limits,
		  const struct log_trouble *trouble, struct log_file **ret_file, struct err *err)
{
	struct log_file *file = calloc(1, sizeof(*file) + strlen(path) + 1);

	if (!file)
		return err_set(err, ENOMEM, "log '%s'", path);
	file->limits = *limits;
	file->trouble = *trouble;
	file->fd = -1;
	memcpy(file->path, path, strlen(path) + 1);
	file->told_s = -TELL_AGAIN_S;
	(void)!open_file(file); /* the first line tries again */
	*ret_file = file;
	return 0;
}

void log_file_close(struct log_file *file)
{
	if (!file)
		return;
	fd_drop(&file->fd);
	free(file);
}

int64_t log_file_excess(const struct log_file *file)
{
	return file->limits.max_bytes > 0 ? file->bytes - file->limits.max_bytes : INT64_MIN;
}

/* PATH for 0, else PATH.N. */
static void file_name(const struct log_file *file, unsigned number, char ret_name[static PATH_MAX])
{
	if (number == 0)
		snprintf(ret_name, PATH_MAX, "%s", file->path);
	else
		snprintf(ret_name, PATH_MAX, "%s.%u", file->path, number);
}

void log_file_rotate(struct log_file *file)
{
	int before = file->fd;
	char from[PATH_MAX];
	char to[PATH_MAX];

	for (unsigned number = file->limits.max_files - 1; number > 0; number--) {
		file_name(file, number - 1, from);
		file_name(file, number, to);
		if (rename(from, to) < 0 && errno != ENOENT)
			break;
	}
	if (file->limits.max_files == 1)
		(void)unlink(file->path);
	if (open_file(file) == 0)
		fd_drop(&before);
	file->bytes = 0;
}

/* Drops the oldest of the files that are not being written; false when there is none. */
static bool make_room(const struct log_file *file)
{
	char name[PATH_MAX];
	unsigned number = 1;

	for (; number < file->limits.max_files; number++) {
		file_name(file, number, name);
		if (access(name, F_OK) < 0)
			break;
	}
	if (number == 1)
		return false;
	file_name(file, number - 1, name);
	return unlink(name) == 0;
}

static void trouble_begin(struct log_file *file, int code)
{
	bool tell = !file->troubled && now_s() - file->told_s >= TELL_AGAIN_S;

	file->troubled = true;
	if (!tell)
		return;
	file->told = true;
	file->told_s = now_s();
	if (file->trouble.fn)
		file->trouble.fn(file->trouble.data, &(struct log_news){.code = code});
}

static void trouble_end(struct log_file *file)
{
	uint64_t lost = file->lost;
	bool tell = file->told;

	file->troubled = false;
	file->told = false;
	file->lost = 0;
	if (tell && file->trouble.fn)
		file->trouble.fn(file->trouble.data, &(struct log_news){.lost = lost});
}

/* How much of it is in the file; why the rest is not is in errno. */
static size_t write_some(struct log_file *file, const char *bytes, size_t len)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = write(file->fd, bytes + done, len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == ENOSPC || errno == EDQUOT) && make_room(file)) {
			trouble_begin(file, ENOSPC);
			continue;
		}
		if (n < 0)
			break;
		done += (size_t)n;
	}
	file->bytes += (int64_t)done;
	atomic_fetch_add_explicit(&file->written_bytes, done, memory_order_relaxed);
	if (done > 0)
		file->torn = bytes[done - 1] != '\n';
	return done;
}

static void lose(struct log_file *file, const char *lines, size_t len, int code)
{
	const char *end = lines + len;

	for (const char *at = lines; at < end && (at = memchr(at, '\n', (size_t)(end - at)));
	     at++) {
		file->lost++;
		file->lost_unsaid++;
		atomic_fetch_add_explicit(&file->lost_lines, 1, memory_order_relaxed);
	}
	trouble_begin(file, code);
}

/* Says in the file what is missing there. */
static bool write_loss(struct log_file *file, const char *stamp)
{
	char note[160];
	int len = snprintf(note, sizeof(note),
			   "%s stderr F davit: %llu lines of the log are lost: it could not be "
			   "written\n",
			   stamp, (unsigned long long)file->lost_unsaid);

	if (write_some(file, note, (size_t)len) != (size_t)len)
		return false;
	file->lost_unsaid = 0;
	return true;
}

static void tell_place(const struct log_file *file, struct log_place *place)
{
	struct stat info;

	if (!place || fstat(file->fd, &info) < 0)
		return;
	place->device = info.st_dev;
	place->size = info.st_size;
	place->inode = info.st_ino;
}

void log_file_target(const struct log_file *file, char ret_path[static PATH_MAX],
		     struct log_limits *ret_limits)
{
	memccpy(ret_path, file->path, '\0', PATH_MAX);
	*ret_limits = file->limits;
}

void log_file_write(struct log_file *file, const char *stamp, const char *lines, size_t len,
		    struct log_place *place)
{
	bool was_troubled = file->troubled;
	size_t done = 0;

	if (file->fd < 0 && (!was_troubled || now_s() - file->tried_s >= REOPEN_S))
		(void)!open_file(file); /* it leaves why it cannot be */
	errno = file->code;
	if (file->fd >= 0 && (!file->torn || write_some(file, "\n", 1) == 1) &&
	    (file->lost_unsaid == 0 || write_loss(file, stamp))) {
		tell_place(file, place);
		done = write_some(file, lines, len);
	}
	if (done < len)
		lose(file, lines + done, len - done, errno);
	else if (was_troubled)
		trouble_end(file);
}

void log_file_resume(struct log_file *file, const char *stamp, const char *lines, size_t len,
		     const struct log_place *place)
{
	struct stat info;
	bool there = file->fd >= 0 && fstat(file->fd, &info) == 0 && info.st_ino == place->inode &&
		     info.st_dev == place->device && info.st_size >= place->size;
	size_t done = there ? (size_t)(info.st_size - place->size) : 0;

	if (there)
		file->torn = false; /* inside of a line of these, if anywhere */
	if (done < len)
		log_file_write(file, stamp, lines + done, len - done, NULL);
}

struct log_counts log_file_counts(const struct log_file *file)
{
	return (struct log_counts){atomic_load_explicit(&file->written_bytes, memory_order_relaxed),
				   atomic_load_explicit(&file->lost_lines, memory_order_relaxed)};
}
