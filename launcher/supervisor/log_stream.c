// SPDX-License-Identifier: GPL-2.0-or-later
/* From a pipe into a file; see log_stream.h. Allocates nothing, so that any thread may do it while
 * another one forks. */
#include "launcher/supervisor/log_stream.h"

#include "launcher/supervisor/log_format.h"
#include "launcher/supervisor/stamp.h"
#include "runtime/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

/* A line is torn only when it is longer. */
#define LINE_EXCESS_MAX (1 << 20)

static void line_prefix(enum log_stream_kind kind, const char *stamp,
			char prefix[static LOG_PREFIX_MAX])
{
	snprintf(prefix, LOG_PREFIX_MAX, "%s %s ", stamp, kind == LOG_STDERR ? "stderr" : "stdout");
}

/* Taken anew for every file: readers tell by the times of lines what they have seen. */
static void stream_stamp(const struct log_stream *stream, char stamp[static STAMP_SIZE],
			 char prefix[static LOG_PREFIX_MAX])
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	stamp_text(&now, 9, stamp);
	line_prefix(stream->kind, stamp, prefix);
}

/* It is in the file up to what was said to be on its way. */
static void arrived(struct log_mark *mark)
{
	mark->done = mark->to;
	mark->place.inode = 0;
}

/* @bytes: within the chunk. */
static void stream_write(struct log_stream *stream, struct log_room *room, const char *bytes,
			 size_t len)
{
	struct log_out out = {.bytes = room->out, .size = sizeof(room->out)};
	struct log_mark *mark = room->spool.mark;
	char prefix[LOG_PREFIX_MAX];

	if (len == 0)
		return;
	stream_stamp(stream, mark->stamp, prefix);
	stream->in_line = bytes[len - 1] != '\n';
	for (size_t done = 0; done < len;) {
		/* Many short lines are many prefixes: a read may fill a file several times over. */
		if (done > 0 && bytes[done - 1] == '\n' && log_file_excess(stream->file) >= 0) {
			log_file_rotate(stream->file);
			stream_stamp(stream, mark->stamp, prefix);
		}
		out.len = 0;
		done += log_format(&out, prefix, bytes + done, len - done);
		mark->to = (uint32_t)(bytes + done - room->spool.chunk);
		log_file_write(stream->file, mark->stamp, out.bytes, out.len, &mark->place);
		arrived(mark);
	}
}

/* How much of the chunk is still to go into a full file: the rest of a line. */
static size_t rest_of_line(const struct log_stream *stream, const char *chunk, size_t len)
{
	const char *newline = stream->in_line ? memchr(chunk, '\n', len) : NULL;

	if (newline)
		return (size_t)(newline - chunk) + 1;
	return stream->in_line && log_file_excess(stream->file) < LINE_EXCESS_MAX ? len : 0;
}

/* Has @len bytes of the chunk, from @chunk on, in files. */
static void stream_file(struct log_stream *stream, struct log_room *room, const char *chunk,
			size_t len)
{
	size_t first = 0;

	if (log_file_excess(stream->file) >= 0) {
		first = rest_of_line(stream, chunk, len);
		stream_write(stream, room, chunk, first);
		if (first < len)
			log_file_rotate(stream->file);
	}
	stream_write(stream, room, chunk + first, len - first);
}

static void stream_take(struct log_stream *stream, struct log_room *room, size_t len)
{
	stream_file(stream, room, room->spool.chunk, len);
	if (stream->journal && len > 0)
		journal_write(stream->journal, stream->kind == LOG_STDERR, room->spool.chunk, len);
	log_spool_hold(&room->spool, 0);
}

/* A terminal ends lines with two characters, a file with one. Returns how much is left; the second
 * of them may be yet to come. */
static size_t drop_returns(struct log_stream *stream, char *bytes, size_t len)
{
	size_t left = 0;

	for (size_t i = 0; i < len; i++)
		if (bytes[i] != '\r' || (i + 1 < len && bytes[i + 1] != '\n'))
			bytes[left++] = bytes[i];
	stream->held_return = bytes[len - 1] == '\r';
	return left;
}

static size_t read_bytes(const struct log_stream *stream)
{
	return stream->journal ? JOURNAL_READ_BYTES : LOG_FLOOD_BYTES;
}

/* Only pipes can be spliced: from a terminal to the spool it is a short step of ours. */
static ssize_t terminal_fill(struct log_stream *stream, struct log_spool *spool)
{
	size_t held = stream->held_return;

	spool->chunk[0] = '\r';
	ssize_t n = read(stream->read_fd, spool->chunk + held, read_bytes(stream) - held);

	if (n > 0)
		log_spool_hold(spool, drop_returns(stream, spool->chunk, held + (size_t)n));
	return n;
}

size_t log_stream_read(struct log_stream *stream, struct log_room *room)
{
	const bool terminal = stream->kind == LOG_TERMINAL;
	struct log_spool *spool = &room->spool;

	if (stream->read_fd < 0 || stream->ended)
		return 0;
	log_spool_begin(spool, stream->file, stream->kind, stream->in_line);
	ssize_t n = terminal ? terminal_fill(stream, spool)
			     : log_spool_fill(spool, stream->read_fd, read_bytes(stream));

	/* A terminal that nobody has any more says so, again and again. */
	if (n < 0 && errno == EIO)
		stream->ended = true;
	if (n <= 0)
		return 0;
	stream_take(stream, room, terminal ? log_spool_held(spool) : (size_t)n);
	return (size_t)n;
}

/* The rest of what was on its way, as it would have been written. */
static void finish_lines(const struct log_stream *stream, struct log_room *room)
{
	struct log_out out = {.bytes = room->out, .size = sizeof(room->out)};
	struct log_mark *mark = room->spool.mark;
	char prefix[LOG_PREFIX_MAX];

	line_prefix(stream->kind, mark->stamp, prefix);
	(void)log_format(&out, prefix, room->spool.chunk + mark->done, mark->to - mark->done);
	log_file_resume(stream->file, mark->stamp, out.bytes, out.len, &mark->place);
	arrived(mark);
}

int log_stream_recover(struct log_room *room, struct err *err)
{
	struct log_mark *mark = room->spool.mark;
	const char *chunk = room->spool.chunk;
	size_t held = log_spool_held(&room->spool);
	struct log_stream stream = {.kind = mark->kind, .read_fd = -1, .in_line = mark->in_line};

	if (held == 0)
		return 0;
	int r = log_file_open(mark->path, &mark->limits, &(struct log_trouble){0}, &stream.file,
			      err);

	if (r < 0)
		return r;
	if (mark->to > mark->done && mark->place.inode != 0)
		finish_lines(&stream, room);
	if (mark->done > 0)
		stream.in_line = chunk[mark->done - 1] != '\n';
	stream_file(&stream, room, chunk + mark->done, held - mark->done);
	log_spool_hold(&room->spool, 0);
	log_file_close(stream.file);
	return 0;
}

bool log_stream_floods(const struct log_stream *stream)
{
	int bytes = 0;

	return ioctl(stream->read_fd, FIONREAD, &bytes) == 0 && (size_t)bytes >= read_bytes(stream);
}

void log_stream_drain(struct log_stream *stream, struct log_room *room)
{
	size_t total = 0;
	size_t len = 0;

	while (total < LOG_PIPE_BYTES && (len = log_stream_read(stream, room)) > 0)
		total += len;
}

void log_stream_grow(struct log_stream *stream)
{
	if (!stream->grown)
		(void)fcntl(stream->read_fd, F_SETPIPE_SZ, LOG_PIPE_BYTES); /* it serves as it is */
	stream->grown = true;
}
