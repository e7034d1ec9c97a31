// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The one place that clones, and the frame around a child's steps: what it says when one fails and
 * how that is read. The child between clone3 and exec runs here and in steps*.c only; it allocates
 * nothing, because another clone of this process may hold any lock.
 */
#include "runtime/base/cleanup.h"
#include "runtime/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

_Static_assert(sizeof(struct container_fault) <= 4096, "one write to a pipe must be atomic");

int fault_of(struct container_fault *fault, enum container_item item, unsigned index)
{
	fault->item = item;
	fault->index = index;
	return -fault->err.code;
}

int fault_set(struct container_fault *fault, enum container_item item, int errnum, const char *fmt,
	      ...)
{
	char text[ERR_TEXT_MAX];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	err_set(&fault->err, errnum, "%s", text);
	return fault_of(fault, item, 0);
}

/* Identity of our own executable, taken before any clone can need it. */
static struct stat launch_self;

bool plan_is_self(int fd)
{
	struct stat st;

	return launch_self.st_ino != 0 && fstat(fd, &st) == 0 && st.st_dev == launch_self.st_dev &&
	       st.st_ino == launch_self.st_ino;
}

pid_t plan_clone(uint64_t flags, const struct cg *cg, int *ret_pidfd)
{
	int cgroup_fd = cg ? cg_clone_fd(cg) : -1;
	int pidfd = -1;
	struct clone_args args = {
		.flags = flags | CLONE_PIDFD | (cgroup_fd >= 0 ? CLONE_INTO_CGROUP : 0),
		.pidfd = (uint64_t)(uintptr_t)&pidfd,
		.exit_signal = SIGCHLD,
		.cgroup = cgroup_fd >= 0 ? (uint64_t)cgroup_fd : 0,
	};

	if (launch_self.st_ino == 0 && stat("/proc/self/exe", &launch_self) < 0)
		return -errno;
	long pid = syscall(SYS_clone3, &args, sizeof(args));

	if (pid < 0)
		return -errno;
	if (pid > 0)
		*ret_pidfd = pidfd;
	return (pid_t)pid;
}

static void launch_child(struct launch *launch, const struct step *steps)
{
	struct container_fault fault = {0};
	int r = 0;

	for (; r == 0 && steps->run; steps++) {
		r = steps->run(launch, &fault);
		if (r < 0 && fault.item == CONTAINER_ITEM_NONE)
			err_prefix(&fault.err, "%s", steps->name);
	}
	/* The pipe is empty and the message smaller than its buffer: written whole or not at all,
	 * and if not, the parent sees an exit without an explanation. */
	(void)!write(launch->status_fd, &fault, sizeof(fault));
	_exit(127);
}

int launch_clone(struct launch *launch, const struct step *steps, uint64_t flags,
		 struct container_process *ret_process, struct container_fault *fault)
{
	int pipe_fds[2];
	int pidfd = -1;

	if (pipe2(pipe_fds, O_CLOEXEC | O_NONBLOCK) < 0)
		return fault_set(fault, CONTAINER_ITEM_NONE, errno, "make a pipe");
	autoclose int read_fd = pipe_fds[0];
	autoclose int write_fd = pipe_fds[1];

	launch->status_fd = write_fd;
	pid_t pid = plan_clone(flags, launch->cg, &pidfd);

	if (pid < 0)
		return fault_set(fault, CONTAINER_ITEM_NONE, -pid, "start a process");
	if (pid == 0)
		launch_child(launch, steps);
	*ret_process = (struct container_process){
		.pid = pid, .pidfd = pidfd, .status_fd = take_fd(&read_fd)};
	return 0;
}

char **launch_helper_words(const char *name, const struct strv *candidates, char *const *argv,
			   char number[static HELPER_NUMBER_SIZE])
{
	size_t count = 0;

	while (argv[count])
		count++;
	char **words = calloc(candidates->count + count + 3, sizeof(*words));

	if (!words)
		return NULL;
	snprintf(number, HELPER_NUMBER_SIZE, "%zu", candidates->count);
	words[0] = (char *)(uintptr_t)name; /* as exec wants it; nobody writes to it */
	words[1] = number;
	memcpy(words + 2, candidates->items, candidates->count * sizeof(*words));
	memcpy(words + 2 + candidates->count, argv, count * sizeof(*words));
	return words;
}

void launch_reap(int pidfd)
{
	siginfo_t info;

	(void)syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
	while (waitid((idtype_t)P_PIDFD, (id_t)pidfd, &info, WEXITED) < 0 && errno == EINTR)
		continue;
}

int container_status(int status_fd, struct container_fault *fault)
{
	ssize_t n = read(status_fd, fault, sizeof(*fault));

	if (n == 0)
		return 0;
	if (n < 0 && errno == EAGAIN)
		return -EAGAIN;
	/* A process of the container may have got hold of the other end. */
	fault->err.text[sizeof(fault->err.text) - 1] = '\0';
	if (n == (ssize_t)sizeof(*fault) && fault->err.code > 0)
		return fault->err.code == EAGAIN ? -EBUSY : -fault->err.code;
	return fault_set(fault, CONTAINER_ITEM_NONE, n < 0 ? errno : EPROTO,
			 "read the start's result");
}
