// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Probes that run a program inside the instance. Of what it prints the first 4 KiB are kept, the
 * rest is read and dropped.
 */
#include "launcher/supervisor/probe_run.h"
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
/* An instance that ends takes its probes along, and its own end is heard of only after theirs: on a
 * busy machine much later. */
#define DOUBT_MS 1000

struct exec_run {
	struct watch *exit_watch;
	struct watch *output_watch;
	struct watch *doubt; /* armed: it was killed, and perhaps because the instance ends */
	struct container_process process;
	int output_fd;
	bool timed_out;
	struct run_end end;
	char output[OUTPUT_BYTES_MAX + 1];
	size_t output_len;
	struct container_fault fault;
	char **argv; /* borrows the words of the manifest */
};

/* ---- the end of a run ---- */

static void run_read(struct exec_run *run)
{
	char dropped[4096];

	/* A bounded number of reads per wake-up: a flood is not our problem to keep up with. */
	for (int reads = 0; reads < 16; reads++) {
		size_t room = OUTPUT_BYTES_MAX - run->output_len;
		char *into = room ? run->output + run->output_len : dropped;
		ssize_t n = read(run->output_fd, into, room ? room : sizeof(dropped));

		if (n <= 0)
			return;
		if (room)
			run->output_len += (size_t)n;
	}
}

static void on_output(void *data, int fd, uint32_t events)
{
	struct exec_run *run = ((struct probe *)data)->run;

	run_read(run);
	if (events & EPOLLHUP)
		watch_free(take_ptr(run->output_watch));
}

static void run_clear(struct exec_run *run)
{
	watch_free(take_ptr(run->exit_watch));
	watch_free(take_ptr(run->output_watch));
	fd_drop(&run->output_fd);
	fd_drop(&run->process.pidfd);
	fd_drop(&run->process.status_fd);
	run->process.pid = 0;
}

/* With all that it has started: the kernel made it the leader of a session, and as long as it is
 * not reaped its number is nobody else's. */
static void run_kill(const struct exec_run *run)
{
	if (run->process.pid > 0)
		(void)kill(-run->process.pid, SIGKILL); /* fails before it is a leader */
	(void)pidfd_send_signal(run->process.pidfd, SIGKILL, NULL, 0); /* … or is dead already */
}

/*
 * Of an instance that is to end a check is not killed, as that takes it along. What it has started
 * would be orphaned, and then be a child of the instance's program, which may take the sudden end
 * of one for a crash of its own just as it is asked to stop, as postgres does. A question for a
 * number may be cancelled while its instance goes on.
 */
static void exec_cancel(struct probe *probe)
{
	struct exec_run *run = probe->run;

	if (!run)
		return;
	if (probe->answered && run->process.pidfd >= 0)
		run_kill(run);
	int pidfd = take_fd(&run->process.pidfd);

	run_clear(run); /* first: epoll watches an fd only once */
	if (run->doubt)
		watch_disarm(run->doubt);
	if (pidfd >= 0)
		retire_unasked(probe->instance->sup, pidfd);
}

/* All that was printed, unless that was more than is kept. */
static void answer(struct probe *probe, const struct exec_run *run)
{
	bool whole = run->output_len < OUTPUT_BYTES_MAX;

	probe->answered(probe, &(struct probe_answer){.outcome = whole ? PROBE_OK : PROBE_FAILED,
						      .what = "it prints 4096 bytes or more",
						      .bytes = run->output,
						      .len = run->output_len});
}

/* "exit 1: connection refused" */
static void run_ended(struct probe *probe)
{
	struct exec_run *run = probe->run;
	const struct run_end *end = &run->end;
	int64_t timeout_ms = run->timed_out ? probe->use->timing.timeout_ms : 0;
	bool good = !run->timed_out && end->kind == RUN_END_EXITED && end->code == 0;
	char what[REASON_MAX];
	size_t used;

	reason_probe_end(end, timeout_ms, what, sizeof(what));
	run->output[run->output_len] = '\0';
	if (probe->answered && good) {
		answer(probe, run);
		return;
	}
	run->output[strcspn(run->output, "\r\n")] = '\0';
	used = strlen(what);
	if (run->output[0])
		snprintf(what + used, sizeof(what) - used, ": %.120s", run->output);
	enum probe_outcome outcome = run->timed_out ? PROBE_TIMEOUT
				     : good	    ? PROBE_OK
						    : PROBE_FAILED;

	if (probe->answered)
		probe->answered(probe, &(struct probe_answer){.outcome = outcome, .what = what});
	else
		probe_done(probe, outcome, what);
}

/* One that was killed was not so by the end of its instance, which would be known by now. */
static void on_doubt_over(void *data)
{
	run_ended(data);
}

static void run_reap(struct exec_run *run, const siginfo_t *info)
{
	run->end = (struct run_end){.kind = RUN_END_UNKNOWN};
	if (container_status(run->process.status_fd, &run->fault) < 0 && run->fault.err.code != 0) {
		run->end.kind = RUN_END_START_FAILED;
		run->end.fault = run->fault.err.text;
	} else if (info->si_code == CLD_EXITED) {
		run->end.kind = RUN_END_EXITED;
		run->end.code = info->si_status;
	} else if (info->si_code == CLD_KILLED || info->si_code == CLD_DUMPED) {
		run->end.kind = RUN_END_SIGNALLED;
		run->end.signal = info->si_status;
	}
	run_read(run);
	run_clear(run);
}

static void on_exit_of_probe(void *data, int fd, uint32_t events)
{
	struct probe *probe = data;
	struct exec_run *run = probe->run;
	siginfo_t info = {0};

	if (waitid(P_PIDFD, (id_t)run->process.pidfd, &info, WEXITED | WNOHANG) == 0 &&
	    info.si_pid == 0)
		return;
	run_reap(run, &info);
	watch_disarm(probe->timer);
	if (run->end.kind == RUN_END_SIGNALLED && run->end.signal == SIGKILL && !run->timed_out)
		watch_arm(run->doubt, DOUBT_MS);
	else
		run_ended(probe);
}

/* ---- the start of a run ---- */

static int run_watch(struct probe *probe, struct err *err)
{
	struct loop *loop = probe->instance->sup->loop;
	struct exec_run *run = probe->run;
	int r = loop_watch_fd(
		loop, &(struct loop_io){run->process.pidfd, EPOLLIN, on_exit_of_probe, probe},
		&run->exit_watch, err);

	if (r == 0)
		r = loop_watch_fd(loop,
				  &(struct loop_io){run->output_fd, EPOLLIN, on_output, probe},
				  &run->output_watch, err);
	return r;
}

static int run_program(struct probe *probe, struct container_fault *fault)
{
	struct instance *instance = probe->instance;
	struct exec_run *run = probe->run;
	autoclose int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int pipe_fds[2] = {-1, -1};

	*fault = (struct container_fault){.item = CONTAINER_ITEM_NONE};
	if (null_fd < 0 || pipe2(pipe_fds, O_CLOEXEC) < 0)
		return err_set(&fault->err, errno, "probe");
	run->output_fd = pipe_fds[0];
	autoclose int write_fd = pipe_fds[1];

	if (fcntl(run->output_fd, F_SETFL, O_NONBLOCK) < 0)
		return err_set(&fault->err, errno, "probe");
	struct container_exec exec = {
		.argv = run->argv,
		.stdio = {null_fd, write_fd, write_fd},
	};
	int r = instance_exec(instance, &exec, &run->process, fault);

	return r < 0 ? r : run_watch(probe, &fault->err);
}

static void exec_free(struct probe *probe)
{
	struct exec_run *run = take_ptr(probe->run);

	if (!run)
		return;
	watch_free(run->doubt);
	free(run->argv);
	free(run);
}

static int run_new(struct probe *probe, struct err *err)
{
	const struct text_list *test = probe->use->test;
	struct exec_run *run = calloc(1, sizeof(*run));

	if (!run)
		return err_say(err, ENOMEM, "out of memory");
	probe->run = run;
	run->output_fd = -1;
	run->process = (struct container_process){.pidfd = -1, .status_fd = -1};
	run->argv = calloc(test->count + 1, sizeof(*run->argv));
	if (!run->argv || loop_watch_timer(probe->instance->sup->loop, on_doubt_over, probe,
					   &run->doubt, err) < 0) {
		exec_free(probe);
		return err_say(err, ENOMEM, "out of memory");
	}
	for (size_t i = 0; i < test->count; i++)
		run->argv[i] = test->items[i].value;
	return 0;
}

static int exec_begin(struct probe *probe, struct err *err)
{
	int r = probe->run ? 0 : run_new(probe, err);
	struct exec_run *run = probe->run;

	if (r < 0)
		return r;
	run->timed_out = false;
	run->output_len = 0;
	run->process = (struct container_process){.pidfd = -1, .status_fd = -1};
	r = run_program(probe, &run->fault);
	if (r == 0)
		return 0;
	if (run->process.pidfd >= 0)
		run_kill(run);
	exec_cancel(probe);
	*err = run->fault.err;
	return r;
}

static bool exec_expire(struct probe *probe)
{
	struct exec_run *run = probe->run;

	run->timed_out = true;
	run_kill(run); /* on_exit_of_probe() comes */
	return true;
}

const struct probe_method_ops probe_exec_ops = {exec_begin, exec_expire, exec_cancel, exec_free};
