// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Draining instances' pipes into log files; see logs.h. A failed write costs lines of that instance
 * only: they are counted and the loss is written to the log when writing works again.
 */
#include "launcher/supervisor/logs.h"

#include "launcher/supervisor/stamp.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>

/* One read per turn of the loop: a flood of one instance waits for everybody else. */
#define READ_BYTES	65536
#define PART_BYTES_MAX	16384
#define DRAIN_READS_MAX 64

struct log_stream {
	struct log_sink *sink;
	const char *name;
	int read_fd;
	int write_fd;
	struct watch *watch;
};

struct log_sink {
	int file_fd;
	uint64_t lost_bytes;
	struct log_stream streams[2];
};

/* One for all: the supervisor has one thread, and a turn leaves nothing in them. */
static char chunk[READ_BYTES];
static struct buf lines;

void log_format(struct buf *out, const char *stamp, const char *stream, const char *bytes,
		size_t len)
{
	while (len > 0) {
		size_t limit = len < PART_BYTES_MAX ? len : PART_BYTES_MAX;
		const char *newline = memchr(bytes, '\n', limit);
		size_t text = newline ? (size_t)(newline - bytes) : limit;

		buf_puts(out, stamp);
		buf_printf(out, " %s %c ", stream, newline ? 'F' : 'P');
		buf_put(out, bytes, text);
		buf_put(out, "\n", 1);
		bytes += text + (newline ? 1 : 0);
		len -= text + (newline ? 1 : 0);
	}
}

static void sink_write(struct log_sink *sink, const struct buf *text, size_t raw_len)
{
	size_t done = 0;

	while (!text->failed && done < text->len) {
		ssize_t n = write(sink->file_fd, text->data + done, text->len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			break;
		done += (size_t)n;
	}
	if (text->failed || done < text->len)
		sink->lost_bytes += raw_len;
}

static void sink_report_loss(struct log_sink *sink, const char *stamp)
{
	autobuf struct buf note = {0};

	if (sink->lost_bytes == 0)
		return;
	buf_printf(&note,
		   "%s stderr F davit: %llu bytes of log lost: the log could not be written\n",
		   stamp, (unsigned long long)sink->lost_bytes);
	if (!note.failed && write(sink->file_fd, note.data, note.len) == (ssize_t)note.len)
		sink->lost_bytes = 0;
}

/* Returns false when there is nothing more to read for now. */
static bool stream_read_once(struct log_stream *stream)
{
	struct timespec now;
	char stamp[STAMP_SIZE];
	ssize_t n = read(stream->read_fd, chunk, sizeof(chunk));

	if (n <= 0)
		return n < 0 && errno == EINTR;
	clock_gettime(CLOCK_REALTIME, &now);
	stamp_text(&now, 9, stamp);
	sink_report_loss(stream->sink, stamp);
	lines.len = 0;
	log_format(&lines, stamp, stream->name, chunk, (size_t)n);
	sink_write(stream->sink, &lines, (size_t)n);
	if (lines.failed)
		buf_free(&lines);
	return (size_t)n == sizeof(chunk);
}

static void on_readable(void *data, int fd, uint32_t events)
{
	(void)stream_read_once(data); /* what is left comes with the next turn */
}

void log_drain(struct log_sink *sink)
{
	for (size_t i = 0; i < ARRAY_SIZE(sink->streams); i++)
		for (int reads = 0; reads < DRAIN_READS_MAX; reads++)
			if (!stream_read_once(&sink->streams[i]))
				break;
}

static int stream_open(struct loop *loop, struct log_sink *sink, size_t which, struct err *err)
{
	struct log_stream *stream = &sink->streams[which];
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_set(err, errno, "log pipe");
	stream->read_fd = fds[0];
	stream->write_fd = fds[1];
	/* Only our end: the instance's must block, that is what holds a flooder back. */
	if (fcntl(fds[0], F_SETFL, O_NONBLOCK) < 0)
		return err_set(err, errno, "log pipe");
	int r = loop_watch_fd(loop, &(struct loop_io){fds[0], EPOLLIN, on_readable, stream},
			      &stream->watch, err);

	if (r == 0)
		watch_priority(stream->watch, LOOP_LOGS);
	return r;
}

int log_open(struct loop *loop, const char *path, struct log_sink **ret_sink, struct err *err)
{
	struct log_sink *sink = calloc(1, sizeof(*sink));

	if (!sink)
		return err_set(err, ENOMEM, "log '%s'", path);
	sink->streams[0] = (struct log_stream){sink, "stdout", -1, -1, NULL};
	sink->streams[1] = (struct log_stream){sink, "stderr", -1, -1, NULL};
	sink->file_fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0640);
	int r = sink->file_fd < 0 ? err_set(err, errno, "log '%s'", path) : 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(sink->streams); i++)
		r = stream_open(loop, sink, i, err);
	if (r < 0) {
		log_close(sink);
		return r;
	}
	*ret_sink = sink;
	return 0;
}

int log_stdout_fd(const struct log_sink *sink)
{
	return sink->streams[0].write_fd;
}

int log_stderr_fd(const struct log_sink *sink)
{
	return sink->streams[1].write_fd;
}

void log_close(struct log_sink *sink)
{
	if (!sink)
		return;
	log_drain(sink);
	for (size_t i = 0; i < ARRAY_SIZE(sink->streams); i++) {
		struct log_stream *stream = &sink->streams[i];

		watch_free(stream->watch);
		fd_drop(&stream->read_fd);
		fd_drop(&stream->write_fd);
	}
	fd_drop(&sink->file_fd);
	free(sink);
}
