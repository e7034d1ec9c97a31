// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How a run begins; see run_begin.h.
 */
#include "launcher/supervisor/run_begin.h"

#include "launcher/js.h"
#include "launcher/lower.h"
#include "launcher/supervisor/events.h"
#include "launcher/supervisor/hosts.h"
#include "launcher/supervisor/join.h"
#include "launcher/supervisor/kept.h"
#include "launcher/supervisor/learn.h"
#include "launcher/supervisor/notify.h"
#include "launcher/supervisor/oom.h"
#include "launcher/supervisor/probe.h"
#include "launcher/supervisor/resolver.h"
#include "launcher/supervisor/retire.h"
#include "launcher/supervisor/run_end.h"
#include "launcher/supervisor/streams.h"
#include "launcher/supervisor/supervisor.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/fs.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

void run_begin_status(struct instance *instance)
{
	struct err err = {0};

	if (instance->status_fd < 0)
		return;
	int r = container_status(instance->status_fd, instance->fault);

	if (r == -EAGAIN)
		return;
	watch_free(take_ptr(instance->status_watch));
	fd_drop(&instance->status_fd);
	if (r < 0) {
		instance->exec_failed =
			true; /* the child ends by itself: run_end_on_exit() goes on */
		return;
	}
	if (streams_terminal(instance, &err) < 0)
		supervisor_log(instance->sup, "instance=%s event=no-terminal error=\"%s\"",
			       instance->name, err.text);
	metrics_count(instance, METRICS_STARTED);
	run_begin_done(instance);
}

void run_begin_done(struct instance *instance)
{
	instance->end.fault = NULL; /* which is a text of: */
	free(take_ptr(instance->fault));
	instance->started = true;
	instance->started_ms = loop_now_ms(instance->sup->loop);
	clock_gettime(CLOCK_REALTIME, &instance->started_at);
	events_instance(instance, "start", NULL, js_pack("{s:i}", "pid", (int)instance->pid));
	if (instance->client)
		instance->client->started(instance->client->data, instance);
	instance_event(instance,
		       probe_gates(instance) ? INSTANCE_EV_EXEC_OK_PROBED : INSTANCE_EV_EXEC_OK);
}

static void on_status(void *data, int fd, uint32_t events)
{
	run_begin_status(data);
}

static int run_cgroup(struct instance *instance, struct err *err)
{
	struct cg_limits limits = lower_limits(instance->plan->service);
	autofree struct cg_io *io = lower_io(instance->plan->service);
	char name[192];

	if (!io)
		return err_set(err, ENOMEM, "cgroup");
	limits.io = io;
	instance->run = ++instance->sup->runs_made;
	snprintf(name, sizeof(name), "%s.%u", instance->name, instance->run);
	int r = instance->retired ? 0 : retire_place(&instance->retired, err);

	if (r == 0)
		r = cg_make(instance->sup->cgroups, name, &limits, &instance->cg, err);

	if (r == -ERANGE)
		instance->fault->item = CONTAINER_ITEM_CPUS;
	if (r == -ENXIO) {
		instance->fault->item = CONTAINER_ITEM_IO;
		instance->fault->index = (unsigned)limits.io_count;
	}
	return r < 0 ? r : oom_listen(instance, err);
}

static void tell_log_trouble(void *data, const struct log_news *news)
{
	struct instance *instance = data;
	char why[ERR_TEXT_MAX];

	if (news->code == 0) {
		events_instance(instance, "log", "written again",
				js_pack("{s:I}", "lost_lines", (long long)news->lost));
		supervisor_log(instance->sup, "instance=%s event=log-recovered lost_lines=%llu",
			       instance->name, (unsigned long long)news->lost);
		return;
	}
	const char *text = strerrordesc_np(news->code);

	snprintf(why, sizeof(why), "%s%s", news->journal ? "journal: " : "", text ? text : "?");
	events_instance(instance, "log", why, NULL);
	supervisor_log(instance->sup, "instance=%s event=log-trouble error=\"%s\"", instance->name,
		       why);
}

/* As an engine names its containers, so that what reads a journal for those reads it for these. */
static struct journal_config journal_of(const struct instance *instance)
{
	const struct service *service = instance->plan->service;
	const char *name =
		service->container_name.value ? service->container_name.value : instance->name;

	return (struct journal_config){
		.socket = service->logging.driver == LOG_JOURNALD ? JOURNAL_SOCKET : NULL,
		.stack = instance->sup->name,
		.service = service->name,
		.instance = instance->name,
		.name = name,
		.tag = service->logging.tag ? service->logging.tag : name,
	};
}

/* Kept over restarts, as the file is. */
int run_begin_log(struct instance *instance, const struct log_pipes *pipes, struct err *err)
{
	const struct service *service = instance->plan->service;
	autofree char *path = NULL;

	if (instance->log || instance->client || service->logging.driver == LOG_NONE)
		return 0;
	if (asprintf(&path, "%s/%s.log", instance->sup->log_dir, instance->name) < 0) {
		path = NULL;
		return err_set(err, ENOMEM, "log");
	}
	const struct log_config config = {
		.path = path,
		.limits = lower_log_limits(service),
		.journal = journal_of(instance),
		.trouble = {tell_log_trouble, instance},
		.pipes = pipes,
	};

	int r = log_open(instance->sup->log_pump, &config, &instance->log, err);

	if (r < 0)
		return r;
	const struct log_pipes mine = log_pipes(instance->log);

	for (int i = 0; i < LOG_PIPES; i++)
		kept_store(instance, i == 0 ? KEPT_STDOUT : KEPT_STDERR, mine.read_fds[i]);
	return 0;
}

int run_begin_watch(struct instance *instance, struct err *err)
{
	struct loop *loop = instance->sup->loop;
	int r = loop_watch_fd(
		loop, &(struct loop_io){instance->pidfd, EPOLLIN, run_end_on_exit, instance},
		&instance->pid_watch, err);

	if (r == 0 && instance->status_fd >= 0)
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
		r = notify_open(instance, *ret_netns_fd, NULL, err);
	if (r == 0)
		r = resolver_prepare(instance->sup, instance->plan, err);
	if (r == 0)
		r = run_begin_log(instance, NULL, err);
	if (r == 0 && instance->layer_dir)
		r = fs_make_dirs(instance->layer_dir, 0700, err);
	return r;
}

static int run_start(struct instance *instance, struct container_fault *fault)
{
	autofree char *hosts_file = NULL;
	autostreams struct streams streams = STREAMS_NONE;
	int netns_fd = -1;

	*fault = (struct container_fault){.item = CONTAINER_ITEM_NONE};
	int r = plan_ready(instance->sup, instance->plan, fault);

	if (r == 0)
		r = run_prepare(instance, &netns_fd, &fault->err);
	if (r == 0)
		r = hosts_prepare(instance, &hosts_file, &fault->err);
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
	cg_join_close(instance->cg);
	if (r < 0)
		return r;
	instance->pid = process.pid;
	instance->start_ticks = 0;
	instance->pidfd = process.pidfd;
	instance->status_fd = process.status_fd;
	return run_begin_watch(instance, &fault->err);
}

static void start_abandon(struct instance *instance)
{
	int pidfd = take_fd(&instance->pidfd);

	watch_free(take_ptr(instance->pid_watch)); /* first: epoll watches an fd only once */
	retire_process(instance->sup, pidfd);
}

void run_begin(struct instance *instance)
{
	instance->exec_failed = false;
	instance->unhealthy = false;
	instance->begun_us = loop_clock_us();
	instance->start_seen = false;
	if (!instance->fault)
		instance->fault = calloc(1, sizeof(*instance->fault));
	if (instance->fault && run_start(instance, instance->fault) == 0)
		return;
	run_end_unstarted(instance);
	if (instance->pidfd >= 0) /* cloned, but not watched: unwatched it would be unsupervised */
		start_abandon(instance);
	run_end_now(instance);
}
