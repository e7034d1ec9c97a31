// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How a run ends; see run_end.h.
 */
#include "launcher/supervisor/run_end.h"

#include "launcher/js.h"
#include "launcher/supervisor/attach.h"
#include "launcher/supervisor/events.h"
#include "launcher/supervisor/gauge.h"
#include "launcher/supervisor/kept.h"
#include "launcher/supervisor/notify.h"
#include "launcher/supervisor/oom.h"
#include "launcher/supervisor/probe.h"
#include "launcher/supervisor/retire.h"
#include "launcher/supervisor/run_begin.h"
#include "launcher/supervisor/save.h"
#include "launcher/supervisor/supervisor.h"
#include "launcher/supervisor/view.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/proc.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>

/* What init reaps takes it a moment, not longer. */
#define REAP_WAIT_MS 5
#define REAP_TRIES   200

/* @goes_on: another run may follow, and is not to wait for this one's remains. */
static void run_forget(struct instance *instance, bool goes_on)
{
	watch_free(take_ptr(instance->pid_watch));
	watch_free(take_ptr(instance->status_watch));
	watch_free(take_ptr(instance->reap_watch));
	instance->reap_tries = 0;
	oom_forget(instance);
	if (instance->orphaned)
		kept_drop(instance, KEPT_PROCESS);
	instance->orphaned = false;
	fd_drop(&instance->pidfd);
	fd_drop(&instance->status_fd);
	notify_close(take_ptr(instance->notify));
	instance->pid = 0;
	if (instance->cg)
		retire_cgroup(instance->sup, take_ptr(instance->retired), take_ptr(instance->cg),
			      goes_on);
}

void run_end_unstarted(struct instance *instance)
{
	instance->end = (struct run_end){.kind = RUN_END_START_FAILED,
					 .fault = instance->fault ? instance->fault->err.text
								  : "out of memory"};
	metrics_count(instance, METRICS_START_FAILED);
}

static void end_from_wait(struct instance *instance, const siginfo_t *info)
{
	struct run_end *end = &instance->end;

	*end = (struct run_end){.kind = RUN_END_UNKNOWN};
	if (info->si_code == CLD_EXITED) {
		end->kind = RUN_END_EXITED;
		end->code = info->si_status;
	} else if (info->si_code == CLD_KILLED || info->si_code == CLD_DUMPED) {
		end->kind = RUN_END_SIGNALLED;
		end->signal = info->si_status;
	}
	/* 137 is a shell's way to say that its child was killed. */
	bool killed = (end->kind == RUN_END_SIGNALLED && end->signal == SIGKILL) ||
		      (end->kind == RUN_END_EXITED && end->code == 128 + SIGKILL);

	end->oom = oom_blamed(instance) && killed;
	if (instance->exec_failed)
		run_end_unstarted(instance);
}

/* Asks the policy what follows the end of a run, and says it in words. */
static enum instance_event end_verdict(struct instance *instance)
{
	const struct service *service = instance->plan->service;
	int64_t now_ms = loop_now_ms(instance->sup->loop);
	bool start_failed = instance->end.kind == RUN_END_START_FAILED;
	int64_t ran_ms = start_failed || !instance->started ? 0 : now_ms - instance->started_ms;
	/* Ended for its failed health check it has failed, whatever status it ends with. */
	const struct run_end failed = {.kind = RUN_END_UNKNOWN};
	struct restart_verdict verdict =
		restart_decide(&service->restart, &instance->history,
			       instance->unhealthy ? &failed : &instance->end, ran_ms, now_ms);
	char text[REASON_MAX];

	if (!instance->unhealthy)
		reason_run_end(&instance->end, service->limits.memory_bytes, text, sizeof(text));
	instance_say(&instance->end_why, instance->unhealthy ? instance->reason : text);
	instance->end.fault = NULL; /* said; the next start may use it for its own */
	reason_verdict(instance->end_why, &verdict, &instance->history, text, sizeof(text));
	instance_say(&instance->reason, text);
	instance->backoff_ms = verdict.delay_ms;
	switch (verdict.decision) {
	case RESTART_AGAIN:
		metrics_count(instance, METRICS_RESTARTED);
		return start_failed ? INSTANCE_EV_START_FAILED_RETRY : INSTANCE_EV_EXITED_RESTART;
	case RESTART_COMPLETE:
		return INSTANCE_EV_EXITED_COMPLETED;
	case RESTART_FAIL:
		break;
	}
	return start_failed ? INSTANCE_EV_START_FAILED_FOR_GOOD : INSTANCE_EV_EXITED_FAILED;
}

static void tell_die(struct instance *instance)
{
	char why[REASON_MAX];

	reason_run_end(&instance->end, instance->plan->service->limits.memory_bytes, why,
		       sizeof(why));
	events_instance(
		instance, "die", why,
		js_pack("{s:o?, s:b}", "exit", view_exit(instance), "oom", instance->end.oom));
}

static void tell_end(struct instance *instance)
{
	const struct one_off_client *client = take_ptr(instance->client);

	if (client)
		client->ended(client->data, instance);
}

void run_end_now(struct instance *instance)
{
	bool stopping = instance->state == INSTANCE_STOPPING;
	bool one_off = instance_is_one_off(instance);

	instance->has_end = true;
	tell_die(instance);
	metrics_count_end(instance);
	instance->end_noted = false;
	run_forget(instance, !stopping);
	tell_end(instance);
	/* A wanted end needs no verdict: whatever the status, it is what was asked for. */
	instance_event(instance, stopping ? INSTANCE_EV_EXITED_COMPLETED : end_verdict(instance));
	if (one_off && !stopping)
		instance_event(instance, INSTANCE_EV_STOP);
}

static void on_reap_timer(void *data)
{
	struct instance *instance = data;

	run_end_on_exit(instance, instance->pidfd, EPOLLIN);
}

/* Its end is seen before it is reaped, and only then its status is known. False when that is over.
 */
static bool await_reaper(struct instance *instance)
{
	struct loop *loop = instance->sup->loop;

	if (instance->reap_tries++ >= REAP_TRIES ||
	    (!instance->reap_watch &&
	     loop_watch_timer(loop, on_reap_timer, instance, &instance->reap_watch, NULL) < 0))
		return false;
	if (instance->pid_watch)
		watch_pause(instance->pid_watch);
	watch_arm(instance->reap_watch, REAP_WAIT_MS);
	return true;
}

/* Not our child: whoever has reaped it tells, or the kernel; else the status is unknown, not 0.
 * False when it is worth waiting for. */
static bool end_of_adopted(struct instance *instance, siginfo_t *info)
{
	struct keep *keep = instance->sup->keep;
	int status = 0;
	int r = keep_exit_of(keep, instance->pid, &status);

	if (r < 0)
		r = proc_exit_status(instance->pidfd, instance->pid, &status);
	if ((r == -EAGAIN || (r < 0 && keep_is_kept(keep))) && await_reaper(instance))
		return false;
	info->si_code = 0;
	if (r == 0)
		run_end_from_status(status, info);
	return true;
}

void run_end_from_status(int status, siginfo_t *info)
{
	info->si_code = WIFEXITED(status) ? CLD_EXITED : CLD_KILLED;
	info->si_status = WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status);
}

/* Written down before it is reaped: whoever comes after us knows it from here or there. */
static void note_end(struct instance *instance)
{
	instance->end_noted = instance->has_end = true;
	save_instance_now(instance);
	keep_exit_seen(instance->sup->keep, instance->pid);
}

void run_end_from_wait(struct instance *instance, const siginfo_t *info)
{
	end_from_wait(instance, info);
	note_end(instance);
	run_end_now(instance);
}

void run_end_on_exit(void *data, int fd, uint32_t events)
{
	struct instance *instance = data;
	siginfo_t info = {0};

	if (waitid(P_PIDFD, (id_t)instance->pidfd, &info, WEXITED | WNOHANG | WNOWAIT) < 0) {
		if (!end_of_adopted(instance, &info))
			return;
	} else if (info.si_pid == 0) {
		return;
	}
	run_begin_status(instance); /* a start that failed says why before it ends */
	end_from_wait(instance, &info);
	note_end(instance);
	(void)waitid(P_PIDFD, (id_t)instance->pidfd, &info, WEXITED | WNOHANG);
	if (instance->log)
		log_drain(instance->log);
	probe_stop(instance);
	gauge_stop(instance);
	attach_drop(instance->sup, instance);
	run_end_now(instance);
}
