// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Cgroups of ended runs. Killing is not waiting: the kernel lets a group be removed only when its
 * last process is reaped, and v1 has no event for that, so removal is tried again until it works.
 */
#include "launcher/supervisor/retire.h"
#include "launcher/supervisor/supervisor.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

/* A process that does not die, such as one that waits for a lost disk, costs ever less. */
#define RETIRE_RETRY_MIN_MS 10
#define RETIRE_RETRY_MAX_MS 1000
/* What one turn may take of the loop's time for them; the others are the next turn's. */
#define TURN_BUDGET_US 2000

struct retired {
	struct retired *next;
	struct cg *cg;
	int64_t due_ms;	  /* when it is tried again */
	unsigned wait_ms; /* after that */
};

/* A child whose end matters to nobody, but which must not stay a zombie. */
struct leftover {
	struct supervisor *sup;
	struct leftover *next;
	int pidfd;
	struct watch *watch;
};

static void leftover_free(struct leftover *leftover)
{
	struct leftover **link = &leftover->sup->leftovers;

	while (*link != leftover)
		link = &(*link)->next;
	*link = leftover->next;
	watch_free(leftover->watch);
	close(leftover->pidfd);
	free(leftover);
}

static void on_leftover_exit(void *data, int fd, uint32_t events)
{
	siginfo_t info = {0};

	(void)waitid(P_PIDFD, (id_t)fd, &info, WEXITED | WNOHANG); /* reaped is all we want */
	leftover_free(data);
}

void retire_process(struct supervisor *sup, int pidfd)
{
	(void)pidfd_send_signal(pidfd, SIGKILL, NULL, 0); /* fails when it is dead: as wanted */
	retire_unasked(sup, pidfd);
}

void retire_unasked(struct supervisor *sup, int pidfd)
{
	struct leftover *leftover = calloc(1, sizeof(*leftover));

	if (leftover) {
		*leftover = (struct leftover){sup, sup->leftovers, pidfd, NULL};
		sup->leftovers = leftover;
		if (loop_watch_fd(sup->loop,
				  &(struct loop_io){pidfd, EPOLLIN, on_leftover_exit, leftover},
				  &leftover->watch, NULL) == 0)
			return;
	}
	/* Not reaped, it would keep its pid namespace from ending: rather wait a moment. */
	(void)pidfd_send_signal(pidfd, SIGKILL, NULL, 0);
	(void)waitid(P_PIDFD, (id_t)pidfd, &(siginfo_t){0}, WEXITED);
	if (leftover)
		leftover_free(leftover);
	else
		close(pidfd);
}

void retire_close(struct supervisor *sup)
{
	while (sup->leftovers)
		leftover_free(sup->leftovers);
	while (sup->retired) {
		struct retired *retired = sup->retired;

		sup->retired = retired->next;
		cg_free(retired->cg);
		free(retired);
	}
}

/* Never later than what is due already. */
static void retire_at(struct supervisor *sup, int64_t due_ms)
{
	if (sup->retire_due_ms && sup->retire_due_ms <= due_ms)
		return;
	sup->retire_due_ms = due_ms;
	watch_arm(sup->retire_timer, due_ms - loop_clock_us() / 1000);
}

/* What is missing may be there the next time, and what runs may have ended. */
static bool is_passing(int r)
{
	return r == -EBUSY || r == -ENOMEM || r == -EMFILE || r == -ENFILE;
}

/* Returns whether it is still there. */
static bool retire_again(struct retired *retired)
{
	if (!is_passing(cg_remove(retired->cg, NULL)))
		return false;
	err_ignore(cg_kill(retired->cg, NULL)); /* tried again when it is due */
	retired->wait_ms = 2 * retired->wait_ms < RETIRE_RETRY_MAX_MS ? 2 * retired->wait_ms
								      : RETIRE_RETRY_MAX_MS;
	retired->due_ms = loop_clock_us() / 1000 + retired->wait_ms;
	return true;
}

void retire_poll(void *data)
{
	struct supervisor *sup = data;
	struct retired **link = &sup->retired;
	int64_t begin_us = loop_clock_us();
	int64_t next_ms = INT64_MAX;

	while (*link) {
		struct retired *retired = *link;
		bool is_tried = retired->due_ms <= begin_us / 1000 &&
				loop_clock_us() < begin_us + TURN_BUDGET_US;

		if (!is_tried || retire_again(retired)) {
			next_ms = retired->due_ms < next_ms ? retired->due_ms : next_ms;
			link = &retired->next;
			continue;
		}
		*link = retired->next;
		cg_free(retired->cg);
		free(retired);
	}
	sup->retire_due_ms = 0;
	if (sup->retired)
		retire_at(sup, next_ms);
	else
		supervisor_touch(sup);
}

int retire_place(struct retired **ret_place, struct err *err)
{
	struct retired *place = calloc(1, sizeof(*place));

	if (!place)
		return err_set(err, ENOMEM, "cgroup");
	*ret_place = place;
	return 0;
}

void retire_cgroup(struct supervisor *sup, struct retired *place, struct cg *cg, bool busy)
{
	err_ignore(cg_kill(cg, NULL)); /* whatever the first process has left behind */
	if (!busy && !is_passing(cg_remove(cg, NULL))) {
		cg_free(cg);
		free(place);
		return;
	}
	*place = (struct retired){
		.next = sup->retired,
		.cg = cg,
		.due_ms = loop_clock_us() / 1000 + RETIRE_RETRY_MIN_MS,
		.wait_ms = RETIRE_RETRY_MIN_MS,
	};
	sup->retired = place;
	retire_at(sup, place->due_ms);
}
