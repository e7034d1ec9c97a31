// SPDX-License-Identifier: GPL-2.0-or-later
/* See calls.h. */
#include "tests/fault/calls.h"
#include "runtime/base/cleanup.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What fails, and with what where the test does not say. */
static const struct {
	long number;
	const char *name;
	int errnum;
} calls[] = {
#define CALL(name, errnum)                                                                         \
	{                                                                                          \
		SYS_##name, #name, errnum                                                          \
	}
	CALL(bind, EADDRINUSE),
	CALL(bpf, ENOMEM),
	CALL(capset, EPERM),
	CALL(chdir, ENOMEM),
	CALL(clone3, EAGAIN),
	CALL(close_range, ENOMEM),
	CALL(connect, ENOBUFS),
	CALL(dup2, EMFILE),
	CALL(dup3, EMFILE),
	CALL(epoll_ctl, ENOSPC),
	CALL(epoll_create1, EMFILE),
	CALL(eventfd2, EMFILE),
	CALL(execve, ENOMEM),
	CALL(execveat, ENOMEM),
	CALL(fchdir, EACCES),
	CALL(faccessat, EIO),
	CALL(fchmod, EROFS),
	CALL(fchmodat, EROFS),
	CALL(readlink, EIO),
	CALL(statfs, EIO),
	CALL(fstatfs, EIO),
	CALL(fsetxattr, ENOSPC),
	CALL(setrlimit, EPERM),
	CALL(fchown, EROFS),
	CALL(fchownat, EROFS),
	CALL(fcntl, EMFILE),
	CALL(fsconfig, ENOMEM),
	CALL(fsmount, EMFILE),
	CALL(fsopen, ENOMEM),
	CALL(ftruncate, ENOSPC),
	CALL(getdents64, EIO),
	CALL(ioctl, ENOMEM),
	CALL(keyctl, EDQUOT),
	CALL(listen, EADDRINUSE),
	CALL(landlock_add_rule, ENOMEM),
	CALL(landlock_create_ruleset, ENOMEM),
	CALL(landlock_restrict_self, E2BIG),
	CALL(memfd_create, EMFILE),
	CALL(mkdir, ENOSPC),
	CALL(mkdirat, ENOSPC),
	CALL(mknodat, ENOSPC),
	CALL(mount, ENOMEM),
	CALL(mount_setattr, ENOMEM),
	CALL(move_mount, ENOMEM),
	CALL(newfstatat, EIO),
	CALL(open_tree, EMFILE),
	CALL(openat, EMFILE),
	CALL(openat2, ENFILE),
	CALL(pipe2, EMFILE),
	CALL(pivot_root, EINVAL),
	CALL(prctl, EPERM),
	CALL(prlimit64, EPERM),
	CALL(pwrite64, ENOSPC),
	CALL(read, EIO),
	CALL(readlinkat, EIO),
	CALL(recvmsg, ENOBUFS),
	CALL(renameat, ENOSPC),
	CALL(renameat2, ENOSPC),
	CALL(seccomp, ENOMEM),
	CALL(sendmsg, ENOBUFS),
	CALL(sendto, ENOBUFS),
	CALL(setdomainname, EPERM),
	CALL(setgroups, EPERM),
	CALL(sethostname, EPERM),
	CALL(setns, ENOMEM),
	CALL(setresgid, EAGAIN),
	CALL(setresuid, EAGAIN),
	CALL(setsid, EPERM),
	CALL(setsockopt, ENOBUFS),
	CALL(socket, EMFILE),
	CALL(socketpair, EMFILE),
	CALL(symlinkat, ENOSPC),
	CALL(unshare, ENOSPC),
	CALL(write, ENOSPC),
#undef CALL
};

/* Between the process that is tested and the one that is asked. */
static struct control {
	atomic_int listener; /* of the tested process, which cannot tell by a call; 0: not yet */
	atomic_int errnum;
	atomic_int failed; /* which of the calls; -1: none yet */
	atomic_bool executed;
	_Atomic uint64_t count;
	_Atomic uint64_t nth; /* 0: none fails */
} * control;

static int call_of(long number)
{
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		if (calls[i].number == number)
			return (int)i;
	return -1;
}

/* True for the call that is to fail. */
static bool is_due(const struct seccomp_notif *asked, pid_t tested)
{
	/* A container's program is not what is tested. */
	if (!control->nth || (control->executed && (pid_t)asked->pid != tested))
		return false;
	/* The way back to the own network namespace is tried again, as long as that is of use. */
	if (asked->data.nr == SYS_setns && control->errnum && (pid_t)asked->pid == tested)
		return false;
	if (++control->count == control->nth)
		return true;
	if (asked->data.nr == SYS_execve || asked->data.nr == SYS_execveat)
		control->executed = true;
	return false;
}

static void answer(int listener, pid_t tested)
{
	struct seccomp_notif asked = {0};
	struct seccomp_notif_resp reply = {0};

	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &asked) < 0)
		return; /* who asked was killed */
	int call = call_of(asked.data.nr);

	reply.id = asked.id;
	if (is_due(&asked, tested)) {
		reply.error = -(control->errnum ? control->errnum : calls[call].errnum);
		control->failed = call;
	} else {
		reply.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
	}
	(void)ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &reply); /* the same */
}

static void answer_all(pid_t tested)
{
	autoclose int pidfd = pidfd_open(tested, 0);

	while (!control->listener && getppid() == tested)
		usleep(1000);
	autoclose int listener = pidfd_getfd(pidfd, control->listener, 0);
	struct pollfd wait = {.fd = listener, .events = POLLIN};

	if (listener < 0)
		_exit(1);
	/* Before there is somebody to answer nobody may ask. */
	control->listener = 0;
	while (poll(&wait, 1, -1) > 0 && !(wait.revents & POLLHUP))
		answer(listener, tested);
	_exit(0);
}

static int install(void)
{
	struct sock_filter code[2 * ARRAY_SIZE(calls) + 2];
	unsigned short len = 0;

	code[len++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
						   offsetof(struct seccomp_data, nr));
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		code[len++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
							   (unsigned)calls[i].number, 0, 1);
		code[len++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF);
	}
	code[len++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog program = {.len = len, .filter = code};

	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER,
			    &program);
}

void calls_begin(void)
{
	pid_t tested = getpid();
	void *shared = mmap(NULL, sizeof(*control), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	control = shared;
	control->failed = -1;
	/* (fork's call is not among those that fail) */
	pid_t pid = shared == MAP_FAILED ? -1 : fork();

	if (pid == 0)
		answer_all(tested);
	int listener = pid < 0 ? -1 : install();

	if (listener < 0) {
		printf("skipped: no user notification of system calls\n");
		exit(77);
	}
	control->listener = listener;
	while (control->listener)
		sched_yield();
	close(listener);
}

void calls_arm(uint64_t nth, int errnum)
{
	control->count = 0;
	control->failed = -1;
	control->executed = false;
	control->errnum = errnum;
	control->nth = nth;
}

const char *calls_disarm(void)
{
	control->nth = 0;
	return control->failed < 0 ? NULL : calls[control->failed].name;
}
