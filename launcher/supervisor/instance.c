// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One instance: what happens to it becomes an event, the table says what to do, and it is done
 * here. The only place where the state of an instance changes (instance_enter).
 */
#include "launcher/lower.h"
#include "launcher/supervisor/attach.h"
#include "launcher/supervisor/hosts.h"
#include "launcher/supervisor/join.h"
#include "launcher/supervisor/learn.h"
#include "launcher/supervisor/notify.h"
#include "launcher/supervisor/oom.h"
#include "launcher/supervisor/probe.h"
#include "launcher/supervisor/retire.h"
#include "launcher/supervisor/streams.h"
#include "launcher/supervisor/supervisor.h"
#include "launcher/supervisor/watch.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/fs.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>
#include <sys/random.h>
#include <sys/wait.h>

static bool instance_runs(const struct instance *instance)
{
	return instance->pidfd >= 0;
}

/* Whoever looks at a running instance wants to know why it is not the first run any more. */
static void reason_of_ready(struct instance *instance)
{
	instance->reason[0] = '\0';
	if (instance->has_end)
		snprintf(instance->reason, sizeof(instance->reason), "restarted: %.*s",
			 (int)sizeof(instance->reason) - 16, instance->end_why);
}

static void instance_enter(struct instance *instance, enum instance_state state)
{
	instance->state = state;
	/* What the table promises: whoever is ready or unready has a process, whoever waits has
	 * none. */
	assert((state != INSTANCE_READY && state != INSTANCE_UNREADY) || instance_runs(instance));
	assert(state != INSTANCE_WAITING || !instance_runs(instance));
	if (state == INSTANCE_READY)
		reason_of_ready(instance);
	else if (state == INSTANCE_STOPPING)
		instance->reason[0] = '\0';
	instance->blocked = state == INSTANCE_WAITING && instance->blocked;
	supervisor_log(instance->sup, "service=%s instance=%u state=%s%s%s%s",
		       instance->plan->service->name, instance->index, instance_state_name(state),
		       instance->reason[0] ? " reason=\"" : "", instance->reason,
		       instance->reason[0] ? "\"" : "");
	watch_instance(instance, instance_state_name(state));
	supervisor_touch(instance->sup);
}

void instance_set_reason(struct instance *instance, const char *reason)
{
	if (strncmp(instance->reason, reason, sizeof(instance->reason) - 1) == 0)
		return;
	snprintf(instance->reason, sizeof(instance->reason), "%s", reason);
	watch_instance(instance, instance_state_name(instance->state));
}

bool instance_reached(const struct instance *instance)
{
	return instance_runs(instance) && instance->status_fd < 0 && !instance->exec_failed;
}

bool instance_is_one_off(const struct instance *instance)
{
	return instance->plan->own != NULL;
}

struct instance *instance_find(struct supervisor *sup, const char *name)
{
	for (struct instance *instance = sup->instances; instance; instance = instance->next)
		if (strcmp(instance->name, name) == 0)
			return instance;
	return NULL;
}

int instance_signal(struct instance *instance, int signal_number, struct err *err)
{
	if (!instance_runs(instance))
		return err_say(err, ESRCH, "%s is not running", instance->name);
	if (pidfd_send_signal(instance->pidfd, signal_number, NULL, 0) < 0)
		return err_set(err, errno, "signal %s", instance->name);
	return 0;
}

/* ---- how a run ends ---- */

static void run_forget(struct instance *instance)
{
	watch_free(take_ptr(instance->pid_watch));
	watch_free(take_ptr(instance->status_watch));
	oom_forget(instance);
	fd_drop(&instance->pidfd);
	fd_drop(&instance->status_fd);
	notify_close(take_ptr(instance->notify));
	instance->pid = 0;
	if (instance->cg)
		retire_cgroup(instance->sup, take_ptr(instance->cg));
}

static void end_start_failed(struct instance *instance)
{
	snprintf(instance->fault_text, sizeof(instance->fault_text), "%s",
		 instance->fault.err.text);
	instance->end =
		(struct run_end){.kind = RUN_END_START_FAILED, .fault = instance->fault_text};
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
		end_start_failed(instance);
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
	char *why = instance->end_why;

	if (instance->unhealthy)
		memcpy(why, instance->reason, sizeof(instance->end_why));
	else
		reason_run_end(&instance->end, service->limits.memory_bytes, why,
			       sizeof(instance->end_why));
	reason_verdict(why, &verdict, &instance->history, instance->reason,
		       sizeof(instance->reason));
	instance->backoff_ms = verdict.delay_ms;
	switch (verdict.decision) {
	case RESTART_AGAIN:
		return start_failed ? INSTANCE_EV_START_FAILED_RETRY : INSTANCE_EV_EXITED_RESTART;
	case RESTART_COMPLETE:
		return INSTANCE_EV_EXITED_COMPLETED;
	case RESTART_FAIL:
		break;
	}
	return start_failed ? INSTANCE_EV_START_FAILED_FOR_GOOD : INSTANCE_EV_EXITED_FAILED;
}

static void tell_end(struct instance *instance)
{
	const struct one_off_client *client = take_ptr(instance->client);

	if (client)
		client->ended(client->data, instance);
}

/* A run is over; a one-off instance with it. */
static void run_over(struct instance *instance)
{
	bool stopping = instance->state == INSTANCE_STOPPING;
	bool one_off = instance_is_one_off(instance);

	instance->has_end = true;
	run_forget(instance);
	tell_end(instance);
	/* A wanted end needs no verdict: whatever the status, it is what was asked for. */
	instance_event(instance, stopping ? INSTANCE_EV_EXITED_COMPLETED : end_verdict(instance));
	if (one_off && !stopping)
		instance_event(instance, INSTANCE_EV_STOP);
}

static void read_exec_status(struct instance *instance);

static void on_process_exit(void *data, int fd, uint32_t events)
{
	struct instance *instance = data;
	siginfo_t info = {0};

	if (waitid(P_PIDFD, (id_t)instance->pidfd, &info, WEXITED | WNOHANG) < 0)
		info.si_code = 0; /* not ours to wait for: the status is unknown, not 0 */
	else if (info.si_pid == 0)
		return;
	read_exec_status(instance); /* a start that failed says why before it ends */
	end_from_wait(instance, &info);
	if (instance->log)
		log_drain(instance->log);
	probe_stop(instance);
	attach_drop(instance->sup, instance);
	run_over(instance);
}

/* ---- how a run starts ---- */

static void read_exec_status(struct instance *instance)
{
	if (instance->status_fd < 0)
		return;
	int r = container_status(instance->status_fd, &instance->fault);

	if (r == -EAGAIN)
		return;
	watch_free(take_ptr(instance->status_watch));
	fd_drop(&instance->status_fd);
	if (r < 0) {
		instance->exec_failed =
			true; /* the child ends by itself: on_process_exit() goes on */
		return;
	}
	instance->started = true;
	instance->started_ms = loop_now_ms(instance->sup->loop);
	clock_gettime(CLOCK_REALTIME, &instance->started_at);
	if (instance->client)
		instance->client->started(instance->client->data, instance);
	instance_event(instance,
		       probe_gates(instance) ? INSTANCE_EV_EXEC_OK_PROBED : INSTANCE_EV_EXEC_OK);
}

static void on_status(void *data, int fd, uint32_t events)
{
	read_exec_status(data);
}

static int run_cgroup(struct instance *instance, struct err *err)
{
	struct cg_limits limits = lower_limits(instance->plan->service);
	char name[192];

	snprintf(name, sizeof(name), "%s.%u", instance->name, ++instance->sup->runs_made);
	int r = cg_make(instance->sup->cgroups, name, &limits, &instance->cg, err);

	if (r == -ERANGE)
		instance->fault.item = CONTAINER_ITEM_CPUS;
	return r < 0 ? r : oom_listen(instance, err);
}

/* Kept over restarts, as the file is. */
static int run_log(struct instance *instance, struct err *err)
{
	const struct service *service = instance->plan->service;
	const struct log_limits limits = lower_log_limits(service);
	autofree char *path = NULL;

	if (instance->log || instance->client || service->logging.driver == LOG_NONE)
		return 0;
	if (asprintf(&path, "%s/%s.log", instance->sup->log_dir, instance->name) < 0) {
		path = NULL;
		return err_set(err, ENOMEM, "log");
	}
	return log_open(instance->sup->loop, path, &limits, &instance->log, err);
}

static int run_watch(struct instance *instance, struct err *err)
{
	struct loop *loop = instance->sup->loop;
	int r = loop_watch_fd(
		loop, &(struct loop_io){instance->pidfd, EPOLLIN, on_process_exit, instance},
		&instance->pid_watch, err);

	if (r == 0)
		r = loop_watch_fd(
			loop, &(struct loop_io){instance->status_fd, EPOLLIN, on_status, instance},
			&instance->status_watch, err);
	if (r == 0)
		watch_priority(instance->pid_watch, LOOP_FIRST);
	return r;
}

/* What has to be there before a run. */
static int run_prepare(struct instance *instance, int *ret_netns_fd, struct err *err)
{
	int r = run_cgroup(instance, err);

	if (r == 0)
		r = join_endpoint(instance, err);
	if (r == 0)
		r = join_network(instance, ret_netns_fd, err);
	if (r == 0)
		r = notify_open(instance, *ret_netns_fd, err);
	if (r == 0)
		r = hosts_prepare(instance->sup, instance->plan, err);
	if (r == 0)
		r = run_log(instance, err);
	if (r == 0 && instance->layer_dir)
		r = fs_make_dirs(instance->layer_dir, 0700, err);
	return r;
}

static int run_start(struct instance *instance, struct container_fault *fault)
{
	autofree char *hosts_file = hosts_path(instance->sup, instance->plan);
	autostreams struct streams streams = STREAMS_NONE;
	int netns_fd = -1;

	*fault = (struct container_fault){.item = CONTAINER_ITEM_NONE};
	if (!hosts_file)
		return err_set(&fault->err, ENOMEM, "hosts");
	int r = run_prepare(instance, &netns_fd, &fault->err);

	if (r < 0)
		return r;
	struct container_run run = {
		.hostname = instance->plan->service->hostname.value
				    ? instance->plan->service->hostname.value
				    : instance->name,
		.domainname = instance->plan->service->domainname.value,
		.hosts_file = hosts_file,
		.layer_dir = instance->layer_dir,
		.cg = instance->cg,
		.envp = notify_environment(instance->notify),
		.netns_fd = netns_fd,
		.recorder = learn_recorder(instance->sup, instance->plan->service),
	};
	struct container_process process = {0};

	r = streams_open(instance, &run, &streams, &fault->err);
	if (r == 0)
		r = join_processes(instance, &run, &fault->err);
	if (r == 0)
		r = container_start(instance->plan->container, &run, &process, fault);
	if (r < 0)
		return r;
	instance->pid = process.pid;
	instance->pidfd = process.pidfd;
	instance->status_fd = process.status_fd;
	return run_watch(instance, &fault->err);
}

static void start_abandon(struct instance *instance)
{
	int pidfd = take_fd(&instance->pidfd);

	watch_free(take_ptr(instance->pid_watch)); /* first: epoll watches an fd only once */
	retire_process(instance->sup, pidfd);
}

/* A start that fails before there is a process ends at once; else on_process_exit() and on_status()
 * go on.
 */
static void instance_start(struct instance *instance)
{
	instance->exec_failed = false;
	instance->unhealthy = false;
	if (run_start(instance, &instance->fault) == 0)
		return;
	end_start_failed(instance);
	if (instance->pidfd >= 0) /* cloned, but not watched: unwatched it would be unsupervised */
		start_abandon(instance);
	run_over(instance);
}

/* ---- what the table asks for ---- */

static void on_timer(void *data)
{
	struct instance *instance = data;

	/* The timer is the back-off in that state and the grace period everywhere else. */
	instance_event(instance, instance->state == INSTANCE_BACKOFF ? INSTANCE_EV_BACKOFF_OVER
								     : INSTANCE_EV_GRACE_OVER);
}

static void instance_free(struct instance *instance)
{
	struct supervisor *sup = instance->sup;
	struct instance **link = &sup->instances;

	while (*link != instance)
		link = &(*link)->next;
	*link = instance->next;
	sup->instance_count--;
	watch_free(instance->timer);
	fd_drop(&instance->input_fd);
	log_close(instance->log);
	join_leave(instance);
	net_detach(instance->endpoint);
	if (instance->layer_dir && fs_remove_tree(instance->layer_dir, NULL) < 0)
		supervisor_log(sup, "instance=%s event=layer-kept path=%s", instance->name,
			       instance->layer_dir);
	plan_unref(instance->plan);
	free(instance->layer_dir);
	free(instance);
}

static void instance_gone(struct instance *instance)
{
	struct supervisor *sup = instance->sup;

	watch_instance(instance, "removed");
	instance_free(instance);
	sup->publish_due = true;
	supervisor_touch(sup);
}

static void instance_kill(struct instance *instance)
{
	struct err err = {0};

	/* On v1 the group's members do not include a child that has not joined it yet; and when a
	 * first process dies its whole pid namespace does. */
	if (instance->pidfd >= 0)
		(void)pidfd_send_signal(instance->pidfd, SIGKILL, NULL, 0); /* dead: as wanted */
	if (instance->cg && cg_kill(instance->cg, &err) < 0)
		supervisor_log(instance->sup, "instance=%s event=kill-failed error=\"%s\"",
			       instance->name, err.text);
}

static void instance_stop_signal(struct instance *instance)
{
	struct err err = {0};

	if (instance_signal(instance, instance->plan->service->stop_signal, &err) < 0)
		instance_kill(instance);
}

static void instance_act(struct instance *instance, unsigned actions)
{
	const struct service *service = instance->plan->service;

	if (actions & ACT_CANCEL_TIMERS)
		watch_disarm(instance->timer);
	if (actions & ACT_STOP_HEALTH)
		probe_stop(instance);
	if (actions & ACT_PUBLISH)
		instance->sup->publish_due = true;
	if (actions & ACT_SIGNAL_STOP)
		instance_stop_signal(instance);
	if (actions & ACT_KILL)
		instance_kill(instance);
	if (actions & ACT_ARM_BACKOFF)
		watch_arm(instance->timer, instance->backoff_ms);
	if (actions & ACT_ARM_GRACE)
		watch_arm(instance->timer,
			  instance->grace_ms >= 0 ? instance->grace_ms : service->stop_grace_ms);
	if (actions & ACT_START_HEALTH)
		probe_start(instance);
}

void instance_event(struct instance *instance, enum instance_event event)
{
	const struct instance_step *step = instance_step(instance->state, event);

	if (step->kind == STEP_IGNORE || (step->next == instance->state && step->actions == 0))
		return;
	instance_act(instance, step->actions);
	/* These two come last: each may end the instance's life or begin its next event. */
	if (step->actions & ACT_GONE) {
		instance_gone(instance);
		return;
	}
	instance_enter(instance, step->next);
	if (step->actions & ACT_START)
		instance_start(instance);
}

static int instance_dirs(struct instance *instance)
{
	const struct service *service = instance->plan->service;
	const char *layers = instance->sup->layers_dir;

	if (service->rootfs != ROOTFS_HOST && !service->read_only &&
	    asprintf(&instance->layer_dir, "%s/%s", layers, instance->name) < 0)
		return -ENOMEM;
	return 0;
}

/* People and scripts see the instances in the order of their names, whenever each was made. */
static bool is_before(const struct instance *instance, const char *service, unsigned index)
{
	int order = strcmp(instance->plan->service->name, service);

	return order < 0 || (order == 0 && instance->index < index);
}

int instance_create(struct supervisor *sup, struct plan *plan, unsigned index, struct err *err)
{
	struct instance *instance = calloc(1, sizeof(*instance));
	struct instance **link = &sup->instances;

	if (!instance)
		return err_set(err, ENOMEM, "instance of %s", plan->service->name);
	*instance = (struct instance){.sup = sup, .plan = plan_ref(plan), .index = index};
	instance->state = INSTANCE_WAITING;
	if (getrandom(&instance->history.seed, sizeof(instance->history.seed), GRND_NONBLOCK) < 0)
		instance->history.seed = index; /* early in boot: spread is all that is wanted */
	plan->used = true;
	instance->grace_ms = -1;
	instance->oom_ms = -1;
	instance->pidfd = -1;
	instance->input_fd = -1;
	instance->status_fd = -1;
	snprintf(instance->name, sizeof(instance->name), "%s-%u", plan->service->name, index);
	while (*link && is_before(*link, plan->service->name, index))
		link = &(*link)->next;
	instance->next = *link;
	*link = instance;
	sup->instance_count++;
	int r = instance_dirs(instance) < 0 ? err_set(err, ENOMEM, "%s", instance->name) : 0;

	if (r == 0)
		r = loop_watch_timer(sup->loop, on_timer, instance, &instance->timer, err);
	if (r < 0) {
		instance_free(instance);
		return r;
	}
	/* Names must be known before a program asks for them, so the address comes before the first
	 * start. A failure is met again there, where the restart policy deals with it. */
	(void)!join_endpoint(instance, NULL);
	watch_instance(instance, instance_state_name(instance->state));
	supervisor_touch(sup);
	return 0;
}
