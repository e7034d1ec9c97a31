// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * davit-keeper: holds what must outlive a supervisor, and starts a new one when it dies. Nobody
 * types this; `davit up` starts it in place of the supervisor. One loop, one thread, no memory but
 * its tables; it sleeps until a child ends, a signal comes or the supervisor speaks.
 */
#include "launcher/keeper/exits.h"
#include "launcher/keeper/keeper.h"
#include "launcher/keeper/pace.h"
#include "launcher/supervisor/keep.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/exe.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>

#define OOM_SCORE_ADJ "-900"
#define OOM_VARIABLE  "DAVIT_OOM_SCORE_ADJ"

int64_t keeper_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void keeper_say(const struct keeper *keeper, const char *fmt, ...)
{
	char text[ERR_TEXT_MAX + 64];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	dprintf(STDERR_FILENO, "stack=%s keeper=%d %s\n", keeper->stack, getpid(), text);
}

static int options_parse(int argc, char **argv, struct keeper *keeper, int *ret_handover_fd)
{
	static const struct option known[] = {
		{"stack", required_argument, NULL, 's'},
		{"supervisor", required_argument, NULL, 'p'},
		{"ready-fd", required_argument, NULL, 'r'},
		{"handover", required_argument, NULL, 'h'},
		{"check", no_argument, NULL, 'c'},
		{0},
	};

	for (int c; (c = getopt_long(argc, argv, "", known, NULL)) != -1;) {
		if (c == 's')
			keeper->stack = optarg;
		else if (c == 'p')
			keeper->supervisor = optarg;
		else if (c == 'r')
			keeper->ready_fd = atoi(optarg);
		else if (c == 'h')
			*ret_handover_fd = atoi(optarg);
		else if (c == 'c')
			_exit(0); /* it runs: nothing else is asked */
		else
			return -EINVAL;
	}
	return keeper->stack && keeper->supervisor && optind == argc ? 0 : -EINVAL;
}

/* Memory that runs out is to be found elsewhere. The instances get what was there before, so that
 * is said to the supervisor, who starts them. Where it is not allowed both stay as they are. */
static void be_spared(void)
{
	char before[16] = "";
	autoclose int fd = open("/proc/self/oom_score_adj", O_RDWR | O_CLOEXEC);

	if (getenv(OOM_VARIABLE) || fd < 0 || read(fd, before, sizeof(before) - 1) <= 0)
		return;
	before[strcspn(before, "\n")] = '\0';
	if (pwrite(fd, OOM_SCORE_ADJ, strlen(OOM_SCORE_ADJ), 0) > 0)
		(void)setenv(OOM_VARIABLE, before,
			     1); /* without memory for it they are spared, too */
}

/* The limit on descriptors is the keeper's own: a supervisor sets its own, too. */
static int prepare(struct keeper *keeper, int *ret_signal_fd)
{
	struct rlimit limit;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGUSR2);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0 || prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		return -errno;
	*ret_signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (*ret_signal_fd < 0)
		return -errno;
	if (keeper->ready_fd >= 0)
		(void)fcntl(keeper->ready_fd, F_SETFD, FD_CLOEXEC);
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit); /* the old limit serves small stacks */
	}
	be_spared();
	return 0;
}

/* A first supervisor that cannot be started is whoever waits for it told of. */
static void start(struct keeper *keeper)
{
	struct err err = {0};

	if (start_supervisor(keeper, &err) == 0)
		return talk_tell(keeper);
	keeper_say(keeper, "event=start error=\"%s\"", err.text);
	if (!keeper->has_served) {
		if (keeper->ready_fd >= 0)
			dprintf(keeper->ready_fd, "error: %s\n", err.text);
		_exit(1);
	}
	keeper->pause_ms = pace_next(keeper->pause_ms < 0 ? 0 : keeper->pause_ms, 0);
	keeper->restart_ms = keeper_now_ms() + keeper->pause_ms;
}

static void plan_restart(struct keeper *keeper, int status)
{
	int64_t now_ms = keeper_now_ms();
	bool replaced = WIFEXITED(status) && WEXITSTATUS(status) == KEEP_REPLACED;
	int64_t served_ms = keeper->serves ? now_ms - keeper->begun_ms : 0;

	keeper->pause_ms = replaced ? 0 : pace_next(keeper->pause_ms, served_ms);
	keeper->restart_ms = now_ms + keeper->pause_ms;
	if (!replaced)
		keeper_say(keeper, "event=supervisor-lost %s=%d next_ms=%lld",
			   WIFEXITED(status) ? "status" : "signal",
			   WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status),
			   (long long)keeper->pause_ms);
}

/* Status 0: the stack is down. A first one that never served has said why, and ends us, too. */
static void on_supervisor_end(struct keeper *keeper, int status)
{
	talk_hear(keeper); /* its last words */
	fd_drop(&keeper->socket_fd);
	keeper->supervisor_pid = 0;
	if (WIFEXITED(status) && (WEXITSTATUS(status) == 0 || !keeper->has_served))
		_exit(WEXITSTATUS(status));
	if (!keeper->has_served)
		_exit(1);
	plan_restart(keeper, status);
	keeper->serves = false;
}

static int status_of(const siginfo_t *info)
{
	if (info->si_code == CLD_EXITED)
		return W_EXITCODE(info->si_status, 0);
	return W_EXITCODE(0, info->si_status | (info->si_code == CLD_DUMPED ? WCOREFLAG : 0));
}

/* Told before it is reaped, so that the death of either of us loses nothing. What has no room yet
 * stays where it is. */
static void reap(struct keeper *keeper)
{
	int status = 0;

	if (keeper->supervisor_pid > 0 && waitpid(keeper->supervisor_pid, &status, WNOHANG) > 0)
		on_supervisor_end(keeper, status);
	for (;;) {
		siginfo_t info = {0};

		if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || info.si_pid == 0 ||
		    info.si_pid == keeper->supervisor_pid)
			return;
		if (!exits_put(info.si_pid, status_of(&info)))
			return;
		talk_tell(keeper);
		(void)waitpid(info.si_pid, NULL, 0); /* it has ended: there it is */
	}
}

static void stop(struct keeper *keeper)
{
	keeper->stopping = true;
	keeper->restart_ms = 0;
	if (keeper->serves)
		(void)kill(keeper->supervisor_pid, SIGTERM);
}

static void on_signals(struct keeper *keeper, int signal_fd)
{
	struct signalfd_siginfo info;

	while (read(signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGUSR2)
			keeper->upgrade = true;
		else if (info.ssi_signo != SIGCHLD)
			stop(keeper);
	}
}

/* Of this program first: the next one has the supervisor replaced. What cannot be run replaces
 * nobody. */
static void upgrade(struct keeper *keeper)
{
	struct err err = {0};

	keeper->upgrade = false;
	if (exe_check(keeper->program, keeper->stack, &err) == 0 &&
	    exe_check(keeper->supervisor, keeper->stack, &err) == 0)
		err_ignore(handover_exec(keeper, &err));
	keeper_say(keeper, "event=upgrade error=\"%s\"", err.text);
}

static int wait_ms(const struct keeper *keeper)
{
	int64_t left_ms = keeper->restart_ms - keeper_now_ms();

	if (keeper->supervisor_pid > 0)
		return -1;
	return left_ms < 0 ? 0 : (int)left_ms;
}

static void turn(struct keeper *keeper, int signal_fd)
{
	short output = keeper->behind ? POLLOUT : 0;
	struct pollfd fds[] = {
		{.fd = signal_fd, .events = POLLIN},
		{.fd = keeper->socket_fd, .events = POLLIN | output},
	};

	(void)poll(fds, ARRAY_SIZE(fds), wait_ms(keeper)); /* EINTR: the next turn looks again */
	talk_hear(keeper);
	on_signals(keeper, signal_fd);
	reap(keeper);
	if (keeper->supervisor_pid == 0 && wait_ms(keeper) == 0)
		start(keeper);
	if (keeper->behind)
		talk_tell(keeper);
	if (keeper->upgrade && keeper->serves)
		upgrade(keeper);
}

int main(int argc, char **argv)
{
	static struct keeper keeper = {.ready_fd = -1, .socket_fd = -1, .pause_ms = -1};
	int handover_fd = -1;
	int signal_fd = -1;

	keeper.program = argv[0];
	if (options_parse(argc, argv, &keeper, &handover_fd) < 0) {
		fprintf(stderr, "usage: davit-keeper --stack NAME --supervisor PROGRAM "
				"[--ready-fd N] [--handover N] | --check\n");
		return 2;
	}
	if (prepare(&keeper, &signal_fd) < 0) {
		fprintf(stderr, "davit-keeper: %s\n", strerrordesc_np(errno));
		return 1;
	}
	if (handover_fd >= 0)
		handover_read(&keeper, handover_fd);
	if (keeper.supervisor_pid > 0)
		talk_replace(&keeper);
	for (;;)
		turn(&keeper, signal_fd);
}
