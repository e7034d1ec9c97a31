// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who of the threads for floods gets what; see log_crew.h. A thread that has been started stays:
 * it costs nothing while it sleeps.
 */
#include "launcher/supervisor/log_crew.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/epoll.h>

struct member {
	struct log_crew *crew;
	struct log_worker *worker;
	struct watch *returned;
};

struct log_crew {
	struct loop *loop;
	struct keep *keep;
	log_crew_fn on_back;
	size_t most;
	size_t count;
	struct member members[LOG_CREW_MAX];
};

size_t log_crew_choose(const size_t *loans, size_t count, size_t most)
{
	size_t fewest = 0;

	for (size_t i = 1; i < count; i++)
		if (loans[i] < loans[fewest])
			fewest = i;
	return count < most && (count == 0 || loans[fewest] > 0) ? count : fewest;
}

/* That this process may run on. */
static size_t processors(void)
{
	cpu_set_t set;

	/* Fails where there are more of them than the set has room for. */
	return sched_getaffinity(0, sizeof(set), &set) == 0 ? (size_t)CPU_COUNT(&set)
							    : LOG_CREW_MAX;
}

int log_crew_open(struct loop *loop, struct keep *keep, log_crew_fn on_back,
		  struct log_crew **ret_crew, struct err *err)
{
	struct log_crew *crew = calloc(1, sizeof(*crew));

	if (!crew)
		return err_set(err, ENOMEM, "logs");
	crew->loop = loop;
	crew->keep = keep;
	crew->on_back = on_back;
	crew->most = processors() < LOG_CREW_MAX ? processors() : LOG_CREW_MAX;
	*ret_crew = crew;
	return 0;
}

void log_crew_close(struct log_crew *crew)
{
	if (!crew)
		return;
	for (size_t i = 0; i < crew->count; i++) {
		watch_free(crew->members[i].returned);
		log_worker_stop(crew->members[i].worker);
	}
	free(crew);
}

static void on_returned(void *data, int fd, uint32_t events)
{
	const struct member *member = data;
	struct log_loan *loan;

	while ((loan = log_worker_returned(member->worker)))
		member->crew->on_back(loan);
}

static int enlist(struct log_crew *crew, struct err *err)
{
	struct member *member = &crew->members[crew->count];
	struct log_worker *worker = NULL;
	/* The first one is the loop's. */
	int r = log_worker_start(crew->keep, (unsigned)crew->count + 1, &worker, err);

	if (r < 0)
		return r;
	const struct loop_io io = {log_worker_fd(worker), EPOLLIN, on_returned, member};

	r = loop_watch_fd(crew->loop, &io, &member->returned, err);
	if (r < 0) {
		log_worker_stop(worker);
		return r;
	}
	watch_priority(member->returned, LOOP_LOGS);
	member->crew = crew;
	member->worker = worker;
	crew->count++;
	return 0;
}

int log_crew_lend(struct log_crew *crew, struct log_loan *loan, struct err *err)
{
	size_t loans[LOG_CREW_MAX];

	for (size_t i = 0; i < crew->count; i++)
		loans[i] = log_worker_loans(crew->members[i].worker);
	size_t chosen = log_crew_choose(loans, crew->count, crew->most);

	if (chosen == crew->count) {
		int r = enlist(crew, err);

		/* Those that there are do it alone. */
		if (r < 0 && crew->count == 0)
			return r;
		if (r < 0)
			chosen = log_crew_choose(loans, crew->count, crew->count);
	}
	return log_worker_lend(crew->members[chosen].worker, loan, err);
}
