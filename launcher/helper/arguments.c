// SPDX-License-Identifier: GPL-2.0-or-later
/* See arguments.h. */
#include "launcher/helper/arguments.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
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

bool arguments_read(int argc, char **argv, int *ret_control_fd, unsigned *ret_id)
{
	long fd = argc == 3 ? number(argv[1], 3, 1 << 20) : -1;
	long id = argc == 3 ? number(argv[2], 1, INT_MAX) : -1;

	if (fd < 0 || id < 0 || fcntl((int)fd, F_SETFD, FD_CLOEXEC) < 0) {
		fprintf(stderr, "usage: %s CONTROL-FD UID (davit-supervisor runs it)\n",
			program_invocation_short_name);
		return false;
	}
	*ret_control_fd = (int)fd;
	*ret_id = (unsigned)id;
	return true;
}
