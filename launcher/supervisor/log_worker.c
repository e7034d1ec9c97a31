// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A thread for floods; see log_worker.h. It allocates nothing and takes one lock, never while it
 * reads or writes: the loop's thread may fork at any moment. All signals are the loop's.
 */
#include "launcher/supervisor/log_worker.h"

#include "runtime/base/cleanup.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* In a row: they wake the writer once; then the next one has its turn. */
#define TURN_READS  8
#define STACK_BYTES (256 << 10)

struct log_worker {
	pthread_t thread;
	pthread_mutex_t lock; /* of the loans, and of taking from the epoll set */
	pthread_cond_t served;
	struct log_loan *returned;
	size_t loans; /* the loop's: nobody else looks */
	bool ending;
	int epoll_fd; /* of all that is lent, and of end_fd */
	int end_fd;
	int returned_fd;
	struct keep *keep;
	unsigned number;
	struct log_room room;
};

static void drop_returned(struct log_worker *worker, const struct log_loan *loan)
{
	struct log_loan **link = &worker->returned;

	while (*link != loan)
		link = &(*link)->next;
	*link = loan->next;
}

static void unwatch(const struct log_worker *worker, const struct log_loan *loan)
{
	for (size_t i = 0; i < LOG_STREAMS; i++)
		if (loan->streams[i].read_fd >= 0)
			(void)epoll_ctl(worker->epoll_fd, EPOLL_CTL_DEL, loan->streams[i].read_fd,
					NULL);
}

/* ---- the thread ---- */

static void serve(struct log_worker *worker, struct log_stream *stream, const atomic_bool *wanted)
{
	size_t read = LOG_FLOOD_BYTES;

	for (int i = 0; i < TURN_READS && read >= LOG_FLOOD_BYTES && !atomic_load(wanted); i++)
		read = log_stream_read(stream, &worker->room);
}

static void give_back(struct log_worker *worker, struct log_loan *loan)
{
	const uint64_t one = 1;

	unwatch(worker, loan);
	loan->state = LOAN_RETURNED;
	loan->next = worker->returned;
	worker->returned = loan;
	/* Cannot fail: it counts far further than this. */
	(void)!write(worker->returned_fd, &one, sizeof(one));
}

/* One that has something to say, each in his turn; NULL: nobody, for now. Whoever is in the set is
 * lent as long as the lock is held. */
static struct log_stream *next_stream(const struct log_worker *worker)
{
	struct epoll_event event;

	return epoll_wait(worker->epoll_fd, &event, 1, 0) == 1 ? event.data.ptr : NULL;
}

static void *work(void *data)
{
	struct log_worker *worker = data;
	struct pollfd any = {.fd = worker->epoll_fd, .events = POLLIN};

	pthread_mutex_lock(&worker->lock);
	while (!worker->ending) {
		struct log_stream *stream = next_stream(worker);
		struct log_loan *loan = stream ? stream->loan : NULL;

		if (loan)
			loan->state = LOAN_SERVED;
		pthread_mutex_unlock(&worker->lock);
		if (loan)
			serve(worker, stream, &loan->wanted);
		else
			(void)poll(&any, 1, -1);
		pthread_mutex_lock(&worker->lock);
		if (!loan)
			continue;
		loan->state = LOAN_OUT;
		if (atomic_load(&loan->wanted) || stream->ended)
			give_back(worker, loan);
		pthread_cond_signal(&worker->served);
	}
	pthread_mutex_unlock(&worker->lock);
	return NULL;
}

/* ---- the loop's side ---- */

static int start_thread(struct log_worker *worker)
{
	pthread_attr_t attributes;
	sigset_t all, before;
	int r = pthread_attr_init(&attributes);

	if (r != 0)
		return r;
	r = pthread_attr_setstacksize(&attributes, STACK_BYTES);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	if (r == 0)
		r = pthread_create(&worker->thread, &attributes, work, worker);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
	return r;
}

static void worker_free(struct log_worker *worker)
{
	fd_drop(&worker->epoll_fd);
	fd_drop(&worker->end_fd);
	fd_drop(&worker->returned_fd);
	log_spool_drop(worker->keep, worker->number, &worker->room.spool);
	free(worker);
}

static int start(struct log_worker *worker)
{
	struct epoll_event end = {.events = EPOLLIN};

	worker->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	worker->end_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	worker->returned_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (worker->epoll_fd < 0 || worker->end_fd < 0 || worker->returned_fd < 0 ||
	    epoll_ctl(worker->epoll_fd, EPOLL_CTL_ADD, worker->end_fd, &end) < 0)
		return errno;
	return start_thread(worker);
}

int log_worker_start(struct keep *keep, unsigned number, struct log_worker **ret_worker,
		     struct err *err)
{
	struct log_worker *worker = calloc(1, sizeof(*worker));

	if (!worker)
		return err_set(err, ENOMEM, "logs");
	worker->lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
	worker->served = (pthread_cond_t)PTHREAD_COND_INITIALIZER;
	worker->epoll_fd = worker->end_fd = worker->returned_fd = -1;
	worker->keep = keep;
	worker->number = number;
	int r = log_spool_open(keep, number, &worker->room.spool, err);

	if (r < 0) {
		free(worker);
		return r;
	}
	int code = start(worker);

	if (code != 0) {
		worker_free(worker);
		return err_set(err, code, "thread for logs");
	}
	*ret_worker = worker;
	return 0;
}

void log_worker_stop(struct log_worker *worker)
{
	const uint64_t one = 1;

	if (!worker)
		return;
	pthread_mutex_lock(&worker->lock);
	worker->ending = true;
	pthread_mutex_unlock(&worker->lock);
	(void)!write(worker->end_fd, &one, sizeof(one)); /* as in give_back() */
	pthread_join(worker->thread, NULL);
	worker_free(worker);
}

int log_worker_fd(const struct log_worker *worker)
{
	return worker->returned_fd;
}

size_t log_worker_loans(const struct log_worker *worker)
{
	return worker->loans;
}

int log_worker_lend(struct log_worker *worker, struct log_loan *loan, struct err *err)
{
	int r = 0;

	pthread_mutex_lock(&worker->lock);
	atomic_store(&loan->wanted, false);
	loan->state = LOAN_OUT;
	loan->worker = worker;
	for (size_t i = 0; r == 0 && i < LOG_STREAMS; i++) {
		struct log_stream *stream = &loan->streams[i];
		struct epoll_event event = {.events = EPOLLIN, .data.ptr = stream};

		stream->loan = loan;
		if (stream->read_fd >= 0 &&
		    epoll_ctl(worker->epoll_fd, EPOLL_CTL_ADD, stream->read_fd, &event) < 0)
			r = err_set(err, errno, "log");
	}
	if (r < 0)
		unwatch(worker, loan);
	else
		worker->loans++;
	pthread_mutex_unlock(&worker->lock);
	return r;
}

struct log_loan *log_worker_returned(struct log_worker *worker)
{
	uint64_t count;

	/* Before looking: whatever comes later wakes the loop again. */
	(void)!read(worker->returned_fd, &count, sizeof(count));
	pthread_mutex_lock(&worker->lock);
	struct log_loan *loan = worker->returned;

	if (loan) {
		worker->returned = loan->next;
		worker->loans--;
	}
	pthread_mutex_unlock(&worker->lock);
	return loan;
}

void log_worker_take_back(struct log_loan *loan)
{
	struct log_worker *worker = loan->worker;

	atomic_store(&loan->wanted, true);
	pthread_mutex_lock(&worker->lock);
	while (loan->state == LOAN_SERVED)
		pthread_cond_wait(&worker->served, &worker->lock);
	if (loan->state == LOAN_RETURNED)
		drop_returned(worker, loan);
	else
		unwatch(worker, loan);
	worker->loans--;
	pthread_mutex_unlock(&worker->lock);
}
