// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * davit-enter: the last step of an exec into a container that may trace whatever it sees. Already
 * confined as the container is, but outside of its pid namespace, it clones a child, which is born
 * inside and of which the container can see no more than what it is to run: a child of davit's own
 * would bring a copy of davit's memory along. Linked statically and run by descriptor.
 *
 * Descriptor 4 is a socket: the child's pid goes out, one byte comes in when the child may go on,
 * ENTER_TERMINAL when its standard input is to be the terminal of its session.
 */
#include "runtime/init/program.h"

#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv, char **envp)
{
	char **program = program_words(argc, argv);
	char go;

	if (!program)
		return 127;
	/* clone rather than clone3, which the filter may not allow. */
	pid_t pid = (pid_t)syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0);

	if (pid < 0)
		return 127;
	if (pid > 0)
		return write(HANDOVER_FD, &pid, sizeof(pid)) == sizeof(pid) ? 0 : 127;
	/* Not before davit knows of it: it must not run unsupervised. */
	if (read(HANDOVER_FD, &go, 1) != 1)
		_exit(127);
	close(HANDOVER_FD);
	if (setsid() < 0 || (go == ENTER_TERMINAL && ioctl(0, TIOCSCTTY, 0) < 0))
		_exit(127);
	program_run(argv + 2, program, envp);
}
