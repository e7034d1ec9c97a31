// SPDX-License-Identifier: GPL-2.0-or-later
/* The search for a program, as step_exec() does it; see program.h. */
#include "runtime/init/program.h"

#include "runtime/container.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

char **program_words(int argc, char **argv)
{
	int count = argc > 1 ? atoi(argv[1]) : 0;

	if (count < 1 || argc < count + 3 || fcntl(STATUS_FD, F_SETFD, FD_CLOEXEC) < 0)
		return NULL;
	return argv + 2 + count;
}

void program_run(char *const *candidates, char *const *argv, char *const *envp)
{
	struct container_fault fault = {.item = CONTAINER_ITEM_PROGRAM};
	int errnum = ENOENT;

	/* Something found that cannot be run is told rather than what was not found. */
	for (; candidates < argv; candidates++) {
		execve(*candidates, argv, envp);
		if (errno != ENOENT && errno != ENOTDIR)
			errnum = errno;
		if (errno != ENOENT && errno != ENOTDIR && errno != EACCES)
			break;
	}
	err_set(&fault.err, errnum, "program %.256s", argv[0]);
	/* Written whole or not at all; if not, the reader sees an end without an explanation. */
	(void)!write(STATUS_FD, &fault, sizeof(fault));
	_exit(127);
}
