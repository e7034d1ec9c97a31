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
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <time.h>

/* One read per turn of the loop: a flood of one instance waits for everybody else. */
#define READ_BYTES	65536
#define PART_BYTES_MAX	16384
#define DRAIN_READS_MAX 64
#define LINE_EXCESS_MAX (1 << 20) /* a line is torn only when it is longer */

struct log_stream {
	struct log_sink *sink;
	const char *name;
	int read_fd;
	int write_fd;
	bool in_line; /* what was read last is not the end of a line */
	struct watch *watch;
};

struct log_sink {
	char *path;
	struct log_limits limits;
	int file_fd;
	int64_t bytes; /* in the file */
	uint64_t lost_bytes;
	struct loop *loop;
	struct log_stream streams[3]; /* stdout, stderr, a terminal */
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

static int file_open(struct log_sink *sink)
{
	const int flags = O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC;
	struct stat info;

	sink->file_fd = open(sink->path, flags, 0640);
	sink->bytes = sink->file_fd >= 0 && fstat(sink->file_fd, &info) == 0 ? info.st_size : 0;
	return sink->file_fd < 0 ? -errno : 0;
}

/* PATH for 0, else PATH.N. */
static void file_name(const struct log_sink *sink, unsigned number, char *ret_name)
{
	if (number == 0)
		snprintf(ret_name, PATH_MAX, "%s", sink->path);
	else
		snprintf(ret_name, PATH_MAX, "%s.%u", sink->path, number);
}

/* Whatever fails, there is a file to go on with; it is tried again when that is full. */
static void sink_rotate(struct log_sink *sink)
{
	int before = sink->file_fd;
	char from[PATH_MAX];
	char to[PATH_MAX];

	for (unsigned number = sink->limits.max_files - 1; number > 0; number--) {
		file_name(sink, number - 1, from);
		file_name(sink, number, to);
		if (rename(from, to) < 0 && errno != ENOENT)
			break;
	}
	if (sink->limits.max_files == 1)
		(void)unlink(sink->path);
	if (file_open(sink) < 0)
		sink->file_fd = before;
	else
		close(before);
	sink->bytes = 0;
}

static bool sink_is_full(const struct log_sink *sink)
{
	return sink->limits.max_bytes > 0 && sink->bytes >= sink->limits.max_bytes;
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
	sink->bytes += (int64_t)done;
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

static void stream_write(struct log_stream *stream, const char *stamp, const char *bytes,
			 size_t len)
{
	if (len == 0)
		return;
	stream->in_line = bytes[len - 1] != '\n';
	lines.len = 0;
	log_format(&lines, stamp, stream->name, bytes, len);
	sink_write(stream->sink, &lines, len);
	if (lines.failed)
		buf_free(&lines);
}

/* How much of the chunk is still to go into a full file: the rest of a line. */
static size_t rest_of_line(const struct log_stream *stream, size_t len)
{
	const struct log_sink *sink = stream->sink;
	const char *newline = stream->in_line ? memchr(chunk, '\n', len) : NULL;

	if (newline)
		return (size_t)(newline - chunk) + 1;
	return stream->in_line && sink->bytes - sink->limits.max_bytes < LINE_EXCESS_MAX ? len : 0;
}

static void stream_close(struct log_stream *stream)
{
	watch_free(take_ptr(stream->watch));
	fd_drop(&stream->read_fd);
	fd_drop(&stream->write_fd);
}

/* Returns false when there is nothing more to read for now. */
static bool stream_read_once(struct log_stream *stream)
{
	struct timespec now;
	char stamp[STAMP_SIZE];
	ssize_t n = stream->read_fd < 0 ? 0 : read(stream->read_fd, chunk, sizeof(chunk));
	size_t first = 0;

	/* A terminal that nobody has any more says so, again and again. */
	if (n < 0 && errno == EIO) {
		stream_close(stream);
		return false;
	}
	if (n <= 0)
		return n < 0 && errno == EINTR;
	size_t len = (size_t)n;

	clock_gettime(CLOCK_REALTIME, &now);
	stamp_text(&now, 9, stamp);
	sink_report_loss(stream->sink, stamp);
	if (sink_is_full(stream->sink)) {
		first = rest_of_line(stream, len);
		stream_write(stream, stamp, chunk, first);
		if (first < len)
			sink_rotate(stream->sink);
	}
	stream_write(stream, stamp, chunk + first, len - first);
	return len == sizeof(chunk);
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

/* Only our end does not wait: the instance's must, that is what holds a flooder back. */
static int stream_watch(struct log_stream *stream, struct err *err)
{
	if (fcntl(stream->read_fd, F_SETFL, O_NONBLOCK) < 0)
		return err_set(err, errno, "log");
	int r = loop_watch_fd(stream->sink->loop,
			      &(struct loop_io){stream->read_fd, EPOLLIN, on_readable, stream},
			      &stream->watch, err);

	if (r == 0)
		watch_priority(stream->watch, LOOP_LOGS);
	return r;
}

/* Lines end with a newline alone: nobody looks at it but the log. */
static int terminal_set_up(int master_fd, int slave_fd)
{
	const struct winsize size = {.ws_row = 24, .ws_col = 80};
	struct termios mode;

	if (tcgetattr(slave_fd, &mode) < 0)
		return -errno;
	mode.c_oflag &= ~(tcflag_t)ONLCR;
	if (tcsetattr(slave_fd, TCSANOW, &mode) < 0 || ioctl(master_fd, TIOCSWINSZ, &size) < 0)
		return -errno;
	return 0;
}

int log_terminal(struct log_sink *sink, int *ret_fd, struct err *err)
{
	struct log_stream *stream = &sink->streams[2];

	(void)stream_read_once(stream);
	stream_close(stream);
	stream->read_fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (stream->read_fd < 0 || unlockpt(stream->read_fd) < 0)
		return err_set(err, errno, "terminal");
	autoclose int fd = ioctl(stream->read_fd, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	int r = fd < 0 ? -errno : terminal_set_up(stream->read_fd, fd);

	if (r < 0)
		return err_set(err, -r, "terminal");
	r = stream_watch(stream, err);
	if (r == 0)
		*ret_fd = take_fd(&fd);
	return r;
}

static int stream_open(struct log_sink *sink, size_t which, struct err *err)
{
	struct log_stream *stream = &sink->streams[which];
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_set(err, errno, "log pipe");
	stream->read_fd = fds[0];
	stream->write_fd = fds[1];
	return stream_watch(stream, err);
}

int log_open(struct loop *loop, const char *path, const struct log_limits *limits,
	     struct log_sink **ret_sink, struct err *err)
{
	struct log_sink *sink = calloc(1, sizeof(*sink));

	if (!sink)
		return err_set(err, ENOMEM, "log '%s'", path);
	for (size_t i = 0; i < ARRAY_SIZE(sink->streams); i++)
		sink->streams[i] = (struct log_stream){.sink = sink,
						       .name = i == 1 ? "stderr" : "stdout",
						       .read_fd = -1,
						       .write_fd = -1};
	sink->loop = loop;
	sink->file_fd = -1;
	sink->limits = *limits;
	sink->path = strdup(path);
	int r = sink->path ? file_open(sink) : -ENOMEM;

	if (r < 0)
		r = err_set(err, -r, "log '%s'", path);

	for (size_t i = 0; r == 0 && i < 2; i++)
		r = stream_open(sink, i, err);
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
	for (size_t i = 0; i < ARRAY_SIZE(sink->streams); i++)
		stream_close(&sink->streams[i]);
	fd_drop(&sink->file_fd);
	free(sink->path);
	free(sink);
}
