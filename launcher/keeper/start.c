// SPDX-License-Identifier: GPL-2.0-or-later
/* A supervisor's start; see keeper.h. */
#include "launcher/keeper/exits.h"
#include "launcher/keeper/keeper.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/exe.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>

/* In the child. Everything else that is open is close-on-exec. */
static void exec_supervisor(const struct keeper *keeper, int socket_fd)
{
	char socket_text[16];
	char ready_text[16];
	const char *const argv[] = {
		keeper->supervisor, "--stack",
		keeper->stack,	    "--keeper",
		keeper->program,    "--keep-fd",
		socket_text,	    keeper->ready_fd < 0 ? NULL : "--ready-fd",
		ready_text,	    NULL,
	};
	struct err err = {0};
	sigset_t none;

	snprintf(socket_text, sizeof(socket_text), "%d", socket_fd);
	snprintf(ready_text, sizeof(ready_text), "%d", keeper->ready_fd);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)fcntl(socket_fd, F_SETFD, 0);
	if (keeper->ready_fd >= 0)
		(void)fcntl(keeper->ready_fd, F_SETFD, 0);
	err_ignore(exe_run(keeper->supervisor, (char *const *)(uintptr_t)argv, &err));
	keeper_say(keeper, "event=start error=\"%s\"", err.text);
	if (keeper->ready_fd >= 0)
		dprintf(keeper->ready_fd, "error: %s\n", err.text);
	_exit(127);
}

int start_supervisor(struct keeper *keeper, struct err *err)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return err_set(err, errno, "socketpair");
	autoclose int ours = ends[0];
	autoclose int theirs = ends[1];
	pid_t pid = fork();

	if (pid < 0)
		return err_set(err, errno, "fork");
	if (pid == 0)
		exec_supervisor(keeper, theirs);
	fd_drop(&keeper->ready_fd); /* its end is now the supervisor's alone */
	keeper->supervisor_pid = pid;
	keeper->socket_fd = take_fd(&ours);
	keeper->told = 0;
	keeper->all_told = false;
	keeper->behind = false;
	keeper->serves = false;
	exits_tell_again();
	return 0;
}
