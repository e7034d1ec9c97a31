// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * davit-init: the first process of a container whose program is not made to be one. It starts the
 * program, forwards every signal to it, reaps what it leaves behind, and ends as it ends. Linked
 * statically and run by descriptor, so it needs nothing of the container's root; it runs with the
 * container's user, capabilities and system call filter, and knows nothing else of davit.
 */
#include "runtime/init/program.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/wait.h>
#include <unistd.h>

/* On a terminal the program is in the foreground, so that its keys reach it and not us, too. */
static void take_foreground(void)
{
	if (isatty(0) && setpgid(0, 0) == 0)
		(void)tcsetpgrp(0, getpid());
}

static int exit_code(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* Reaps all that has ended; ends with the program. */
static void reap(pid_t program)
{
	int status = 0;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		if (pid == program)
			_exit(exit_code(status));
}

/* A stop asked for by the terminal would stop the whole container for nobody to continue. */
static bool is_forwarded(int signal)
{
	return signal > 0 && signal != SIGTTIN && signal != SIGTTOU && signal != SIGTSTP;
}

int main(int argc, char **argv, char **envp)
{
	char **program = program_words(argc, argv);
	sigset_t all;
	sigset_t before;

	if (!program)
		return 127;
	/* Blocked signals wait for us instead of being dropped, which a first process's are. */
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	pid_t pid = fork();

	if (pid < 0)
		return 127;
	if (pid == 0) {
		take_foreground();
		sigprocmask(SIG_SETMASK, &before, NULL);
		program_run(argv + 2, program, envp);
	}
	close(STATUS_FD);
	while (true) {
		int signal = sigwaitinfo(&all, NULL);

		if (signal == SIGCHLD)
			reap(pid);
		else if (is_forwarded(signal))
			(void)kill(pid, signal);
	}
}
