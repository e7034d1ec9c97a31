// SPDX-License-Identifier: GPL-2.0-or-later
/* fork and exec of davit-keeper and davit-supervisor; see launch.h. The child allocates nothing
 * before its exec. */
#include "launcher/cli/launch.h"

#include "launcher/paths.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/exe.h"
#include "runtime/base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define READY_FD	 3
#define READY_TIMEOUT_MS 30000

struct launch {
	char *keeper;
	char *supervisor;
	char *log_path;
	struct strv environment;
	int log_fd;
	int null_fd;
	int ready[2];
};

static void launch_drop(struct launch *launch)
{
	free(launch->keeper);
	free(launch->supervisor);
	free(launch->log_path);
	strv_free(&launch->environment);
	fd_drop(&launch->log_fd);
	fd_drop(&launch->null_fd);
	fd_drop(&launch->ready[0]);
	fd_drop(&launch->ready[1]);
}
#define autolaunch __attribute__((cleanup(launch_drop)))

static int open_log(const char *stack, struct launch *launch, struct err *err)
{
	autofree char *dir = NULL;
	int r = paths_dir(PATHS_LOG, stack, &dir, err);

	if (r == 0)
		r = fs_make_own_dir(dir, 0750, err);
	if (r < 0)
		return r;
	if (asprintf(&launch->log_path, "%s/supervisor.log", dir) < 0) {
		launch->log_path = NULL;
		return err_set(err, ENOMEM, "build a path");
	}
	launch->log_fd = open(launch->log_path,
			      O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
	return launch->log_fd < 0 ? err_set(err, errno, "open '%s'", launch->log_path) : 0;
}

/* What the stack's processes know of their caller's environment, which may hold secrets: they run
 * as long as the stack does, and a manifest comes with the variables that it is to be read with. */
static int keep_environment(struct launch *launch, struct err *err)
{
	static const char *const known[] = {
		"PATH=",	 "HOME=",	  "TMPDIR=", "TZ=",  "LANG=",
		"LC_",		 "XDG_",	  "DAVIT_",  "LD_",  "GCOV_",
		"ASAN_OPTIONS=", "LSAN_OPTIONS=", "MALLOC_", "SSL_", "UBSAN_OPTIONS="};

	for (char **entry = environ; *entry; entry++)
		for (size_t i = 0; i < ARRAY_SIZE(known); i++)
			if (strncmp(*entry, known[i], strlen(known[i])) == 0)
				strv_add(&launch->environment, *entry);
	return strv_check(&launch->environment, err);
}

static int prepare(struct launch *launch, struct err *err)
{
	int r = paths_helper("davit-supervisor", &launch->supervisor, err);

	if (r == 0)
		r = paths_helper("davit-keeper", &launch->keeper, err);
	if (r == 0)
		r = keep_environment(launch, err);
	if (r < 0)
		return r;
	launch->null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (launch->null_fd < 0)
		return err_set(err, errno, "open '/dev/null'");
	return pipe2(launch->ready, O_CLOEXEC) < 0 ? err_set(err, errno, "pipe") : 0;
}

/* Signals blocked or ignored by whoever called davit must not reach the supervisor. */
static void reset_signals(void)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (int number = 1; number < NSIG; number++)
		(void)signal(number, SIG_DFL); /* fails for SIGKILL and SIGSTOP only */
}

/* In the child. The fds are moved above the range they go to first, so none is overwritten. */
static void exec_helper(const struct launch *launch, const char *const *argv)
{
	int null_fd = fcntl(launch->null_fd, F_DUPFD_CLOEXEC, 10);
	int log_fd =
		fcntl(launch->log_fd < 0 ? launch->null_fd : launch->log_fd, F_DUPFD_CLOEXEC, 10);
	int ready_fd = fcntl(launch->ready[1], F_DUPFD_CLOEXEC, 10);
	struct err err = {0};

	reset_signals();
	(void)setsid(); /* a fresh child is no group leader: cannot fail */
	(void)umask(022);
	if (dup2(null_fd, STDIN_FILENO) < 0 || dup2(null_fd, STDOUT_FILENO) < 0 ||
	    dup2(log_fd, STDERR_FILENO) < 0 || dup2(ready_fd, READY_FD) < 0 || chdir("/") < 0)
		_exit(127);
	/* What davit's caller left open is not the supervisor's either. */
	(void)close_range(READY_FD + 1, ~0U, CLOSE_RANGE_CLOEXEC);
	environ = launch->environment.items;
	err_ignore(exe_run(argv[0], (char *const *)(uintptr_t)argv, &err));
	dprintf(READY_FD, "error: %s\n", err.text);
	_exit(127);
}

/* Everything the supervisor says until it closes the pipe. */
static int read_word(int fd, char *text, size_t size, struct err *err)
{
	size_t len = 0;

	for (;;) {
		struct pollfd ready = {.fd = fd, .events = POLLIN};
		int n = poll(&ready, 1, READY_TIMEOUT_MS);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return err_say(err, ETIMEDOUT, "davit-supervisor does not become ready");
		ssize_t got = read(fd, text + len, size - 1 - len);

		if (got < 0)
			return err_set(err, errno, "hear from davit-supervisor");
		len += (size_t)got;
		text[len] = '\0';
		if (got == 0 || len + 1 >= size)
			return 0;
	}
}

/* Starts it and hears what it has to say. */
static int start(struct launch *launch, const char *const *argv, pid_t *ret_pid, struct err *err)
{
	char word[ERR_TEXT_MAX];
	pid_t pid = fork();

	if (pid < 0)
		return err_set(err, errno, "fork");
	if (pid == 0)
		exec_helper(launch, argv);
	*ret_pid = pid;
	fd_drop(&launch->ready[1]);
	int r = read_word(launch->ready[0], word, sizeof(word), err);

	if (r < 0)
		return r;
	word[strcspn(word, "\n")] = '\0';
	if (strcmp(word, "ok") == 0)
		return 0;
	if (strncmp(word, "error: ", 7) == 0)
		return err_say(err, ECHILD, "%s", word + 7);
	return err_say(err, ECHILD, "davit-supervisor ended before it was ready%s%s",
		       launch->log_path ? "; see " : "", launch->log_path ? launch->log_path : "");
}

int launch_supervisor(const char *stack, int *ret_pidfd, struct err *err)
{
	autolaunch struct launch launch = {.null_fd = -1, .log_fd = -1, .ready = {-1, -1}};
	pid_t pid = -1;
	int r = prepare(&launch, err);
	const char *const argv[] = {launch.keeper,     "--stack",    stack, "--supervisor",
				    launch.supervisor, "--ready-fd", "3",   NULL};

	if (r == 0)
		r = open_log(stack, &launch, err);
	if (r == 0)
		r = start(&launch, argv, &pid, err);
	if (r < 0)
		return r;
	*ret_pidfd = pidfd_open(pid, 0);
	return *ret_pidfd < 0 ? err_set(err, errno, "watch davit-keeper") : 0;
}

int launch_clean(const char *stack, struct err *err)
{
	autolaunch struct launch launch = {.null_fd = -1, .log_fd = -1, .ready = {-1, -1}};
	pid_t pid = -1;
	int status = 0;
	int r = prepare(&launch, err);
	const char *const argv[] = {launch.supervisor, "--stack", stack, "--clean",
				    "--ready-fd",      "3",	  NULL};

	if (r == 0)
		r = start(&launch, argv, &pid, err);
	if (pid < 0)
		return r;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return err_set(err, errno, "wait for davit-supervisor");
	if (r < 0 || (WIFEXITED(status) && WEXITSTATUS(status) == 0))
		return r;
	return err_say(err, ECHILD, "what stack '%s' left behind could not be removed", stack);
}
