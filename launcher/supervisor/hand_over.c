// SPDX-License-Identifier: GPL-2.0-or-later
/* Descriptors for clients; see hand_over.h. */
#include "launcher/supervisor/hand_over.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

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
