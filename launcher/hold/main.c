// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * davit-hold: started by the supervisor, one per stack. Its arguments are the descriptor of the
 * socket by which it is told everything else, and the user id that it is to have.
 */
#include "launcher/helper/arguments.h"
#include "launcher/helper/confine.h"
#include "launcher/hold/server.h"
#include "runtime/base/cleanup.h"

#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>

/* To pass on what it never reads, and to know what it is for. */
static const unsigned calls[] = {SYS_getsockname, SYS_pipe2,	SYS_sendmsg,
				 SYS_setsockopt,  SYS_shutdown, SYS_splice};

int main(int argc, char **argv)
{
	struct server *server = NULL;
	struct err err = {0};
	unsigned id;
	int fd;

	if (!arguments_read(argc, argv, &fd, &id))
		return 2;
	(void)signal(SIGPIPE, SIG_IGN);
	int r = server_open(fd, &server, &err);

	if (r == 0)
		r = confine_self(id, calls, ARRAY_SIZE(calls), &err);
	if (r == 0)
		server_run(server);
	fprintf(stderr, "davit-hold: %s\n", err.text);
	return 1;
}
