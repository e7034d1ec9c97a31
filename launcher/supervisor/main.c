// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * davit-supervisor: supervises one stack until it is taken down. Nobody types this; `davit up`
 * starts it, in a session of its own, and reads from --ready-fd whether it is there.
 */
#include "launcher/paths.h"
#include "launcher/supervisor/apply.h"
#include "launcher/supervisor/state_file.h"
#include "launcher/supervisor/succession.h"
#include "launcher/supervisor/supervisor.h"
#include "launcher/supervisor/thrift.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/exe.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>

struct options {
	struct keep_origin origin;
	int ready_fd;
	bool clean; /* remove what a dead supervisor has left, then end */
	bool check; /* only say whether this program could supervise the stack */
};

static int options_parse(int argc, char **argv, struct options *options)
{
	static const struct option known[] = {
		{"stack", required_argument, NULL, 's'},
		{"keeper", required_argument, NULL, 'k'},
		{"keep-fd", required_argument, NULL, 'f'},
		{"ready-fd", required_argument, NULL, 'r'},
		{"clean", no_argument, NULL, 'c'},
		{"check", no_argument, NULL, 'x'},
		{0},
	};

	for (int c; (c = getopt_long(argc, argv, "", known, NULL)) != -1;) {
		if (c == 's')
			options->origin.stack = optarg;
		else if (c == 'k')
			options->origin.keeper = optarg;
		else if (c == 'f')
			options->origin.fd = atoi(optarg);
		else if (c == 'r')
			options->ready_fd = atoi(optarg);
		else if (c == 'c')
			options->clean = true;
		else if (c == 'x')
			options->check = true;
		else
			return -EINVAL;
	}
	const char *stack = options->origin.stack;

	return stack && paths_is_stack_name(stack) && optind == argc ? 0 : -EINVAL;
}

/* One line to whoever waits for the start; it may have gone away meanwhile. */
static void announce(int fd, const char *word, const char *text)
{
	if (fd < 0)
		return;
	dprintf(fd, "%s%s\n", word, text);
	close(fd);
}

static void on_signal(void *data, int fd, uint32_t events)
{
	struct signalfd_siginfo info;

	while (read(fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		struct reply reply = {0};

		if (info.ssi_signo == SIGUSR2)
			err_ignore(succession_upgrade(data, NULL));
		else
			reply = apply_down(data, NULL);
		reply_drop(&reply);
	}
}

/* SIGTERM, SIGINT and SIGHUP mean `down`, SIGUSR2 `upgrade`. They are blocked, so that only the fd
 * reports them. */
static int watch_signals(struct supervisor *sup, int *ret_fd, struct watch **ret_watch,
			 struct err *err)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGUSR2);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return err_set(err, errno, "block signals");
	(void)signal(SIGPIPE, SIG_IGN); /* a reader that has gone is an EPIPE, not our end */
	*ret_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (*ret_fd < 0)
		return err_set(err, errno, "signalfd");
	const struct loop_io io = {*ret_fd, EPOLLIN, on_signal, sup};

	return loop_watch_fd(sup->loop, &io, ret_watch, err);
}

/* Whoever starts us otherwise than `davit up` does may not have seen to it. */
static void protect_self(char **argv)
{
	char path[PATH_MAX] = "";
	struct err err = {0};

	if (geteuid() != 0 || exe_is_protected() ||
	    readlink("/proc/self/exe", path, sizeof(path) - 1) < 0)
		return;
	err_ignore(exe_run(path, argv, &err));
	fprintf(stderr, "davit-supervisor: %s\n", err.text);
}

/* The state of a newer one is not to be read. */
static int check(const char *stack)
{
	autofree char *dir = NULL;
	autofree char *bytes = NULL;
	char path[PATH_MAX];
	size_t len = 0;
	struct err err = {0};
	int r = paths_dir(PATHS_RUN, stack, &dir, &err);

	if (r == 0) {
		snprintf(path, sizeof(path), "%s/stack", dir);
		r = state_file_read(path, "stack", &bytes, &len, &err);
	}
	if (r != -EPROTONOSUPPORT)
		return 0;
	fprintf(stderr, "davit-supervisor: %s\n", err.text);
	return 1;
}

int main(int argc, char **argv)
{
	struct options options = {.origin = {.fd = -1, .supervisor = argv[0]}, .ready_fd = -1};
	struct supervisor *sup = NULL;
	struct watch *signals = NULL;
	int signal_fd = -1;
	struct err err = {0};

	protect_self(argv);
	thrift_begin();
	if (options_parse(argc, argv, &options) < 0) {
		fprintf(stderr, "usage: davit-supervisor --stack NAME [--ready-fd N] "
				"[--keep-fd N --keeper PROGRAM] [--clean] [--check]\n");
		return 2;
	}
	if (options.check)
		return check(options.origin.stack);
	/* What joins an instance must not be traced or read from inside it (CVE-2016-9962). */
	(void)prctl(PR_SET_DUMPABLE, 0);
	(void)umask(022);
	int r = supervisor_open(&options.origin, options.clean, &sup, &err);

	/* A predecessor died as the very last: there is nothing left to do. */
	if (r == -ESHUTDOWN)
		return 0;
	if (r == 0)
		r = watch_signals(sup, &signal_fd, &signals, &err);
	if (r < 0) {
		announce(options.ready_fd, "error: ", err.text);
		fprintf(stderr, "davit-supervisor: %s\n", err.text);
		if (sup && sup->generation == 1)
			supervisor_close(sup);
		return 1; /* what a predecessor has left is the next one's */
	}
	announce(options.ready_fd, "ok", "");
	keep_ready(sup->keep);
	r = options.clean ? 0 : loop_run(sup->loop);
	if (r < 0) {
		fprintf(stderr, "davit-supervisor: event loop: %s\n", strerrordesc_np(-r));
		return 1; /* the instances go on; the next one adopts them */
	}
	watch_free(signals);
	supervisor_close(sup);
	fd_drop(&signal_fd);
	return r;
}
