// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Health checks: runs the probe inside the instance when policy/health says so and gives the result
 * back to it. Of what a probe prints the first 4 KiB are kept, the rest is read and dropped.
 */
#include "launcher/supervisor/probe.h"
#include "launcher/supervisor/retire.h"
#include "launcher/supervisor/supervisor.h"
#include "runtime/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>
#include <sys/wait.h>

#define OUTPUT_BYTES_MAX 4096
/* An instance that ends takes its probes along, and its own end is heard of only after theirs. */
#define DOUBT_MS 100

struct probe {
	struct instance *instance;
	struct watch *timer; /* the next probe, or the timeout of the running one */
	struct watch *exit_watch;
	struct watch *output_watch;
	struct container_process process;
	int output_fd;
	int64_t started_ms;
	bool timed_out;
	bool in_doubt; /* it was killed, and perhaps because the instance ends */
	struct run_end end;
	char output[OUTPUT_BYTES_MAX + 1];
	size_t output_len;
	struct container_fault fault;
	char **argv; /* borrows the words of the manifest */
};

static const struct healthcheck *spec_of(const struct probe *probe)
{
	return &probe->instance->plan->service->healthcheck;
}

static int64_t now_of(const struct probe *probe)
{
	return loop_now_ms(probe->instance->sup->loop);
}

/* ---- the end of a probe ---- */

static void probe_read(struct probe *probe)
{
	char dropped[4096];

	/* A bounded number of reads per wake-up: a flood is not our problem to keep up with. */
	for (int reads = 0; reads < 16; reads++) {
		size_t room = OUTPUT_BYTES_MAX - probe->output_len;
		char *into = room ? probe->output + probe->output_len : dropped;
		ssize_t n = read(probe->output_fd, into, room ? room : sizeof(dropped));

		if (n <= 0)
			return;
		if (room)
			probe->output_len += (size_t)n;
	}
}

static void on_output(void *data, int fd, uint32_t events)
{
	struct probe *probe = data;

	probe_read(probe);
	if (events & EPOLLHUP)
		watch_free(take_ptr(probe->output_watch));
}

static void run_clear(struct probe *probe)
{
	watch_free(take_ptr(probe->exit_watch));
	watch_free(take_ptr(probe->output_watch));
	fd_drop(&probe->output_fd);
	fd_drop(&probe->process.pidfd);
	fd_drop(&probe->process.status_fd);
	probe->process.pid = 0;
}

/* With all that it has started: the kernel made it the leader of a session, and as long as it is
 * not reaped its number is nobody else's. */
static void run_kill(const struct probe *probe)
{
	if (probe->process.pid > 0)
		(void)kill(-probe->process.pid, SIGKILL); /* fails before it is a leader */
	(void)pidfd_send_signal(probe->process.pidfd, SIGKILL, NULL, 0); /* … or is dead already */
}

static void run_abandon(struct probe *probe)
{
	if (probe->process.pidfd >= 0)
		run_kill(probe);
	int pidfd = take_fd(&probe->process.pidfd);

	run_clear(probe); /* first: epoll watches an fd only once */
	if (pidfd >= 0)
		retire_process(probe->instance->sup, pidfd);
}

/* "probe failed 3 times: exit 1: connection refused" */
static void say_why(struct probe *probe, const struct run_end *end)
{
	struct instance *instance = probe->instance;
	char what[REASON_MAX];
	char why[REASON_MAX];
	size_t used;

	reason_probe_end(end, probe->timed_out ? spec_of(probe)->timeout_ms : 0, what,
			 sizeof(what));
	probe->output[probe->output_len] = '\0';
	probe->output[strcspn(probe->output, "\r\n")] = '\0';
	used = strlen(what);
	if (probe->output[0])
		snprintf(what + used, sizeof(what) - used, ": %.120s", probe->output);
	reason_probe(instance->health.streak, what, why, sizeof(why));
	instance_set_reason(instance, why);
}

static void on_turn(void *data);

static void probe_schedule(struct probe *probe)
{
	int64_t next_ms = health_next_probe_ms(spec_of(probe), &probe->instance->health);

	watch_arm(probe->timer, next_ms - now_of(probe));
}

static enum probe_outcome outcome_of(const struct probe *probe, const struct run_end *end)
{
	if (probe->timed_out)
		return PROBE_TIMEOUT;
	return end->kind == RUN_END_EXITED && end->code == 0 ? PROBE_OK : PROBE_FAILED;
}

/* May end the probe's own life: a failed health check may stop the instance. */
static void probe_ended(struct probe *probe, const struct run_end *end)
{
	struct instance *instance = probe->instance;
	const struct service *service = instance->plan->service;
	enum health_change change =
		health_result(&service->healthcheck, &instance->health, outcome_of(probe, end),
			      probe->started_ms, now_of(probe));

	probe_schedule(probe);
	switch (change) {
	case HEALTH_NOTHING:
		break;
	case HEALTH_BECAME_HEALTHY:
		instance_event(instance, INSTANCE_EV_HEALTHY);
		break;
	case HEALTH_BECAME_UNHEALTHY:
		say_why(probe, end);
		instance->unhealthy = service->restart.condition != RESTART_NO;
		instance_event(instance, instance->unhealthy ? INSTANCE_EV_UNHEALTHY_RESTART
							     : INSTANCE_EV_UNHEALTHY);
		break;
	}
}

static void on_probe_exit(void *data, int fd, uint32_t events)
{
	struct probe *probe = data;
	struct run_end end = {.kind = RUN_END_UNKNOWN};
	siginfo_t info = {0};

	if (waitid(P_PIDFD, (id_t)probe->process.pidfd, &info, WEXITED | WNOHANG) == 0 &&
	    info.si_pid == 0)
		return;
	if (container_status(probe->process.status_fd, &probe->fault) < 0 &&
	    probe->fault.err.code != 0) {
		end.kind = RUN_END_START_FAILED;
		end.fault = probe->fault.err.text;
	} else if (info.si_code == CLD_EXITED) {
		end.kind = RUN_END_EXITED;
		end.code = info.si_status;
	} else if (info.si_code == CLD_KILLED || info.si_code == CLD_DUMPED) {
		end.kind = RUN_END_SIGNALLED;
		end.signal = info.si_status;
	}
	probe_read(probe);
	run_clear(probe);
	probe->end = end;
	probe->in_doubt =
		end.kind == RUN_END_SIGNALLED && end.signal == SIGKILL && !probe->timed_out;
	if (probe->in_doubt)
		watch_arm(probe->timer, DOUBT_MS);
	else
		probe_ended(probe, &end);
}

/* ---- the start of a probe ---- */

static int probe_watch(struct probe *probe, struct err *err)
{
	struct loop *loop = probe->instance->sup->loop;
	int r = loop_watch_fd(
		loop, &(struct loop_io){probe->process.pidfd, EPOLLIN, on_probe_exit, probe},
		&probe->exit_watch, err);

	if (r == 0)
		r = loop_watch_fd(loop,
				  &(struct loop_io){probe->output_fd, EPOLLIN, on_output, probe},
				  &probe->output_watch, err);
	return r;
}

static int probe_run(struct probe *probe, struct container_fault *fault)
{
	struct instance *instance = probe->instance;
	autoclose int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int pipe_fds[2] = {-1, -1};

	*fault = (struct container_fault){.item = CONTAINER_ITEM_NONE};
	if (null_fd < 0 || pipe2(pipe_fds, O_CLOEXEC) < 0)
		return err_set(&fault->err, errno, "probe");
	probe->output_fd = pipe_fds[0];
	autoclose int write_fd = pipe_fds[1];

	if (fcntl(probe->output_fd, F_SETFL, O_NONBLOCK) < 0)
		return err_set(&fault->err, errno, "probe");
	const struct container_exec exec = {
		.pidfd = instance->pidfd,
		.cg = instance->cg,
		.argv = probe->argv,
		.stdio = {null_fd, write_fd, write_fd},
	};
	int r = container_exec(instance->plan->container, &exec, &probe->process, fault);

	return r < 0 ? r : probe_watch(probe, &fault->err);
}

static void probe_begin(struct probe *probe)
{
	probe->started_ms = now_of(probe);
	probe->timed_out = false;
	probe->output_len = 0;
	probe->process = (struct container_process){.pidfd = -1, .status_fd = -1};
	if (probe_run(probe, &probe->fault) == 0) {
		watch_arm(probe->timer, spec_of(probe)->timeout_ms);
		return;
	}
	const struct run_end end = {.kind = RUN_END_START_FAILED, .fault = probe->fault.err.text};

	run_abandon(probe);
	probe_ended(probe, &end);
}

/*
 * The timer serves all: the next probe is due, the running one has taken too long, or one that was
 * killed was not so by the end of its instance, which would be known by now.
 */
static void on_turn(void *data)
{
	struct probe *probe = data;

	if (probe->in_doubt) {
		probe->in_doubt = false;
		probe_ended(probe, &probe->end);
	} else if (probe->process.pidfd < 0) {
		probe_begin(probe);
	} else {
		probe->timed_out = true;
		run_kill(probe); /* on_probe_exit() comes */
	}
}

void probe_start(struct instance *instance)
{
	const struct healthcheck *spec = &instance->plan->service->healthcheck;
	struct probe *probe = calloc(1, sizeof(*probe));
	struct err err = {0};

	if (!spec->present || instance->probe) {
		free(probe);
		return;
	}
	health_init(&instance->health, loop_now_ms(instance->sup->loop));
	if (probe) {
		probe->instance = instance;
		probe->output_fd = -1;
		probe->process = (struct container_process){.pidfd = -1, .status_fd = -1};
		probe->argv = calloc(spec->test.count + 1, sizeof(*probe->argv));
	}
	if (!probe || !probe->argv ||
	    loop_watch_timer(instance->sup->loop, on_turn, probe, &probe->timer, &err) < 0) {
		if (probe)
			free(probe->argv);
		free(probe);
		supervisor_log(instance->sup, "instance=%s event=probe-failed error=\"no memory\"",
			       instance->name);
		return;
	}
	for (size_t i = 0; i < spec->test.count; i++)
		probe->argv[i] = spec->test.items[i].value;
	instance->probe = probe;
	probe_schedule(probe);
}

void probe_stop(struct instance *instance)
{
	struct probe *probe = take_ptr(instance->probe);

	if (!probe)
		return;
	run_abandon(probe);
	watch_free(probe->timer);
	free(probe->argv);
	free(probe);
}
