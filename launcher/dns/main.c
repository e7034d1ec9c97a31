// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * davit-dns: started by the supervisor, one per stack. Its arguments are the descriptor of the
 * socket by which it is told everything else, and the user id that it is to have.
 */
#include "launcher/dns/server.h"
#include "launcher/helper/arguments.h"
#include "launcher/helper/confine.h"

#include <signal.h>
#include <stdio.h>

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
		r = confine_self(id, NULL, 0, &err);
	if (r == 0)
		server_run(server);
	fprintf(stderr, "davit-dns: %s\n", err.text);
	return 1;
}
