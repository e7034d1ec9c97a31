// SPDX-License-Identifier: GPL-2.0-or-later
/* The foreground of `davit up`; see follow.h. Its end is the stack's end, not the other way
 * round: what stops instances is the supervisor. */
#include "launcher/cli/follow.h"

#include "launcher/cli/change.h"
#include "launcher/cli/down.h"
#include "launcher/cli/logprint.h"
#include "launcher/cli/settle.h"
#include "launcher/paths.h"
#include "runtime/base/cleanup.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>

int follow_open(struct follow *follow, const char *stack, const char *const *services,
		struct err *err)
{
	const struct logset_options wanted = {
		.services = services, .start = LOGSET_NEW, .tail = -1, .follow = true};
	autofree char *dir = NULL;
	sigset_t signals;
	int r = paths_dir(PATHS_LOG, stack, &dir, err);

	if (r == 0)
		r = logset_open(&follow->logs, dir, &wanted, err);
	if (r < 0)
		return r;
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	follow->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	return follow->signal_fd < 0 ? err_set(err, errno, "signalfd") : 0;
}

void follow_close(struct follow *follow)
{
	fd_drop(&follow->signal_fd);
	logset_close(&follow->logs);
	strv_free(&follow->started);
}

struct state {
	const char *stack;
	struct follow *follow;
	struct logprint style;
	struct watch watch;
	unsigned stops; /* how often the stack was asked to end */
	bool done;	/* of a stack that goes on: nothing is left to show */
	int code;
};

static int stop_started(const struct state *state, int64_t timeout_ms)
{
	const struct strv *started = &state->follow->started;

	return change_post(state->stack, "/v1/stop",
			   js_pack("{s:o, s:o}", "services",
				   js_strings((const char *const *)started->items, NULL),
				   "timeout_ms", change_timeout(timeout_ms)),
			   NULL);
}

static void stop(struct state *state, const char *why)
{
	int64_t timeout_ms = state->stops++ == 0 ? -1 : 0;

	fprintf(stderr, "%s\n", why);
	/* A complaint is printed; if the supervisor is gone the stream says so. */
	int code = state->follow->whole ? down_request(state->stack, false, timeout_ms)
					: stop_started(state, timeout_ms);

	if (code == EXIT_DONE)
		return;
	state->code = EXIT_FAILED;
	state->done = !state->follow->whole;
}

static void take_signal(struct state *state)
{
	const struct follow *follow = state->follow;
	struct signalfd_siginfo info;

	if (read(follow->signal_fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return;
	if (!follow->whole && follow->started.count == 0) {
		fprintf(stderr, "nothing was started here: stack %s goes on\n", state->stack);
		state->done = true;
		return;
	}
	if (state->stops == 0)
		stop(state, "stopping… (once more: at once)");
	else
		stop(state, "stopping at once…");
}

static int step(struct state *state, struct err *err)
{
	struct logset *logs = &state->follow->logs;
	struct pollfd news[] = {
		{.fd = state->watch.stream.fd, .events = POLLIN},
		{.fd = logs->inotify_fd, .events = POLLIN},
		{.fd = state->follow->signal_fd, .events = POLLIN},
	};
	int r = 0;

	if (poll(news, ARRAY_SIZE(news), -1) < 0 && errno != EINTR)
		return err_set(err, errno, "wait for news");
	/* Logs first: what an instance said comes before what became of it. */
	if (news[1].revents)
		r = logset_update(logs, err);
	if (r == 0)
		r = logprint_drain(&state->style, logs, err);
	if (r == 0 && news[2].revents)
		take_signal(state);
	if (r == 0 && news[0].revents)
		r = watch_pump(&state->watch, 0, err);
	return r;
}

/* Nothing runs and nothing will: the stack need not stay. */
static void check_ended(struct state *state)
{
	const struct follow *follow = state->follow;
	const char *const *services =
		follow->whole ? NULL : (const char *const *)follow->started.items;
	bool failed = false;

	if (follow->whole ? state->stops > 0 || state->watch.count == 0
			  : follow->started.count == 0)
		return;
	if (!watch_ended(&state->watch, services, &failed))
		return;
	/* What was asked to end has not failed. */
	if (state->stops == 0)
		state->code = failed ? EXIT_FAILED : EXIT_DONE;
	state->done = !follow->whole;
	if (follow->whole)
		stop(state, "everything has ended: stopping…");
}

int follow_stack(const struct cli *cli, const char *stack, struct follow *follow)
{
	struct state state = {
		.stack = stack,
		.follow = follow,
		.style = {.colour = cli->colour, .escape = cli->tty_out},
	};
	autoclose int pidfd = -1;
	struct err err = {0};
	int r = 0;

	state.watch = (struct watch){.stream = CLIENT_NO_STREAM, .report = settle_show};
	r = watch_open(&state.watch, stack, &err);
	if (r == 0)
		pidfd = down_supervisor_pidfd(stack);
	while (r >= 0 && !state.done && !state.watch.stream.ended) {
		check_ended(&state);
		if (!state.done)
			r = step(&state, &err);
	}
	if (r < 0 && state.stops == 0)
		state.code = cli_fail(&err, EXIT_FAILED);
	else if (!state.done)
		down_await_exit(pidfd);
	if (logset_update(&follow->logs, &err) < 0 ||
	    logprint_drain(&state.style, &follow->logs, &err) < 0)
		state.code = cli_fail(&err, EXIT_FAILED);
	watch_close(&state.watch);
	return state.code;
}
