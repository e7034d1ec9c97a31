// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Endpoints are connected by a process of its own; see net_beside.h. A fork without an exec: it
 * needs nothing but what comes through its socket, and keeps nothing else open.
 */
#include "runtime/network/net_beside.h"

#include "runtime/base/cleanup.h"
#include "runtime/network/rtnet.h"
#include "runtime/network/sysctl.h"

#include <errno.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* Where it has its socket. */
#define CONTROL_FD 3
/* More are refused. */
#define WIRING_BYTES_MAX 4096
/* Many times what it takes for one. */
#define ANSWER_MS 5000

struct net_beside {
	int fd;
	int pidfd;
};

/* The namespace that goes with an answer, where there is one. */
union passed {
	struct cmsghdr align;
	char room[CMSG_SPACE(sizeof(int))];
};

/* ---- the process ---- */

struct worker {
	struct rtnet *rtnet;
	struct sysctl sysctl;
	int home_fd;
};

static bool answer(uint64_t id, int netns_fd)
{
	union passed passed = {0};
	struct iovec iov = {&id, sizeof(id)};
	struct msghdr message = {.msg_iov = &iov, .msg_iovlen = 1};

	if (netns_fd >= 0) {
		message.msg_control = &passed;
		message.msg_controllen = sizeof(passed);
		struct cmsghdr *part = CMSG_FIRSTHDR(&message);

		part->cmsg_level = SOL_SOCKET;
		part->cmsg_type = SCM_RIGHTS;
		part->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(part), &netns_fd, sizeof(int));
	}
	return sendmsg(CONTROL_FD, &message, MSG_NOSIGNAL) == sizeof(id);
}

/* A failure is only told: who asks for it again is told why. */
static bool serve(struct worker *worker, const struct wiring *wiring)
{
	const struct netns_home home = {worker->home_fd, &worker->sysctl, -1};
	autoclose int netns_fd = -1;

	err_ignore(wiring_run(wiring, worker->rtnet, &home, &netns_fd, NULL));
	return answer(wiring->id, netns_fd);
}

static void work(void)
{
	_Alignas(struct wiring) char bytes[WIRING_BYTES_MAX];
	struct worker worker = {.home_fd = netns_open_own(NULL)};
	ssize_t n;

	if (worker.home_fd < 0 || rtnet_open(&worker.rtnet, NULL) < 0)
		return;
	do
		n = recv(CONTROL_FD, bytes, sizeof(bytes), 0);
	while ((n < 0 && errno == EINTR) || (n > 0 && serve(&worker, (struct wiring *)bytes)));
}

static _Noreturn void beside_process(int control_fd, pid_t parent)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent ||
	    (control_fd != CONTROL_FD && dup2(control_fd, CONTROL_FD) < 0) ||
	    close_range(CONTROL_FD + 1, ~0U, 0) < 0)
		_exit(1);
	(void)prctl(PR_SET_NAME, "davit-net");
	work();
	_exit(0);
}

/* ---- this side ---- */

static int start(struct net_beside *beside, struct err *err)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
		return err_set(err, errno, "network: a process beside");
	autoclose int control_fd = fds[1];
	const pid_t parent = getpid();

	beside->fd = fds[0];
	pid_t pid = fork();

	if (pid < 0)
		return err_set(err, errno, "network: a process beside");
	if (pid == 0)
		beside_process(control_fd, parent);
	/* Our child, unreaped: the number is its own. */
	beside->pidfd = pidfd_open(pid, 0);
	if (beside->pidfd >= 0)
		return 0;
	int r = err_set(err, errno, "network: a process beside");

	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
	return r;
}

int net_beside_open(struct net_beside **ret_beside, struct err *err)
{
	struct net_beside *beside = malloc(sizeof(*beside));

	if (!beside)
		return err_set(err, ENOMEM, "network: a process beside");
	*beside = (struct net_beside){-1, -1};
	int r = start(beside, err);

	if (r < 0) {
		net_beside_reap(net_beside_end(beside));
		return r;
	}
	*ret_beside = beside;
	return 0;
}

int net_beside_end(struct net_beside *beside)
{
	if (!beside)
		return -1;
	const int pidfd = beside->pidfd;

	fd_drop(&beside->fd);
	if (pidfd >= 0)
		(void)pidfd_send_signal(pidfd, SIGKILL, NULL, 0);
	free(beside);
	return pidfd;
}

void net_beside_reap(int pidfd)
{
	siginfo_t info;

	while (pidfd >= 0 && waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED) < 0 && errno == EINTR)
		continue;
	fd_drop(&pidfd);
}

int net_beside_fd(const struct net_beside *beside)
{
	return beside->fd;
}

int net_beside_order(struct net_beside *beside, const struct wiring *wiring, struct err *err)
{
	const size_t size = wiring_bytes(wiring->count);

	if (size > WIRING_BYTES_MAX)
		return err_set(err, EMSGSIZE, "network: connect beside");
	if (send(beside->fd, wiring, size, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		return err_set(err, errno, "network: connect beside");
	return 0;
}

/* -1 also where there was no number left for it. */
static int passed_fd(struct msghdr *message)
{
	const struct cmsghdr *part = CMSG_FIRSTHDR(message);
	int fd = -1;

	if (part && part->cmsg_level == SOL_SOCKET && part->cmsg_type == SCM_RIGHTS &&
	    part->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(&fd, CMSG_DATA(part), sizeof(int));
	return fd;
}

/* Nobody waits for one that is stopped, or does not get on: it is ended. */
static int await(const struct net_beside *beside)
{
	struct pollfd any = {.fd = beside->fd, .events = POLLIN};
	int r;

	do
		r = poll(&any, 1, ANSWER_MS);
	while (r < 0 && errno == EINTR);
	if (r > 0)
		return 0;
	r = r < 0 ? -errno : -ETIMEDOUT;
	(void)pidfd_send_signal(beside->pidfd, SIGKILL, NULL, 0);
	return r;
}

int net_beside_take(struct net_beside *beside, bool wait, struct net_beside_answer *ret_answer)
{
	union passed passed;
	uint64_t id = 0;
	struct iovec iov = {&id, sizeof(id)};
	struct msghdr message = {.msg_iov = &iov,
				 .msg_iovlen = 1,
				 .msg_control = &passed,
				 .msg_controllen = sizeof(passed)};
	ssize_t n = wait ? await(beside) : 0;

	if (n < 0)
		return (int)n;
	do
		n = recvmsg(beside->fd, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	if (n == 0)
		return -EPIPE;
	*ret_answer = (struct net_beside_answer){id, passed_fd(&message)};
	return 0;
}
