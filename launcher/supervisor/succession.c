// SPDX-License-Identifier: GPL-2.0-or-later
/* What the supervisor does on its keeper's behalf; see succession.h. */
#include "launcher/supervisor/succession.h"

#include "launcher/supervisor/kept.h"
#include "launcher/supervisor/run_end.h"
#include "launcher/supervisor/save.h"
#include "launcher/supervisor/supervisor.h"

#include <sys/epoll.h>
#include <unistd.h>

/* The pidfd tells of the end, too, but not yet how it was. */
static bool on_exited(void *data, pid_t pid, int status)
{
	struct supervisor *sup = data;

	for (struct instance *one = sup->instances; one; one = one->next) {
		if (one->pid != pid || one->pidfd < 0)
			continue;
		run_end_on_exit(one, one->pidfd, EPOLLIN);
		return true;
	}
	return false;
}

/* Those who were the dead keeper's children are init's now, which tells nobody how they end: who
 * has their pidfds can ask the kernel. */
static void keep_processes(struct supervisor *sup)
{
	for (struct instance *one = sup->instances; one; one = one->next) {
		if (one->pidfd < 0 || one->orphaned)
			continue;
		kept_store(one, KEPT_PROCESS, one->pidfd);
		one->orphaned = true;
	}
}

/* A line that a thread for floods has read and not written would be lost. */
static void settle_logs(struct supervisor *sup)
{
	for (struct instance *one = sup->instances; one; one = one->next)
		if (one->log)
			log_settle(one->log);
}

/* Our children must stay ours, so it is this process that becomes the keeper. Where that fails the
 * instances are supervised as before, only by one who has nobody to leave them to. */
static void on_lost(void *data)
{
	struct supervisor *sup = data;
	struct err err = {0};

	supervisor_log(sup, "event=keeper-lost next=succeed");
	save_all(sup);
	keep_processes(sup);
	settle_logs(sup);
	err_ignore(keep_succeed(sup->keep, &err));
	supervisor_log(sup, "event=keeper-lost error=\"%s\"", err.text);
}

static void on_replace(void *data)
{
	struct supervisor *sup = data;

	save_all(sup);
	settle_logs(sup);
	supervisor_log(sup, "event=replaced");
	_exit(KEEP_REPLACED); /* nothing is taken down */
}

int succession_watch(struct supervisor *sup, struct err *err)
{
	const struct keep_handler handler = {on_exited, on_lost, on_replace, sup};

	return keep_watch(sup->keep, sup->loop, &handler, err);
}

int succession_upgrade(struct supervisor *sup, struct err *err)
{
	return keep_upgrade(sup->keep, err);
}
