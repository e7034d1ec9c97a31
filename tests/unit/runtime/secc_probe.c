// SPDX-License-Identifier: GPL-2.0-or-later
/* See secc_probe.h. In the child one thread makes the calls and one, outside the filter, answers.
 */
#include "tests/unit/runtime/secc_probe.h"
#include "runtime/base/cleanup.h"
#include "tests/unit/cmocka_all.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* The sixth argument of a call that is a probe: everything else is the process's own need. */
#define PROBE_MARK 0x70726f6265ULL

static atomic_int probe_listener = -1;

static void *probe_answer(void *unused)
{
	struct seccomp_notif request;
	struct seccomp_notif_resp response;

	while (probe_listener < 0)
		sched_yield();
	struct pollfd wait = {.fd = probe_listener, .events = POLLIN};

	for (;;) {
		/* The thread with the filter is dead: not every filter kills the process. */
		if (poll(&wait, 1, -1) == 1 && wait.revents & POLLHUP)
			kill(getpid(), SIGKILL);
		request = (struct seccomp_notif){0};
		if (ioctl(probe_listener, SECCOMP_IOCTL_NOTIF_RECV, &request) < 0)
			continue;
		response = (struct seccomp_notif_resp){.id = request.id,
						       .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE};
		if (request.data.args[5] == PROBE_MARK || request.data.arch == AUDIT_ARCH_I386)
			response = (struct seccomp_notif_resp){.id = request.id,
							       .error = -PROBE_REACHED};
		(void)ioctl(probe_listener, SECCOMP_IOCTL_NOTIF_SEND, &response);
	}
	return NULL;
}

static void probe_hold_back(void)
{
	struct sock_filter ask = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF);
	struct sock_fprog program = {1, &ask};
	pthread_t thread;

	signal(SIGILL, SIG_DFL);
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    pthread_create(&thread, NULL, probe_answer, NULL) != 0)
		_exit(1);
	/* From the return on every call waits for the other thread. */
	probe_listener = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
				      SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
}

static _Noreturn void probe_child(const struct secc *filter, struct probe_call *calls, size_t count)
{
	struct err err;

	probe_hold_back();
	if (probe_listener < 0 || secc_load(filter, &err) < 0)
		_exit(1);
	for (size_t i = 0; i < count; i++) {
		const uint64_t *args = calls[i].args;

		calls[i].errnum = PROBE_KILLED;
		long r = syscall(calls[i].number, args[0], args[1], args[2], args[3], args[4],
				 PROBE_MARK);
		calls[i].errnum = r < 0 ? errno : 0;
	}
	/* Whatever the filter thinks of exit(2); no call of the C library from here on, either: the
	 * register with the mark may still hold it. */
	__builtin_trap();
}

void probe_calls(const struct secc *filter, struct probe_call *calls, size_t count)
{
	size_t bytes = count * sizeof(*calls);
	struct probe_call *shared =
		mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status = 0;

	assert_ptr_not_equal(shared, MAP_FAILED);
	memcpy(shared, calls, bytes);
	for (size_t i = 0; i < count; i++)
		shared[i].errnum = -1; /* not made */
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		probe_child(filter, shared, count);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	memcpy(calls, shared, bytes);
	munmap(shared, bytes);
}

int probe_x86_call(const struct secc *filter, int number, int first_arg)
{
	int errnum = -1;
#if defined(__x86_64__)
	int pipe_fds[2];
	int status = 0;
	int r = number;

	assert_int_equal(pipe(pipe_fds), 0);
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		struct err err;

		probe_hold_back();
		if (probe_listener < 0 || secc_load(filter, &err) < 0)
			_exit(1);
		__asm__ volatile("int $0x80" : "+a"(r) : "b"(first_arg), "c"(0) : "memory");
		errnum = -r;
		(void)!write(pipe_fds[1], &errnum, sizeof(errnum));
		_exit(0);
	}
	waitpid(pid, &status, 0);
	if (WIFSIGNALED(status))
		errnum = PROBE_KILLED;
	else
		assert_int_equal(read(pipe_fds[0], &errnum, sizeof(errnum)), sizeof(errnum));
	close(pipe_fds[0]);
	close(pipe_fds[1]);
#endif
	return errnum;
}
