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

/* Taken anew for every file: readers tell by the times of lines what they have seen. */
static void stream_stamp(const struct log_stream *stream, char stamp[static STAMP_SIZE],
			 char prefix[static LOG_PREFIX_MAX])
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	stamp_text(&now, 9, stamp);
	snprintf(prefix, LOG_PREFIX_MAX, "%s %s ", stamp,
		 stream->kind == LOG_STDERR ? "stderr" : "stdout");
}

static void stream_write(struct log_stream *stream, struct log_room *room, const char *bytes,
			 size_t len)
{
	struct log_out out = {.bytes = room->out, .size = sizeof(room->out)};
	char stamp[STAMP_SIZE];
	char prefix[LOG_PREFIX_MAX];

	if (len == 0)
		return;
	stream_stamp(stream, stamp, prefix);
	stream->in_line = bytes[len - 1] != '\n';
	for (size_t done = 0; done < len;) {
		/* Many short lines are many prefixes: a read may fill a file several times over. */
		if (done > 0 && bytes[done - 1] == '\n' && log_file_excess(stream->file) >= 0) {
			log_file_rotate(stream->file);
			stream_stamp(stream, stamp, prefix);
		}
		out.len = 0;
		done += log_format(&out, prefix, bytes + done, len - done);
		log_file_write(stream->file, stamp, out.bytes, out.len);
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

static void stream_take(struct log_stream *stream, struct log_room *room, size_t len)
{
	const char *chunk = room->chunk;
	size_t first = 0;

	if (log_file_excess(stream->file) >= 0) {
		first = rest_of_line(stream, chunk, len);
		stream_write(stream, room, chunk, first);
		if (first < len)
			log_file_rotate(stream->file);
	}
	stream_write(stream, room, chunk + first, len - first);
	if (stream->journal)
		journal_write(stream->journal, stream->kind == LOG_STDERR, chunk, len);
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

static void terminal_take(struct log_stream *stream, struct log_room *room, size_t len)
{
	len = drop_returns(stream, room->chunk, len);
	if (len > 0)
		stream_take(stream, room, len);
}

static size_t read_bytes(const struct log_stream *stream)
{
	return stream->journal ? JOURNAL_READ_BYTES : LOG_FLOOD_BYTES;
}

size_t log_stream_read(struct log_stream *stream, struct log_room *room)
{
	size_t held = stream->held_return;

	if (stream->read_fd < 0 || stream->ended)
		return 0;
	room->chunk[0] = '\r';
	ssize_t n = read(stream->read_fd, room->chunk + held, read_bytes(stream) - held);

	/* A terminal that nobody has any more says so, again and again. */
	if (n < 0 && errno == EIO)
		stream->ended = true;
	if (n <= 0)
		return 0;
	if (stream->kind == LOG_TERMINAL)
		terminal_take(stream, room, held + (size_t)n);
	else
		stream_take(stream, room, (size_t)n);
	return (size_t)n;
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
