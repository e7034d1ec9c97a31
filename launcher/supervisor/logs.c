// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Draining instances' pipes into log files; see logs.h. A stream that fills what one read takes is
 * not watched any more but stands in a queue, which gets one bounded turn per round of the loop:
 * whoever writes little is served between two such turns.
 */
#include "launcher/supervisor/logs.h"

#include "launcher/supervisor/log_format.h"
#include "launcher/supervisor/stamp.h"
#include "runtime/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define READ_BYTES  65536
#define OUT_BYTES   (2 * READ_BYTES)
#define TURN_NS	    500000
#define VISIT_READS 8
/* Of a pipe that was found full; and the most that is drained at once. */
#define PIPE_BYTES (128 << 10)
/* A line is torn only when it is longer. */
#define LINE_EXCESS_MAX (1 << 20)

struct log_stream {
	struct log_sink *sink;
	struct log_stream *next; /* in the pump's queue */
	int read_fd;
	int write_fd;
	bool in_line; /* what was read last is not the end of a line */
	bool queued;
	bool grown;
	bool held_return; /* of a terminal: what was read last, which may be half of a line's end */
	struct watch *watch;
};

struct log_sink {
	struct log_pump *pump;
	struct log_file *file;
	struct journal *journal;		  /* NULL: not asked for */
	struct log_stream streams[LOG_PIPES + 1]; /* stdout, stderr, a terminal */
};

struct log_pump {
	struct loop *loop;
	int turn_fd; /* always readable; watched while somebody stands in the queue */
	struct watch *turn;
	struct log_stream *first;
	struct log_stream **last;
	char chunk[READ_BYTES]; /* nothing is left in them between two reads */
	char out[OUT_BYTES];
};

/* ---- one read ---- */

static int64_t now_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static bool is_stderr(const struct log_stream *stream)
{
	return stream == &stream->sink->streams[1];
}

/* Taken anew for every file: readers tell by the times of lines what they have seen. */
static void stream_stamp(const struct log_stream *stream, char stamp[static STAMP_SIZE],
			 char prefix[static LOG_PREFIX_MAX])
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	stamp_text(&now, 9, stamp);
	snprintf(prefix, LOG_PREFIX_MAX, "%s %s ", stamp, is_stderr(stream) ? "stderr" : "stdout");
}

static void stream_write(struct log_stream *stream, const char *bytes, size_t len)
{
	struct log_pump *pump = stream->sink->pump;
	struct log_file *file = stream->sink->file;
	struct log_out out = {.bytes = pump->out, .size = sizeof(pump->out)};
	char stamp[STAMP_SIZE];
	char prefix[LOG_PREFIX_MAX];

	if (len == 0)
		return;
	stream_stamp(stream, stamp, prefix);
	stream->in_line = bytes[len - 1] != '\n';
	for (size_t done = 0; done < len;) {
		/* Many short lines are many prefixes: a read may fill a file several times over. */
		if (done > 0 && bytes[done - 1] == '\n' && log_file_excess(file) >= 0) {
			log_file_rotate(file);
			stream_stamp(stream, stamp, prefix);
		}
		out.len = 0;
		done += log_format(&out, prefix, bytes + done, len - done);
		log_file_write(file, stamp, out.bytes, out.len);
	}
}

/* How much of the chunk is still to go into a full file: the rest of a line. */
static size_t rest_of_line(const struct log_stream *stream, size_t len)
{
	const char *chunk = stream->sink->pump->chunk;
	const char *newline = stream->in_line ? memchr(chunk, '\n', len) : NULL;

	if (newline)
		return (size_t)(newline - chunk) + 1;
	return stream->in_line && log_file_excess(stream->sink->file) < LINE_EXCESS_MAX ? len : 0;
}

static void stream_take(struct log_stream *stream, size_t len)
{
	struct log_file *file = stream->sink->file;
	const char *chunk = stream->sink->pump->chunk;
	size_t first = 0;

	if (log_file_excess(file) >= 0) {
		first = rest_of_line(stream, len);
		stream_write(stream, chunk, first);
		if (first < len)
			log_file_rotate(file);
	}
	stream_write(stream, chunk + first, len - first);
	if (stream->sink->journal)
		journal_write(stream->sink->journal, is_stderr(stream), chunk, len);
}

static void queue_leave(struct log_stream *stream)
{
	struct log_pump *pump = stream->sink->pump;
	struct log_stream **link = &pump->first;

	if (!stream->queued)
		return;
	while (*link != stream)
		link = &(*link)->next;
	*link = stream->next;
	if (!*link)
		pump->last = link;
	stream->queued = false;
}

static void stream_close(struct log_stream *stream)
{
	queue_leave(stream);
	watch_free(take_ptr(stream->watch));
	fd_drop(&stream->read_fd);
	fd_drop(&stream->write_fd);
}

/* How much is read at once. */
static size_t read_bytes(const struct log_stream *stream)
{
	return stream->sink->journal ? JOURNAL_READ_BYTES : READ_BYTES;
}

static bool is_terminal(const struct log_stream *stream)
{
	return stream == &stream->sink->streams[LOG_PIPES];
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

static void terminal_take(struct log_stream *stream, size_t len)
{
	len = drop_returns(stream, stream->sink->pump->chunk, len);
	if (len > 0)
		stream_take(stream, len);
}

/* How much there was; 0: nothing for now. */
static size_t stream_read(struct log_stream *stream)
{
	char *chunk = stream->sink->pump->chunk;
	size_t held = stream->held_return;

	chunk[0] = '\r';
	ssize_t n = stream->read_fd < 0
			    ? 0
			    : read(stream->read_fd, chunk + held, read_bytes(stream) - held);

	/* A terminal that nobody has any more says so, again and again. */
	if (n < 0 && errno == EIO)
		stream_close(stream);
	if (n <= 0)
		return 0;
	if (is_terminal(stream))
		terminal_take(stream, held + (size_t)n);
	else
		stream_take(stream, (size_t)n);
	return (size_t)n;
}

/* ---- turns ---- */

/* Deeper from now on: fewer changes between writer and reader, and a pause of ours is bridged.
 * Only those that need it cost the kernel the memory. */
static void stream_grow(struct log_stream *stream)
{
	if (!stream->grown)
		(void)fcntl(stream->read_fd, F_SETPIPE_SZ, PIPE_BYTES); /* it serves as it is */
	stream->grown = true;
}

static void queue_join(struct log_stream *stream)
{
	struct log_pump *pump = stream->sink->pump;

	stream->next = NULL;
	stream->queued = true;
	*pump->last = stream;
	pump->last = &stream->next;
}

static void on_readable(void *data, int fd, uint32_t events)
{
	struct log_stream *stream = data;

	if (stream_read(stream) < read_bytes(stream))
		return;
	stream_grow(stream);
	watch_pause(stream->watch);
	queue_join(stream);
	watch_resume(stream->sink->pump->turn);
}

/* Several reads in a row wake the writer once; then the next one has its turn. */
static void visit(struct log_stream *stream, int64_t end_ns)
{
	for (int reads = 0; reads < VISIT_READS; reads++) {
		if (stream_read(stream) < read_bytes(stream)) {
			if (stream->watch)
				watch_resume(stream->watch);
			return;
		}
		if (now_ns(CLOCK_MONOTONIC) >= end_ns)
			break;
	}
	queue_join(stream);
}

static void on_turn(void *data, int fd, uint32_t events)
{
	struct log_pump *pump = data;
	int64_t end_ns = now_ns(CLOCK_MONOTONIC) + TURN_NS;

	while (pump->first && now_ns(CLOCK_MONOTONIC) < end_ns) {
		struct log_stream *stream = pump->first;

		queue_leave(stream);
		visit(stream, end_ns);
	}
	if (!pump->first)
		watch_pause(pump->turn);
}

static void stream_drain(struct log_stream *stream)
{
	size_t total = 0;
	size_t len = 0;

	while (total < PIPE_BYTES && (len = stream_read(stream)) > 0)
		total += len;
}

void log_drain(struct log_sink *sink)
{
	for (size_t i = 0; i < ARRAY_SIZE(sink->streams); i++)
		stream_drain(&sink->streams[i]);
}

/* ---- beginning and end ---- */

int log_pump_open(struct loop *loop, struct log_pump **ret_pump, struct err *err)
{
	struct log_pump *pump = calloc(1, sizeof(*pump));

	if (!pump)
		return err_set(err, ENOMEM, "logs");
	pump->loop = loop;
	pump->last = &pump->first;
	/* Among fds of one priority all have their turn; deferred work would come first for ever.
	 */
	pump->turn_fd = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
	int r = pump->turn_fd < 0 ? err_set(err, errno, "eventfd") : 0;

	if (r == 0)
		r = loop_watch_fd(loop, &(struct loop_io){pump->turn_fd, EPOLLIN, on_turn, pump},
				  &pump->turn, err);
	if (r < 0) {
		log_pump_close(pump);
		return r;
	}
	watch_priority(pump->turn, LOOP_LOGS);
	watch_pause(pump->turn);
	*ret_pump = pump;
	return 0;
}

void log_pump_close(struct log_pump *pump)
{
	if (!pump)
		return;
	watch_free(pump->turn);
	fd_drop(&pump->turn_fd);
	free(pump);
}

/* Only our end does not wait: the instance's must, that is what holds a flooder back. */
static int stream_watch(struct log_stream *stream, struct err *err)
{
	if (fcntl(stream->read_fd, F_SETFL, O_NONBLOCK) < 0)
		return err_set(err, errno, "log");
	int r = loop_watch_fd(stream->sink->pump->loop,
			      &(struct loop_io){stream->read_fd, EPOLLIN, on_readable, stream},
			      &stream->watch, err);

	if (r == 0)
		watch_priority(stream->watch, LOOP_LOGS);
	return r;
}

/* Whoever writes can read as well, so that the pipe has a reader as long as it has a writer: should
 * this process die, writers wait for the next one instead of being killed. */
static int hold_open(int writer_fd)
{
	char path[40];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", writer_fd);
	return open(path, O_RDWR | O_CLOEXEC);
}

int log_terminal(struct log_sink *sink, int fd, struct err *err)
{
	struct log_stream *stream = &sink->streams[LOG_PIPES];

	stream_drain(stream);
	stream_close(stream);
	stream->held_return = false;
	stream->read_fd = fd;
	int r = stream_watch(stream, err);

	if (r < 0)
		stream->read_fd = -1;
	return r;
}

static int stream_open(struct log_sink *sink, size_t which, const struct log_pipes *pipes,
		       struct err *err)
{
	struct log_stream *stream = &sink->streams[which];
	int fds[2];

	if (pipes) {
		stream->read_fd = pipes->read_fds[which];
		stream->write_fd = pipes->write_fds[which];
		return stream_watch(stream, err);
	}
	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_set(err, errno, "log pipe");
	autoclose int writer_fd = fds[1];

	stream->read_fd = fds[0];
	stream->write_fd = hold_open(writer_fd);
	return stream->write_fd < 0 ? err_set(err, errno, "log pipe") : stream_watch(stream, err);
}

/* What was not taken over stays the caller's. */
static void give_back(struct log_sink *sink)
{
	for (size_t i = 0; i < LOG_PIPES; i++)
		sink->streams[i].read_fd = sink->streams[i].write_fd = -1;
}

int log_open(struct log_pump *pump, const struct log_config *config, struct log_sink **ret_sink,
	     struct err *err)
{
	struct log_sink *sink = calloc(1, sizeof(*sink));

	if (!sink)
		return err_set(err, ENOMEM, "log '%s'", config->path);
	for (size_t i = 0; i < ARRAY_SIZE(sink->streams); i++)
		sink->streams[i] = (struct log_stream){.sink = sink, .read_fd = -1, .write_fd = -1};
	sink->pump = pump;
	int r = log_file_open(config->path, &config->limits, &config->trouble, &sink->file, err);

	if (r == 0 && config->journal.socket)
		r = journal_open(&config->journal, &config->trouble, &sink->journal, err);

	for (size_t i = 0; r == 0 && i < LOG_PIPES; i++)
		r = stream_open(sink, i, config->pipes, err);
	if (r < 0) {
		for (size_t i = 0; i < LOG_PIPES; i++)
			watch_free(take_ptr(sink->streams[i].watch));
		if (config->pipes)
			give_back(sink);
		log_close(sink);
		return r;
	}
	*ret_sink = sink;
	return 0;
}

struct log_pipes log_pipes(const struct log_sink *sink)
{
	struct log_pipes pipes;

	for (size_t i = 0; i < LOG_PIPES; i++) {
		pipes.read_fds[i] = sink->streams[i].read_fd;
		pipes.write_fds[i] = sink->streams[i].write_fd;
	}
	return pipes;
}

void log_close(struct log_sink *sink)
{
	if (!sink)
		return;
	if (sink->file)
		log_drain(sink);
	for (size_t i = 0; i < ARRAY_SIZE(sink->streams); i++)
		stream_close(&sink->streams[i]);
	log_file_close(sink->file);
	journal_close(sink->journal);
	free(sink);
}
