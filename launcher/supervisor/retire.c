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

#define RETIRE_RETRY_MS 10

struct retired {
	struct retired *next;
	struct cg *cg;
};

/* A child whose end matters to nobody, but which must not stay a zombie. */
struct leftover {
	int pidfd;
	struct watch *watch;
};

static void on_leftover_exit(void *data, int fd, uint32_t events)
{
	struct leftover *leftover = data;
	siginfo_t info = {0};

	(void)waitid(P_PIDFD, (id_t)fd, &info, WEXITED | WNOHANG); /* reaped is all we want */
	watch_free(leftover->watch);
	close(leftover->pidfd);
	free(leftover);
}

void retire_process(struct supervisor *sup, int pidfd)
{
	struct leftover *leftover = calloc(1, sizeof(*leftover));

	(void)pidfd_send_signal(pidfd, SIGKILL, NULL, 0); /* fails when it is dead: as wanted */
	if (leftover)
		leftover->pidfd = pidfd;
	if (!leftover ||
	    loop_watch_fd(sup->loop, &(struct loop_io){pidfd, EPOLLIN, on_leftover_exit, leftover},
			  &leftover->watch, NULL) < 0) {
		/* Not reaped, it would keep its pid namespace from ending: rather wait a moment. */
		(void)waitid(P_PIDFD, (id_t)pidfd, &(siginfo_t){0}, WEXITED);
		close(pidfd);
		free(leftover);
	}
}

void retire_poll(void *data)
{
	struct supervisor *sup = data;
	struct retired **link = &sup->retired;

	while (*link) {
		struct retired *retired = *link;

		if (cg_remove(retired->cg, NULL) == -EBUSY) {
			err_ignore(cg_kill(retired->cg, NULL)); /* tried again with the next poll */
			link = &retired->next;
			continue;
		}
		*link = retired->next;
		cg_free(retired->cg);
		free(retired);
	}
	if (sup->retired)
		watch_arm(sup->retire_timer, RETIRE_RETRY_MS);
	else
		supervisor_touch(sup);
}

void retire_cgroup(struct supervisor *sup, struct cg *cg)
{
	err_ignore(cg_kill(cg, NULL)); /* whatever the first process has left behind */
	if (cg_remove(cg, NULL) != -EBUSY) {
		cg_free(cg);
		return;
	}
	struct retired *retired = calloc(1, sizeof(*retired));

	if (!retired) {
		cg_free(cg); /* `down` removes the whole tree by name: nothing is lost */
		return;
	}
	*retired = (struct retired){.next = sup->retired, .cg = cg};
	sup->retired = retired;
	watch_arm(sup->retire_timer, RETIRE_RETRY_MS);
}
