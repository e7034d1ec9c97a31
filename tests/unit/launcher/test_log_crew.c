// SPDX-License-Identifier: GPL-2.0-or-later
#include "launcher/supervisor/log_crew.h"
#include "tests/unit/cmocka_all.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>

/* ---- threads and a loop that are none ---- */

struct log_worker {
	size_t loans;
	struct log_loan *returned;
	bool stopped;
};

struct watch {
	loop_fd_fn fn;
	void *data;
};

static struct fake {
	struct log_worker workers[LOG_CREW_MAX];
	struct watch watches[LOG_CREW_MAX];
	size_t started;
	size_t watched;
	size_t freed;
	int start_code; /* why no further one starts */
	int watch_code;
	size_t processors; /* 0: cannot be told */
} fake;

int sched_getaffinity(pid_t pid, size_t size, cpu_set_t *set)
{
	CPU_ZERO_S(size, set);
	for (size_t i = 0; i < fake.processors; i++)
		CPU_SET_S(i, size, set);
	return fake.processors > 0 ? 0 : -1;
}

int log_worker_start(struct keep *keep, unsigned number, struct log_worker **ret_worker,
		     struct err *err)
{
	if (fake.start_code != 0)
		return err_set(err, fake.start_code, "thread for logs");
	assert_in_range(fake.started, 0, LOG_CREW_MAX - 1);
	assert_in_range(number, 1, LOG_SPOOLS - 1);
	*ret_worker = &fake.workers[fake.started++];
	return 0;
}

void log_worker_stop(struct log_worker *worker)
{
	assert_false(worker->stopped);
	worker->stopped = true;
}

int log_worker_fd(const struct log_worker *worker)
{
	return (int)(worker - fake.workers);
}

size_t log_worker_loans(const struct log_worker *worker)
{
	return worker->loans;
}

int log_worker_lend(struct log_worker *worker, struct log_loan *loan, struct err *err)
{
	worker->loans++;
	loan->worker = worker;
	return 0;
}

struct log_loan *log_worker_returned(struct log_worker *worker)
{
	struct log_loan *loan = worker->returned;

	worker->returned = NULL;
	worker->loans -= loan != NULL;
	return loan;
}

int loop_watch_fd(struct loop *loop, const struct loop_io *io, struct watch **ret_watch,
		  struct err *err)
{
	if (fake.watch_code != 0)
		return err_set(err, fake.watch_code, "watch");
	fake.watched++;
	fake.watches[io->fd] = (struct watch){io->fn, io->data};
	*ret_watch = &fake.watches[io->fd];
	return 0;
}

void watch_priority(struct watch *watch, enum loop_priority priority)
{
	assert_int_equal(priority, LOOP_LOGS);
}

void watch_free(struct watch *watch)
{
	fake.freed++;
}

static void on_back(struct log_loan *loan)
{
	(*(unsigned *)loan->owner)++;
}

static struct log_crew *open_crew(size_t processors)
{
	struct log_crew *crew = NULL;

	fake = (struct fake){.processors = processors};
	assert_int_equal(log_crew_open(NULL, NULL, on_back, &crew, NULL), 0);
	assert_int_equal(fake.started, 0);
	return crew;
}

static void close_crew(struct log_crew *crew)
{
	log_crew_close(crew);
	assert_int_equal(fake.freed, fake.watched);
	for (size_t i = 0; i < fake.started; i++)
		assert_true(fake.workers[i].stopped);
}

/* ---- tests ---- */

static void whoever_has_nothing_to_do_comes_before_a_new_one(void **state)
{
	assert_int_equal(log_crew_choose(NULL, 0, 2), 0);
	assert_int_equal(log_crew_choose((const size_t[]){1}, 1, 2), 1);
	assert_int_equal(log_crew_choose((const size_t[]){0}, 1, 2), 0);
	assert_int_equal(log_crew_choose((const size_t[]){1, 0}, 2, 4), 1);
	assert_int_equal(log_crew_choose((const size_t[]){1, 1}, 2, 4), 2);
	assert_int_equal(log_crew_choose((const size_t[]){9}, 1, 1), 0);
	assert_int_equal(log_crew_choose((const size_t[]){3, 2, 2}, 3, 3), 1);
}

/* Whatever comes and goes, nobody who is chosen has more than another. */
static void the_one_with_the_fewest_is_chosen_of_any(void **state)
{
	const unsigned seed = 20261121;
	size_t loans[LOG_CREW_MAX] = {0};
	size_t count = 0;

	srand(seed);
	for (int i = 0; i < 10000; i++) {
		const size_t any = (size_t)rand() % LOG_CREW_MAX;

		if (rand() % 2 && loans[any] > 0) {
			loans[any]--;
			continue;
		}
		const size_t chosen = log_crew_choose(loans, count, LOG_CREW_MAX);

		assert_in_range(chosen, 0, LOG_CREW_MAX - 1);
		for (size_t k = 0; k < count; k++)
			assert_true(chosen == count ? loans[k] > 0 : loans[k] >= loans[chosen]);
		count += chosen == count;
		loans[chosen]++;
	}
}

static void there_are_no_more_threads_than_processors(void **state)
{
	const size_t processors[] = {1, 2, LOG_CREW_MAX, LOG_CREW_MAX + 60, 0};
	const size_t most[] = {1, 2, LOG_CREW_MAX, LOG_CREW_MAX, LOG_CREW_MAX};

	for (size_t i = 0; i < sizeof(most) / sizeof(most[0]); i++) {
		struct log_crew *crew = open_crew(processors[i]);
		struct log_loan loans[100] = {0};

		for (size_t k = 0; k < 100; k++)
			assert_int_equal(log_crew_lend(crew, &loans[k], NULL), 0);
		assert_int_equal(fake.started, most[i]);
		for (size_t k = 0; k < most[i]; k++)
			assert_in_range(fake.workers[k].loans, 100 / most[i], 100 / most[i] + 1);
		close_crew(crew);
	}
}

static void one_flood_after_another_needs_one_thread(void **state)
{
	struct log_crew *crew = open_crew(2);
	unsigned back = 0;
	struct log_loan loan = {.owner = &back};

	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(log_crew_lend(crew, &loan, NULL), 0);
		fake.workers[0].returned = &loan;
		fake.watches[0].fn(fake.watches[0].data, 0, 0);
		assert_int_equal(back, i + 1);
	}
	assert_int_equal(fake.started, 1);
	close_crew(crew);
}

static void those_that_there_are_do_what_a_missing_thread_would(void **state)
{
	struct log_crew *crew = open_crew(2);
	struct log_loan loans[4] = {0};

	assert_int_equal(log_crew_lend(crew, &loans[0], NULL), 0);
	fake.start_code = EAGAIN;
	assert_int_equal(log_crew_lend(crew, &loans[1], NULL), 0);
	fake.start_code = 0;
	fake.watch_code = ENOMEM;
	assert_int_equal(log_crew_lend(crew, &loans[2], NULL), 0);
	assert_true(fake.workers[1].stopped);
	assert_int_equal(fake.workers[0].loans, 3);
	fake.watch_code = 0;
	assert_int_equal(log_crew_lend(crew, &loans[3], NULL), 0);
	assert_int_equal(fake.workers[2].loans, 1);
	close_crew(crew);
}

static void without_any_thread_nothing_is_lent(void **state)
{
	struct log_crew *crew = open_crew(2);
	struct log_loan loan = {0};

	fake.start_code = EAGAIN;
	assert_int_equal(log_crew_lend(crew, &loan, NULL), -EAGAIN);
	fake.start_code = 0;
	fake.watch_code = ENOMEM;
	assert_int_equal(log_crew_lend(crew, &loan, NULL), -ENOMEM);
	assert_null(loan.worker);
	close_crew(crew);
}

static void nobody_needs_closing_who_was_never_there(void **state)
{
	log_crew_close(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whoever_has_nothing_to_do_comes_before_a_new_one),
		cmocka_unit_test(the_one_with_the_fewest_is_chosen_of_any),
		cmocka_unit_test(there_are_no_more_threads_than_processors),
		cmocka_unit_test(one_flood_after_another_needs_one_thread),
		cmocka_unit_test(those_that_there_are_do_what_a_missing_thread_would),
		cmocka_unit_test(without_any_thread_nothing_is_lent),
		cmocka_unit_test(nobody_needs_closing_who_was_never_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
