// SPDX-License-Identifier: GPL-2.0-or-later
/* One record, one datagram; see wire.h. Allocates nothing. */
#include "launcher/keeper/wire.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

union control {
	struct cmsghdr head;
	char space[CMSG_SPACE(sizeof(int))];
};

struct wire_record wire_record(enum wire_kind kind, const char *name)
{
	struct wire_record record = {.version = WIRE_VERSION, .kind = kind, .number = -1};

	snprintf(record.name, sizeof(record.name), "%s", name);
	return record;
}

int wire_send(int socket_fd, const struct wire_record *record, int fd)
{
	union control control = {0};
	struct iovec part = {.iov_base = (void *)(uintptr_t)record, .iov_len = sizeof(*record)};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};

	if (fd >= 0) {
		message.msg_control = &control;
		message.msg_controllen = sizeof(control.space);
		control.head.cmsg_level = SOL_SOCKET;
		control.head.cmsg_type = SCM_RIGHTS;
		control.head.cmsg_len = CMSG_LEN(sizeof(fd));
		memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
	}
	if (sendmsg(socket_fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		return errno == ENOBUFS || errno == ENOMEM || errno == ETOOMANYREFS ? -EAGAIN
										    : -errno;
	return 0;
}

static int fd_of(struct msghdr *message)
{
	struct cmsghdr *head = CMSG_FIRSTHDR(message);
	int fd = -1;

	if (head && head->cmsg_level == SOL_SOCKET && head->cmsg_type == SCM_RIGHTS &&
	    head->cmsg_len == CMSG_LEN(sizeof(fd)))
		memcpy(&fd, CMSG_DATA(head), sizeof(fd));
	return fd;
}

int wire_receive(int socket_fd, struct wire_record *ret_record, int *ret_fd)
{
	union control control;
	struct iovec part = {.iov_base = ret_record, .iov_len = sizeof(*ret_record)};
	struct msghdr message = {.msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = sizeof(control.space)};
	ssize_t n = recvmsg(socket_fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	*ret_fd = -1;
	ret_record->name[WIRE_NAME_MAX] = '\0';
	if (n == 0)
		return -ENOTCONN;
	if (n < 0 && errno == EAGAIN)
		return -EAGAIN;
	/* ECONNRESET says that the other side has not read all of ours: what it said comes after.
	 */
	if (n < 0)
		return errno == EINTR || errno == ECONNRESET ? -EBADMSG : -ENOTCONN;
	*ret_fd = fd_of(&message);
	return n == (ssize_t)sizeof(*ret_record) && ret_record->version == WIRE_VERSION ? 0
											: -EBADMSG;
}
