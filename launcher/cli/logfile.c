// SPDX-License-Identifier: GPL-2.0-or-later
/* One log file; see logfile.h. Lines that are not in the format are shown as they are: a log is
 * read when something is wrong. */
#include "launcher/cli/logfile.h"

#include "launcher/cli/cri.h"
#include "runtime/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define BLOCK_BYTES    ((size_t)64 << 10)
#define RECORD_MAX     ((size_t)1 << 20) /* a longer line is shown in pieces */
#define TAIL_FIRST     ((off_t)64 << 10)
#define SINCE_CLOSE_BY ((off_t)256 << 10)

int logfile_open(struct logfile *file, int dir_fd, const char *file_name, const char *instance,
		 struct err *err)
{
	struct stat info;

	*file = (struct logfile){.fd = -1, .after_ns = INT64_MIN};
	autoclose int fd =
		openat(dir_fd, file_name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0 || fstat(fd, &info) < 0)
		return err_set(err, errno, "open log '%s'", file_name);
	if (!S_ISREG(info.st_mode))
		return err_say(err, EINVAL, "log '%s' is not a regular file", file_name);
	file->instance = strdup(instance);
	if (!file->instance)
		return err_set(err, ENOMEM, "open log '%s'", file_name);
	file->fd = take_fd(&fd);
	return 0;
}

void logfile_close(struct logfile *file)
{
	fd_drop(&file->fd);
	free(file->instance);
	file->instance = NULL;
	buf_free(&file->bytes);
	buf_free(&file->record.text);
	for (size_t i = 0; i < ARRAY_SIZE(file->parts); i++)
		buf_free(&file->parts[i].record.text);
}

void logfile_seek(struct logfile *file, off_t offset)
{
	/* One byte earlier: when that is a newline, nothing has to be skipped. */
	file->offset = offset > 0 ? offset - 1 : 0;
	file->skip_line = offset > 0;
	file->bytes.len = 0;
	file->taken = 0;
	file->record.text.len = 0;
	file->has_record = false;
	for (size_t i = 0; i < ARRAY_SIZE(file->parts); i++)
		file->parts[i].present = false;
	file->at_end = false;
}

/* The next block; 0 at the end. */
static int read_block(struct logfile *file, struct err *err)
{
	char block[BLOCK_BYTES];
	struct stat info;

	/* Cut from outside: what is there now is new. */
	if (fstat(file->fd, &info) == 0 && info.st_size < file->offset)
		logfile_seek(file, 0);
	ssize_t n = pread(file->fd, block, sizeof(block), file->offset);

	if (n < 0)
		return err_set(err, errno, "read log of %s", file->instance);
	file->at_end = n == 0;
	if (n == 0)
		return 0;
	if (file->taken > 0) {
		file->bytes.len -= file->taken;
		memmove(file->bytes.data, file->bytes.data + file->taken, file->bytes.len);
		file->taken = 0;
	}
	buf_put(&file->bytes, block, (size_t)n);
	file->offset += n;
	int r = buf_check(&file->bytes, err);

	return r < 0 ? r : 1;
}

/* A line that is whole becomes the record; its text changes places with that of the last one. */
static void take_part(struct logfile *file, struct log_part *part)
{
	const struct log_record record = file->record;

	file->record = part->record;
	part->record.text = record.text;
	part->present = false;
	file->has_record = true;
}

/* One line of the file, which may be a part of one. The parts of the two streams may alternate. */
static void take_line(struct logfile *file, const char *line, size_t len)
{
	struct cri_line parsed;

	if (cri_parse(line, len, &parsed) < 0)
		parsed = (struct cri_line){
			.time_ns = file->record.time_ns, .text = line, .len = len};
	struct log_part *part = &file->parts[parsed.is_stderr];

	if (!part->present) {
		part->record.text.len = 0;
		part->record.time_ns = parsed.time_ns;
		part->record.is_stderr = parsed.is_stderr;
		part->present = true;
	}
	buf_put(&part->record.text, parsed.text, parsed.len);
	if (!parsed.partial || part->record.text.len >= RECORD_MAX)
		take_part(file, part);
}

int logfile_peek(struct logfile *file, struct err *err)
{
	while (!file->has_record) {
		size_t len = file->bytes.len - file->taken;
		char *start = len > 0 ? file->bytes.data + file->taken : NULL;
		char *newline = len > 0 ? memchr(start, '\n', len) : NULL;

		if (!newline && len > 2 * RECORD_MAX)
			newline = start + len - 1; /* not a log of ours; bounded all the same */
		if (!newline) {
			int r = file->at_end ? 0 : read_block(file, err);

			if (r <= 0)
				return r;
			continue;
		}
		file->taken += (size_t)(newline - start) + 1;
		if (file->skip_line)
			file->skip_line = false;
		else
			take_line(file, start, (size_t)(newline - start));
	}
	int r = buf_check(&file->record.text, err);

	return r < 0 ? r : 1;
}

int logfile_finish(struct logfile *file)
{
	size_t len = file->bytes.len - file->taken;

	if (len > 0 && !file->skip_line)
		take_line(file, file->bytes.data + file->taken, len);
	file->taken = file->bytes.len;
	for (size_t i = 0; i < ARRAY_SIZE(file->parts) && !file->has_record; i++)
		if (file->parts[i].present)
			take_part(file, &file->parts[i]);
	return file->has_record;
}

/* Where the file ends now. */
static int file_size(const struct logfile *file, off_t *ret_size, struct err *err)
{
	struct stat info;

	if (fstat(file->fd, &info) < 0)
		return err_set(err, errno, "stat log of %s", file->instance);
	*ret_size = info.st_size;
	return 0;
}

/* Takes records until @most (-1: all there are) have passed the filter; how many have. */
static int64_t skip_records(struct logfile *file, int64_t most, const struct log_filter *filter,
			    struct err *err)
{
	int64_t count = 0;
	int r = 0;

	while (count != most && (r = logfile_peek(file, err)) > 0) {
		file->has_record = false;
		count += log_filter_passes(filter, &file->record);
	}
	return r < 0 ? r : count;
}

int64_t logfile_seek_tail(struct logfile *file, int64_t count, const struct log_filter *filter,
			  struct err *err)
{
	off_t window = TAIL_FIRST;
	off_t size = 0;
	int r = file_size(file, &size, err);

	if (r < 0 || count == 0) {
		logfile_seek(file, size);
		return r;
	}
	/* Ever larger windows from the end, until one holds more than enough: its first record may
	 * be the rest of a long line, so "just enough" will do only from the beginning. */
	for (;; window *= 8) {
		off_t start = size > window ? size - window : 0;

		logfile_seek(file, start);
		int64_t total = skip_records(file, -1, filter, err);

		if (total < 0)
			return total;
		if (total <= count && start > 0)
			continue;
		logfile_seek(file, start);
		int64_t excess = total > count ? total - count : 0;
		int64_t skipped = skip_records(file, excess, filter, err);

		return skipped < 0 ? skipped : total - excess;
	}
}

int logfile_seek_since(struct logfile *file, int64_t since_ns, struct err *err)
{
	off_t low = 0;
	off_t high = 0;
	int r = file_size(file, &high, err);

	/* Halving: a record at or behind `low` is too old, unless low is 0. */
	while (r >= 0 && high - low > SINCE_CLOSE_BY) {
		off_t middle = low + (high - low) / 2;

		logfile_seek(file, middle);
		r = logfile_peek(file, err);
		if (r > 0 && file->record.time_ns < since_ns)
			low = middle;
		else
			high = middle;
	}
	logfile_seek(file, low);
	return r < 0 ? r : 0;
}
