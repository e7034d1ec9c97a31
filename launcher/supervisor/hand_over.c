// SPDX-License-Identifier: GPL-2.0-or-later
/* Descriptors for clients, and of theirs; see hand_over.h. */
#include "launcher/supervisor/hand_over.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

int hand_over(int socket_fd, const char *line, int fd, struct err *err)
{
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {.align = {CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS}};
	struct iovec iov = {(char *)line, strlen(line)};
	struct msghdr message = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control.room),
	};

	memcpy(CMSG_DATA(&control.align), &fd, sizeof(int));
	if (sendmsg(socket_fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		return err_set(err, errno, "hand over the terminal");
	return 0;
}

bool hand_over_take(const struct msghdr *message, int stdio[static 3])
{
	bool complete = false;

	for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part;
	     part = CMSG_NXTHDR((struct msghdr *)message, part)) {
		if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS)
			continue;
		size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		int fds[HAND_OVER_FDS_MAX];

		memcpy(fds, CMSG_DATA(part), count * sizeof(int));
		if (count == 3 && !complete) {
			memcpy(stdio, fds, 3 * sizeof(int));
			complete = true;
			continue;
		}
		for (size_t i = 0; i < count; i++)
			close(fds[i]);
	}
	return complete;
}
