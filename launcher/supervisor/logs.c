// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Draining instances' pipes into log files; see logs.h. Whoever writes little is read right here,
 * in the loop. One who has written as much as a read takes is not watched any more but lent to a
 * worker, with all that belongs to his instance, until he is wanted back.
 */
#include "launcher/supervisor/logs.h"

#include "launcher/supervisor/log_crew.h"
#include "runtime/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

/* That come of one read: the file and the journal, each may end one trouble and begin another. */
#define NEWS_MAX 3
/* Until a stream that could not be watched again is tried once more. */
#define HEAR_AGAIN_MS 100

struct log_sink {
	struct log_pump *pump;
	struct log_file *file;
	struct journal *journal; /* NULL: not asked for */
	struct log_stream streams[LOG_STREAMS];
	struct watch *watches[LOG_STREAMS];
	int write_fds[LOG_PIPES];
	struct log_loan loan;
	bool lent;
	bool deaf; /* of a stream of his nothing is heard, for want of memory */
	struct log_sink *next_deaf;
	struct log_trouble trouble;
	struct log_news news[NEWS_MAX]; /* for who is told; of a worker's reads, too */
	size_t news_count;
};

struct log_pump {
	struct loop *loop;
	struct keep *keep;
	struct log_crew *crew;
	struct log_sink *deaf;
	struct watch *hear_timer;
	struct log_room room;
};

/* ---- troubles ---- */

static void on_trouble(void *data, const struct log_news *news)
{
	struct log_sink *sink = data;

	if (sink->news_count == NEWS_MAX)
		sink->news_count--;
	sink->news[sink->news_count++] = *news;
	/* Told in the loop's thread only, so whoever is lent comes back for it. */
	atomic_store(&sink->loan.wanted, true);
}

static void tell_news(struct log_sink *sink)
{
	for (size_t i = 0; sink->trouble.fn && i < sink->news_count; i++)
		sink->trouble.fn(sink->trouble.data, &sink->news[i]);
	sink->news_count = 0;
}

/* ---- lending ---- */

static void stream_close(struct log_sink *sink, size_t which)
{
	watch_free(take_ptr(sink->watches[which]));
	fd_drop(&sink->streams[which].read_fd);
}

static void forget_deaf(struct log_sink *sink)
{
	struct log_sink **link = &sink->pump->deaf;

	while (sink->deaf && *link != sink)
		link = &(*link)->next_deaf;
	if (sink->deaf)
		*link = sink->next_deaf;
	sink->deaf = false;
}

/* Who cannot be heard now is tried again. */
static void hear(struct log_sink *sink)
{
	struct log_pump *pump = sink->pump;

	forget_deaf(sink);
	for (size_t i = 0; i < LOG_STREAMS; i++)
		sink->deaf |= sink->watches[i] && watch_resume(sink->watches[i]) < 0;
	if (!sink->deaf)
		return;
	sink->next_deaf = pump->deaf;
	pump->deaf = sink;
	watch_arm(pump->hear_timer, HEAR_AGAIN_MS);
}

static void on_hear_timer(void *data)
{
	struct log_pump *pump = data;
	struct log_sink *sink = pump->deaf, *next;

	pump->deaf = NULL;
	for (; sink; sink = next) {
		next = sink->next_deaf;
		sink->deaf = false;
		hear(sink);
	}
}

static void on_back(struct log_sink *sink)
{
	sink->lent = false;
	tell_news(sink);
	for (size_t i = 0; i < LOG_STREAMS; i++)
		if (sink->streams[i].ended)
			stream_close(sink, i);
	hear(sink);
}

static void on_returned(struct log_loan *loan)
{
	on_back(loan->owner);
}

static bool lend(struct log_sink *sink)
{
	if (log_crew_lend(sink->pump->crew, &sink->loan, NULL) < 0)
		return false;
	for (size_t i = 0; i < LOG_STREAMS; i++)
		if (sink->watches[i])
			watch_pause(sink->watches[i]);
	forget_deaf(sink);
	sink->lent = true;
	return true;
}

static void have_back(struct log_sink *sink)
{
	if (!sink->lent)
		return;
	log_worker_take_back(&sink->loan);
	on_back(sink);
}

static void on_readable(void *data, int fd, uint32_t events)
{
	struct log_stream *stream = data;
	struct log_sink *sink = stream->owner;

	/* What cannot be lent is read here, a piece in each turn. */
	if (log_stream_floods(stream)) {
		log_stream_grow(stream);
		if (lend(sink))
			return;
	}
	log_stream_read(stream, &sink->pump->room);
	tell_news(sink);
	if (stream->ended)
		stream_close(sink, stream->kind);
}

static void drain(struct log_sink *sink, size_t which)
{
	log_stream_drain(&sink->streams[which], &sink->pump->room);
	tell_news(sink);
	if (sink->streams[which].ended)
		stream_close(sink, which);
}

void log_settle(struct log_sink *sink)
{
	have_back(sink);
}

void log_drain(struct log_sink *sink)
{
	have_back(sink);
	for (size_t i = 0; i < LOG_STREAMS; i++)
		drain(sink, i);
}

/* ---- beginning and end ---- */

/* Before anybody writes more to the same files. */
static int recover(struct log_pump *pump, struct err *err)
{
	for (unsigned number = 0; number < LOG_SPOOLS; number++) {
		int r = log_spool_left(pump->keep, number, &pump->room.spool, err);

		if (r == -ENOENT)
			continue;
		if (r == 0)
			r = log_stream_recover(&pump->room, err);
		if (r < 0)
			return r;
		log_spool_drop(pump->keep, number, &pump->room.spool);
	}
	return 0;
}

int log_pump_open(struct loop *loop, struct keep *keep, struct log_pump **ret_pump, struct err *err)
{
	struct log_pump *pump = calloc(1, sizeof(*pump));

	if (!pump)
		return err_set(err, ENOMEM, "logs");
	pump->loop = loop;
	pump->keep = keep;
	pump->room.spool.fd = -1;
	int r = recover(pump, err);

	if (r == 0)
		r = log_spool_open(keep, 0, &pump->room.spool, err);
	if (r == 0)
		r = loop_watch_timer(loop, on_hear_timer, pump, &pump->hear_timer, err);
	if (r == 0)
		r = log_crew_open(loop, keep, on_returned, &pump->crew, err);
	if (r < 0) {
		log_spool_close(&pump->room.spool);
		watch_free(pump->hear_timer);
		free(pump);
		return r;
	}
	*ret_pump = pump;
	return 0;
}

void log_pump_close(struct log_pump *pump)
{
	if (!pump)
		return;
	log_crew_close(pump->crew);
	log_spool_drop(pump->keep, 0, &pump->room.spool);
	watch_free(pump->hear_timer);
	free(pump);
}

/* Only our end does not wait: the instance's must, that is what holds a flooder back. */
static int stream_watch(struct log_sink *sink, size_t which, struct err *err)
{
	struct log_stream *stream = &sink->streams[which];

	if (fcntl(stream->read_fd, F_SETFL, O_NONBLOCK) < 0)
		return err_set(err, errno, "log");
	int r = loop_watch_fd(sink->pump->loop,
			      &(struct loop_io){stream->read_fd, EPOLLIN, on_readable, stream},
			      &sink->watches[which], err);

	if (r == 0)
		watch_priority(sink->watches[which], LOOP_LOGS);
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

struct log_counts log_counts(const struct log_sink *sink)
{
	return log_file_counts(sink->file);
}

int log_terminal(struct log_sink *sink, int fd, struct err *err)
{
	struct log_stream *stream = &sink->streams[LOG_TERMINAL];

	have_back(sink);
	drain(sink, LOG_TERMINAL);
	stream_close(sink, LOG_TERMINAL);
	stream->held_return = false;
	stream->ended = false;
	stream->read_fd = fd;
	int r = stream_watch(sink, LOG_TERMINAL, err);

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
		sink->write_fds[which] = pipes->write_fds[which];
		return stream_watch(sink, which, err);
	}
	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_set(err, errno, "log pipe");
	autoclose int writer_fd = fds[1];

	stream->read_fd = fds[0];
	sink->write_fds[which] = hold_open(writer_fd);
	return sink->write_fds[which] < 0 ? err_set(err, errno, "log pipe")
					  : stream_watch(sink, which, err);
}

/* What was not taken over stays the caller's. */
static void give_back(struct log_sink *sink)
{
	for (size_t i = 0; i < LOG_PIPES; i++)
		sink->streams[i].read_fd = sink->write_fds[i] = -1;
}

static int open_targets(struct log_sink *sink, const struct log_config *config, struct err *err)
{
	const struct log_trouble trouble = {on_trouble, sink};
	int r = log_file_open(config->path, &config->limits, &trouble, &sink->file, err);

	if (r == 0 && config->journal.socket)
		r = journal_open(&config->journal, &trouble, &sink->journal, err);
	for (size_t i = 0; i < LOG_PIPES; i++)
		sink->write_fds[i] = -1;
	for (size_t i = 0; i < LOG_STREAMS; i++)
		sink->streams[i] = (struct log_stream){
			.kind = (enum log_stream_kind)i,
			.owner = sink,
			.read_fd = -1,
			.file = sink->file,
			.journal = sink->journal,
		};
	return r;
}

int log_open(struct log_pump *pump, const struct log_config *config, struct log_sink **ret_sink,
	     struct err *err)
{
	struct log_sink *sink = calloc(1, sizeof(*sink));

	if (!sink)
		return err_set(err, ENOMEM, "log '%s'", config->path);
	sink->pump = pump;
	sink->trouble = config->trouble;
	sink->loan = (struct log_loan){.streams = sink->streams, .owner = sink};
	int r = open_targets(sink, config, err);

	for (size_t i = 0; r == 0 && i < LOG_PIPES; i++)
		r = stream_open(sink, i, config->pipes, err);
	if (r < 0) {
		for (size_t i = 0; i < LOG_PIPES; i++)
			watch_free(take_ptr(sink->watches[i]));
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
		pipes.write_fds[i] = sink->write_fds[i];
	}
	return pipes;
}

void log_close(struct log_sink *sink)
{
	if (!sink)
		return;
	if (sink->file)
		log_drain(sink);
	forget_deaf(sink);
	for (size_t i = 0; i < LOG_STREAMS; i++)
		stream_close(sink, i);
	for (size_t i = 0; i < LOG_PIPES; i++)
		fd_drop(&sink->write_fds[i]);
	log_file_close(sink->file);
	journal_close(sink->journal);
	free(sink);
}
