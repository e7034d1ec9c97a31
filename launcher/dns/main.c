// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * davit-dns: started by the supervisor, one per stack. Its arguments are the descriptor of the
 * socket by which it is told everything else, and the user id that it is to have.
 */
#include "launcher/dns/server.h"
#include "launcher/helper/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* -1 for what is no such number. */
static long number(const char *text, long least, long most)
{
	char *end = NULL;
	long value = strtol(text, &end, 10);

	return end == text || *end || value < least || value > most ? -1 : value;
}

int main(int argc, char **argv)
{
	struct server *server = NULL;
	struct err err = {0};
	long fd = argc == 3 ? number(argv[1], 3, 1 << 20) : -1;
	long id = argc == 3 ? number(argv[2], 1, INT_MAX) : -1;

	if (fd < 0 || id < 0 || fcntl((int)fd, F_SETFD, FD_CLOEXEC) < 0) {
		fprintf(stderr, "usage: davit-dns CONTROL-FD UID (davit-supervisor runs it)\n");
		return 2;
	}
	(void)signal(SIGPIPE, SIG_IGN);
	int r = server_open((int)fd, &server, &err);

	if (r == 0)
		r = confine_self((unsigned)id, NULL, 0, &err);
	if (r == 0)
		server_run(server);
	fprintf(stderr, "davit-dns: %s\n", err.text);
	return 1;
}
