// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Listening to instances; see notify.h. One datagram per turn of the loop and a bounded number per
 * second: a flood waits in the kernel, where it blocks the one who makes it.
 */
#include "launcher/supervisor/notify.h"
#include "launcher/policy/notify_message.h"
#include "launcher/policy/vitals.h"
#include "launcher/supervisor/probe.h"
#include "launcher/supervisor/supervisor.h"
#include "runtime/base/cleanup.h"
#include "runtime/network/net_socket.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>

#define DATAGRAM_BYTES_MAX 4096
#define PER_SECOND_MAX	   100
#define QUEUE_BYTES	   65536
#define NAME_PREFIX	   "davit-notify-"
/* SCM_MAX_FD of the kernel. */
#define FDS_MAX 253

struct notify {
	struct instance *instance;
	int fd;
	struct watch *watch; /* NULL while the second is used up */
	struct watch *timer;
	int64_t second_ms; /* when the present second began */
	unsigned count;	   /* read in it */
	bool shared;	   /* others than the instance are in its network namespace */
	char socket_text[128];
	char watchdog_text[64];
	char *environment[3];
	bool has_status;
	char status[NOTIFY_STATUS_MAX];
};

union control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(sizeof(struct ucred)) + CMSG_SPACE(FDS_MAX * sizeof(int))];
};

static void on_datagram(void *data, int fd, uint32_t events);

static int listen_again(struct notify *notify, struct err *err)
{
	struct loop *loop = notify->instance->sup->loop;
	int r = loop_watch_fd(loop, &(struct loop_io){notify->fd, EPOLLIN, on_datagram, notify},
			      &notify->watch, err);

	if (r == 0)
		watch_priority(notify->watch, LOOP_LOGS);
	return r;
}

static void on_next_second(void *data)
{
	struct notify *notify = data;

	if (!notify->watch && listen_again(notify, NULL) < 0)
		watch_arm(notify->timer, 1000);
}

/* False when the second is used up: then nothing is read before the next one. */
static bool within_budget(struct notify *notify)
{
	int64_t now_ms = loop_now_ms(notify->instance->sup->loop);

	if (now_ms - notify->second_ms >= 1000) {
		notify->second_ms = now_ms;
		notify->count = 0;
	}
	if (notify->count++ < PER_SECOND_MAX)
		return true;
	watch_free(take_ptr(notify->watch));
	watch_arm(notify->timer, notify->second_ms + 1000 - now_ms);
	return false;
}

/* Nobody is to hand us descriptors, and a sender may wait for them to be closed. */
static void close_fds(const struct cmsghdr *header)
{
	size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);

	for (size_t i = 0; i < count; i++) {
		int fd;

		memcpy(&fd, CMSG_DATA(header) + i * sizeof(fd), sizeof(fd));
		(void)close(fd);
	}
}

/* The sender's pid; 0: unknown, or cut short. Closes what came along. */
static pid_t sender_of(struct msghdr *message)
{
	pid_t pid = 0;

	for (struct cmsghdr *at = CMSG_FIRSTHDR(message); at; at = CMSG_NXTHDR(message, at)) {
		struct ucred sender;

		if (at->cmsg_level != SOL_SOCKET)
			continue;
		if (at->cmsg_type == SCM_RIGHTS)
			close_fds(at);
		if (at->cmsg_type != SCM_CREDENTIALS || at->cmsg_len != CMSG_LEN(sizeof(sender)))
			continue;
		memcpy(&sender, CMSG_DATA(at), sizeof(sender));
		pid = sender.pid;
	}
	return message->msg_flags & (MSG_TRUNC | MSG_CTRUNC) ? 0 : pid;
}

/* Only the instance's own processes are heard. One that has ended meanwhile cannot be looked up:
 * where the namespace is the instance's alone it must have been its own. */
static bool is_heard(const struct notify *notify, pid_t pid)
{
	if (pid <= 0 || !notify->instance->cg)
		return false;
	int r = cg_has(notify->instance->cg, pid);

	return r == -ESRCH ? !notify->shared : r == 1;
}

static void on_datagram(void *data, int fd, uint32_t events)
{
	struct notify *notify = data;
	char bytes[DATAGRAM_BYTES_MAX];
	union control control;
	struct iovec part = {bytes, sizeof(bytes)};
	struct msghdr message = {.msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = control.bytes,
				 .msg_controllen = sizeof(control.bytes)};
	struct notify_message said;

	if (!within_budget(notify))
		return;
	ssize_t len = recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	if (len < 0 || !is_heard(notify, sender_of(&message)))
		return;
	notify_message_read(bytes, (size_t)len, &said);
	if (said.has_status) {
		notify->has_status = true;
		memcpy(notify->status, said.status, sizeof(said.status));
	}
	probe_notified(notify->instance, &said); /* may end our life */
}

static int bind_socket(struct notify *notify, const char *name, struct err *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const int yes = 1;
	const int queue = QUEUE_BYTES;
	uint64_t number = 0;

	/* A neighbour in a shared namespace must not be there first. */
	if (getrandom(&number, sizeof(number), GRND_NONBLOCK) < 0)
		return err_set(err, errno, "notify socket");
	int len = name ? snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1, "%s", name)
		       : snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1,
				  NAME_PREFIX "%016" PRIx64, number);

	snprintf(notify->socket_text, sizeof(notify->socket_text), "NOTIFY_SOCKET=@%s",
		 address.sun_path + 1);
	if (setsockopt(notify->fd, SOL_SOCKET, SO_PASSCRED, &yes, sizeof(yes)) < 0 ||
	    setsockopt(notify->fd, SOL_SOCKET, SO_RCVBUF, &queue, sizeof(queue)) < 0 ||
	    bind(notify->fd, (struct sockaddr *)&address,
		 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)len)) < 0)
		return err_set(err, errno, "notify socket");
	return 0;
}

static void set_environment(struct notify *notify, const struct service *service)
{
	const struct probe_spec *liveness = &service->probes[PROBE_LIVENESS];

	notify->environment[0] = notify->socket_text;
	if (liveness->method != PROBE_NOTIFY)
		return;
	snprintf(notify->watchdog_text, sizeof(notify->watchdog_text), "WATCHDOG_USEC=%" PRId64,
		 liveness->timeout_ms * 1000);
	notify->environment[1] = notify->watchdog_text;
}

int notify_open(struct instance *instance, int netns_fd, const char *name, struct err *err)
{
	const struct service *service = instance->plan->service;
	struct probe_set set;

	probe_set_of(service, &set);
	if (!probe_set_notifies(&set))
		return 0;
	struct notify *notify = calloc(1, sizeof(*notify));

	if (!notify)
		return err_set(err, ENOMEM, "notify socket");
	*notify = (struct notify){.instance = instance, .fd = -1};
	notify->shared =
		service->network.mode != NETWORK_BRIDGE && service->network.mode != NETWORK_NONE;
	set_environment(notify, service);
	int r = net_socket(netns_fd, AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, &notify->fd, err);

	if (r == 0)
		r = bind_socket(notify, name, err);
	if (r == 0)
		r = loop_watch_timer(instance->sup->loop, on_next_second, notify, &notify->timer,
				     err);
	if (r == 0)
		r = listen_again(notify, err);
	if (r < 0) {
		notify_close(notify);
		return r;
	}
	notify_close(instance->notify);
	instance->notify = notify;
	return 0;
}

void notify_close(struct notify *notify)
{
	if (!notify)
		return;
	watch_free(notify->watch);
	watch_free(notify->timer);
	fd_drop(&notify->fd);
	free(notify);
}

char *const *notify_environment(const struct notify *notify)
{
	return notify ? notify->environment : NULL;
}

const char *notify_name(const struct notify *notify)
{
	return notify ? strchr(notify->socket_text, '@') + 1 : NULL;
}

const char *notify_status(const struct notify *notify)
{
	return notify && notify->has_status ? notify->status : NULL;
}
