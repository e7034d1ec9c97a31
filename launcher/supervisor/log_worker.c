// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The thread for floods; see log_worker.h. It allocates nothing and takes one lock, never while it
 * reads or writes: the loop's thread may fork at any moment. All signals are the loop's.
 */
#include "launcher/supervisor/log_worker.h"

#include "runtime/base/cleanup.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* In a row: they wake the writer once; then the next one has its turn. */
#define TURN_READS 4
/* Who writes less at a time is no flood any more. */
#define QUIET_BYTES JOURNAL_READ_BYTES
#define STACK_BYTES (256 << 10)

struct loans {
	struct log_loan *first;
	struct log_loan **last;
};

struct log_worker {
	pthread_t thread;
	pthread_mutex_t lock; /* of all that follows but the fd and the room */
	pthread_cond_t work;
	pthread_cond_t served;
	struct loans waiting;
	struct loans returned;
	bool ending;
	int fd;
	struct log_room room;
};

static void put(struct loans *loans, struct log_loan *loan)
{
	loan->next = NULL;
	*loans->last = loan;
	loans->last = &loan->next;
}

static void drop(struct loans *loans, const struct log_loan *loan)
{
	struct log_loan **link = &loans->first;

	while (*link != loan)
		link = &(*link)->next;
	*link = loan->next;
	if (!*link)
		loans->last = link;
}

static struct log_loan *take_first(struct loans *loans)
{
	struct log_loan *first = loans->first;

	if (first)
		drop(loans, first);
	return first;
}

/* ---- the thread ---- */

/* Whether there is more to come. What has to be told is told by the loop's thread, soon. */
static bool serve(struct log_worker *worker, struct log_loan *loan)
{
	bool more = true;

	for (int reads = 0; more && reads < TURN_READS; reads++) {
		more = false;
		for (size_t i = 0; i < LOG_STREAMS; i++) {
			struct log_stream *stream = &loan->streams[i];

			if (log_stream_read(stream, &worker->room) >= QUIET_BYTES)
				more = true;
			if (stream->ended)
				return false;
		}
		if (atomic_load(&loan->wanted))
			return false;
	}
	return more;
}

static void give_back(struct log_worker *worker, struct log_loan *loan)
{
	const uint64_t one = 1;

	loan->state = LOAN_RETURNED;
	put(&worker->returned, loan);
	pthread_cond_signal(&worker->served);
	/* Cannot fail: it counts far further than this. */
	(void)!write(worker->fd, &one, sizeof(one));
}

static void *work(void *data)
{
	struct log_worker *worker = data;

	pthread_mutex_lock(&worker->lock);
	while (!worker->ending) {
		struct log_loan *loan = take_first(&worker->waiting);

		if (!loan) {
			pthread_cond_wait(&worker->work, &worker->lock);
			continue;
		}
		loan->state = LOAN_SERVED;
		pthread_mutex_unlock(&worker->lock);
		bool more = serve(worker, loan);

		pthread_mutex_lock(&worker->lock);
		if (more && !atomic_load(&loan->wanted)) {
			loan->state = LOAN_WAITS;
			put(&worker->waiting, loan);
		} else {
			give_back(worker, loan);
		}
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
	fd_drop(&worker->fd);
	free(worker);
}

int log_worker_start(struct log_worker **ret_worker, struct err *err)
{
	struct log_worker *worker = calloc(1, sizeof(*worker));

	if (!worker)
		return err_set(err, ENOMEM, "logs");
	worker->lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
	worker->work = (pthread_cond_t)PTHREAD_COND_INITIALIZER;
	worker->served = (pthread_cond_t)PTHREAD_COND_INITIALIZER;
	worker->waiting.last = &worker->waiting.first;
	worker->returned.last = &worker->returned.first;
	worker->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	int code = worker->fd < 0 ? errno : start_thread(worker);

	if (code != 0) {
		worker_free(worker);
		return err_set(err, code, "thread for logs");
	}
	*ret_worker = worker;
	return 0;
}

void log_worker_stop(struct log_worker *worker)
{
	if (!worker)
		return;
	pthread_mutex_lock(&worker->lock);
	worker->ending = true;
	pthread_cond_signal(&worker->work);
	pthread_mutex_unlock(&worker->lock);
	pthread_join(worker->thread, NULL);
	worker_free(worker);
}

int log_worker_fd(const struct log_worker *worker)
{
	return worker->fd;
}

void log_worker_lend(struct log_worker *worker, struct log_loan *loan)
{
	pthread_mutex_lock(&worker->lock);
	atomic_store(&loan->wanted, false);
	loan->state = LOAN_WAITS;
	put(&worker->waiting, loan);
	pthread_cond_signal(&worker->work);
	pthread_mutex_unlock(&worker->lock);
}

struct log_loan *log_worker_returned(struct log_worker *worker)
{
	uint64_t count;

	/* Before looking: whatever comes later wakes the loop again. */
	(void)!read(worker->fd, &count, sizeof(count));
	pthread_mutex_lock(&worker->lock);
	struct log_loan *loan = take_first(&worker->returned);

	if (loan)
		loan->state = LOAN_BACK;
	pthread_mutex_unlock(&worker->lock);
	return loan;
}

void log_worker_take_back(struct log_worker *worker, struct log_loan *loan)
{
	atomic_store(&loan->wanted, true);
	pthread_mutex_lock(&worker->lock);
	while (loan->state == LOAN_SERVED)
		pthread_cond_wait(&worker->served, &worker->lock);
	drop(loan->state == LOAN_WAITS ? &worker->waiting : &worker->returned, loan);
	loan->state = LOAN_BACK;
	pthread_mutex_unlock(&worker->lock);
}
