// SPDX-License-Identifier: GPL-2.0-or-later
/* The recording process and how others come under it; see recorder.h. */
#include "runtime/seccomp/recorder.h"
#include "runtime/base/cleanup.h"
#include "runtime/seccomp/record.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

struct recorder {
	struct record *record; /* shared with the process */
	int socket_fd;	       /* listeners are sent to it; -1: stopped */
	int pidfd;
};

/* As many processes can be entered into one recording at a time; what they start counts not. */
#define LISTENERS_MAX 256

#if !defined(SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV)
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5) /* Linux 5.19 */
#endif

/* ---- the recording process ---- */

struct desk {
	struct record *record;
	struct pollfd fds[1 + LISTENERS_MAX]; /* the socket, then listeners */
	bool executed[1 + LISTENERS_MAX];     /* what comes before the exec is ours */
	nfds_t count;
};

static void desk_receive(struct desk *desk)
{
	char byte;
	struct iovec iov = {&byte, 1};
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	struct msghdr message = {.msg_iov = &iov,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = sizeof(control)};
	ssize_t n = recvmsg(desk->fds[0].fd, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	const struct cmsghdr *part = n > 0 ? CMSG_FIRSTHDR(&message) : NULL;
	int fd = -1;

	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
		close(desk->fds[0].fd);
		desk->fds[0].fd = -1; /* poll(2) passes it over */
	}
	if (!part || part->cmsg_type != SCM_RIGHTS)
		return;
	memcpy(&fd, CMSG_DATA(part), sizeof(fd));
	if (desk->count == 1 + LISTENERS_MAX) {
		close(fd); /* its calls fail from now on: better than waiting for ever */
		return;
	}
	desk->executed[desk->count] = false;
	desk->fds[desk->count++] = (struct pollfd){.fd = fd, .events = POLLIN};
}

static void desk_answer(struct desk *desk, nfds_t i)
{
	struct seccomp_notif request = {0};
	struct seccomp_notif_resp response = {.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE};

	/* Fails where the asking process was killed. */
	if (ioctl(desk->fds[i].fd, SECCOMP_IOCTL_NOTIF_RECV, &request) < 0)
		return;
	desk->executed[i] |= request.data.nr == SYS_execve || request.data.nr == SYS_execveat;
	if (desk->executed[i])
		record_call(desk->record, &request.data);
	response.id = request.id;
	(void)ioctl(desk->fds[i].fd, SECCOMP_IOCTL_NOTIF_SEND, &response);
}

static void desk_forget(struct desk *desk, nfds_t i)
{
	close(desk->fds[i].fd);
	desk->count--;
	desk->fds[i] = desk->fds[desk->count];
	desk->executed[i] = desk->executed[desk->count];
}

static _Noreturn void desk_run(struct record *record, int socket_fd)
{
	static struct desk desk;

	desk.record = record;
	desk.fds[0] = (struct pollfd){.fd = socket_fd, .events = POLLIN};
	desk.count = 1;
	while (desk.fds[0].fd >= 0 || desk.count > 1) {
		if (poll(desk.fds, desk.count, -1) < 0)
			continue;
		for (nfds_t i = desk.count; i-- > 1;) {
			if (desk.fds[i].revents & POLLIN)
				desk_answer(&desk, i);
			else if (desk.fds[i].revents)
				desk_forget(&desk, i);
		}
		if (desk.fds[0].fd >= 0 && desk.fds[0].revents)
			desk_receive(&desk);
	}
	_exit(0);
}

/* Nothing of the parent's stays with it: what it serves may live long after. */
static _Noreturn void desk_main(struct record *record, int socket_fd)
{
	struct sigaction action = {.sa_handler = SIG_DFL};
	sigset_t none;

	for (int number = 1; number < NSIG; number++)
		(void)sigaction(number, &action, NULL); /* some refuse: that is their default */
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	/* A terminal's signals are not for it. */
	if (setsid() < 0 || dup2(socket_fd, 0) < 0 || syscall(SYS_close_range, 1U, ~0U, 0) < 0)
		_exit(1);
	(void)prctl(PR_SET_NAME, "davit-recorder", 0, 0, 0);
	desk_run(record, 0);
}

/* ---- its parent ---- */

void recorder_free(struct recorder *recorder)
{
	if (!recorder)
		return;
	if (recorder->record)
		munmap(recorder->record, sizeof(*recorder->record));
	fd_drop(&recorder->socket_fd);
	fd_drop(&recorder->pidfd);
	free(recorder);
}

static void recorder_drop(struct recorder **recorder)
{
	recorder_free(*recorder);
}

int recorder_start(struct recorder **ret_recorder, struct err *err)
{
	__attribute__((cleanup(recorder_drop))) struct recorder *recorder =
		malloc(sizeof(*recorder));
	int fds[2];

	if (!recorder)
		return err_set(err, ENOMEM, "start recording");
	*recorder = (struct recorder){.socket_fd = -1, .pidfd = -1};
	void *shared = mmap(NULL, sizeof(struct record), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (shared == MAP_FAILED)
		return err_set(err, errno, "start recording");
	recorder->record = shared;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
		return err_set(err, errno, "start recording");
	recorder->socket_fd = fds[0];
	autoclose int far_fd = fds[1];
	pid_t pid = fork();

	if (pid == 0)
		desk_main(recorder->record, far_fd);
	if (pid > 0)
		recorder->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (pid < 0 || recorder->pidfd < 0)
		return err_set(err, errno, "start recording");
	*ret_recorder = take_ptr(recorder);
	return 0;
}

void recorder_stop(struct recorder *recorder)
{
	fd_drop(&recorder->socket_fd);
}

int recorder_pidfd(const struct recorder *recorder)
{
	return recorder->pidfd;
}

int recorder_profile(const struct recorder *recorder, struct buf *out, struct err *err)
{
	return record_print(recorder->record, out, err);
}

/* ---- who is to be recorded ---- */

#if defined(__x86_64__)
#define NATIVE_AUDIT AUDIT_ARCH_X86_64
#else
#define NATIVE_AUDIT AUDIT_ARCH_AARCH64
#endif

#define IF_NOT(offset, number, jump)                                                               \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (offset)),                                              \
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(number), 0, (jump))

/*
 * Asks about every call but the one that says whom to ask: sendmsg of exactly this message, told
 * by its address, on exactly this socket.
 */
static int recorder_listen(int socket_fd, const struct msghdr *message)
{
	uint64_t at = (uint64_t)(uintptr_t)message;
	struct sock_filter code[] = {
		IF_NOT(offsetof(struct seccomp_data, arch), NATIVE_AUDIT, 9),
		IF_NOT(offsetof(struct seccomp_data, nr), SYS_sendmsg, 7),
		IF_NOT(offsetof(struct seccomp_data, args[0]), socket_fd, 5),
		IF_NOT(offsetof(struct seccomp_data, args[1]), at, 3),
		IF_NOT(offsetof(struct seccomp_data, args[1]) + 4, at >> 32, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
	};
	struct sock_fprog program = {ARRAY_SIZE(code), code};
	unsigned long flags = SECCOMP_FILTER_FLAG_NEW_LISTENER;
	long fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
			  flags | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, &program);

	/* Before 5.19 a signal may interrupt the asking, and the call is made again. */
	if (fd < 0 && errno == EINVAL)
		fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
	return (int)fd;
}

int recorder_enter(const struct recorder *recorder, struct err *err)
{
	struct iovec iov = {(char[]){'l'}, 1};
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {{0}};
	struct msghdr message = {.msg_iov = &iov,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = sizeof(control)};
	int fd = recorder_listen(recorder->socket_fd, &message);

	if (fd < 0)
		return err_set(err, errno, "record the system calls");
	/* No call but the one from here to its end. */
	control.align = (struct cmsghdr){CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS};
	memcpy(CMSG_DATA(&control.align), &fd, sizeof(fd));
	if (syscall(SYS_sendmsg, recorder->socket_fd, &message, 0) < 0)
		_exit(127); /* nobody would answer anything */
	return 0;
}
