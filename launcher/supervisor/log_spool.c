// SPDX-License-Identifier: GPL-2.0-or-later
/* Memory that outlives us; see log_spool.h. */
#include "launcher/supervisor/log_spool.h"

#include "launcher/supervisor/keep.h"
#include "runtime/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

/* Of the mark, and of how chunks become lines: what another davit has left is not touched. */
#define VERSION	  1
#define MAP_BYTES (LOG_SPOOL_BYTES + sizeof(struct log_mark))

struct name {
	char text[32];
};

static struct name name_of(unsigned number)
{
	struct name name;

	snprintf(name.text, sizeof(name.text), "log.spool-%u", number);
	return name;
}

static int map(int fd, struct log_spool *ret_spool, struct err *err)
{
	char *bytes = mmap(NULL, MAP_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (bytes == MAP_FAILED)
		return err_set(err, errno, "log spool");
	(void)madvise(bytes, MAP_BYTES,
		      MADV_DONTFORK); /* what a container begins as has none of it */
	*ret_spool = (struct log_spool){
		.fd = fd,
		.chunk = bytes,
		.mark = (struct log_mark *)(void *)(bytes + LOG_SPOOL_BYTES),
	};
	return 0;
}

int log_spool_open(struct keep *keep, unsigned number, struct log_spool *ret_spool, struct err *err)
{
	autoclose int fd = memfd_create("log", MFD_CLOEXEC);

	if (fd < 0 || ftruncate(fd, MAP_BYTES) < 0)
		return err_set(err, errno, "log spool");
	int r = map(fd, ret_spool, err);

	if (r < 0)
		return r;
	r = keep_store(keep, name_of(number).text, fd, err);
	if (r < 0) {
		(void)munmap(ret_spool->chunk, MAP_BYTES);
		return r;
	}
	ret_spool->mark->version = VERSION;
	(void)take_fd(&fd);
	return 0;
}

/* Nothing that a davit of this version would not have left. */
static bool makes_sense(const struct log_spool *spool)
{
	const struct log_mark *mark = spool->mark;
	size_t held = log_spool_held(spool);

	return mark->version == VERSION && held <= LOG_SPOOL_BYTES && mark->to <= held &&
	       mark->done <= mark->to && memchr(mark->path, '\0', sizeof(mark->path)) &&
	       memchr(mark->stamp, '\0', sizeof(mark->stamp));
}

int log_spool_left(struct keep *keep, unsigned number, struct log_spool *ret_spool, struct err *err)
{
	int fd = keep_take(keep, name_of(number).text);
	struct stat info;

	if (fd < 0)
		return fd;
	struct log_spool spool = {.fd = fd};
	bool whole = fstat(fd, &info) == 0 && info.st_size == (off_t)MAP_BYTES;
	int r = whole ? map(fd, &spool, err) : -ENOENT;

	if (r == 0 && !makes_sense(&spool))
		r = -ENOENT;
	if (r == -ENOENT)
		log_spool_drop(keep, number, &spool);
	else if (r < 0)
		log_spool_close(&spool);
	else
		*ret_spool = spool;
	return r;
}

void log_spool_close(struct log_spool *spool)
{
	if (spool->chunk)
		(void)munmap(spool->chunk, MAP_BYTES);
	spool->chunk = NULL;
	spool->mark = NULL;
	fd_drop(&spool->fd);
}

void log_spool_drop(struct keep *keep, unsigned number, struct log_spool *spool)
{
	keep_drop(keep, name_of(number).text);
	log_spool_close(spool);
}

void log_spool_begin(struct log_spool *spool, const struct log_file *file, unsigned kind,
		     bool in_line)
{
	struct log_mark *mark = spool->mark;

	mark->kind = kind;
	mark->in_line = in_line;
	log_file_target(file, mark->path, &mark->limits);
	mark->place.inode = 0;
	mark->done = 0;
	mark->to = 0;
}

ssize_t log_spool_fill(struct log_spool *spool, int pipe_fd, size_t len)
{
	return splice(pipe_fd, NULL, spool->fd, NULL, len, SPLICE_F_NONBLOCK);
}

void log_spool_hold(struct log_spool *spool, size_t len)
{
	/* Cannot fail: a file in memory, and a position within it. */
	(void)lseek(spool->fd, (off_t)len, SEEK_SET);
}

size_t log_spool_held(const struct log_spool *spool)
{
	off_t at = lseek(spool->fd, 0, SEEK_CUR);

	return at > 0 ? (size_t)at : 0;
}
