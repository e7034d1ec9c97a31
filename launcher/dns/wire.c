// SPDX-License-Identifier: GPL-2.0-or-later
/* Words between a supervisor and davit-dns; see wire.h. */
#include "launcher/dns/wire.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

union control {
	struct cmsghdr head;
	char space[CMSG_SPACE(sizeof(int))];
};

int dns_wire_send(int control_fd, enum dns_word word, const char *key, int fd)
{
	union control control = {0};
	char kind = (char)word;
	struct iovec parts[] = {{&kind, 1}, {(void *)(uintptr_t)key, strlen(key)}};
	struct msghdr message = {.msg_iov = parts,
				 .msg_iovlen = 2,
				 .msg_control = &control,
				 .msg_controllen = sizeof(control.space)};

	if (parts[1].iov_len > WIRE_KEY_MAX)
		return -ENAMETOOLONG;
	control.head.cmsg_level = SOL_SOCKET;
	control.head.cmsg_type = SCM_RIGHTS;
	control.head.cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
	if (sendmsg(control_fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		return errno == ENOBUFS || errno == ETOOMANYREFS ? -EAGAIN : -errno;
	return 0;
}

int dns_wire_receive(int control_fd, enum dns_word *ret_word, char key[static WIRE_KEY_MAX + 1],
		     int *ret_fd)
{
	union control control;
	char kind = 0;
	struct iovec parts[] = {{&kind, 1}, {key, WIRE_KEY_MAX}};
	struct msghdr message = {.msg_iov = parts,
				 .msg_iovlen = 2,
				 .msg_control = &control,
				 .msg_controllen = sizeof(control.space)};
	ssize_t n = recvmsg(control_fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	*ret_fd = -1;
	if (n < 0)
		return errno == EAGAIN ? -EAGAIN : errno == EINTR ? -EBADMSG : -ENOTCONN;
	const struct cmsghdr *head = CMSG_FIRSTHDR(&message);

	if (!head && n == 0)
		return -ENOTCONN;
	if (!head || head->cmsg_type != SCM_RIGHTS || head->cmsg_len != CMSG_LEN(sizeof(int)))
		return -EBADMSG;
	memcpy(ret_fd, CMSG_DATA(head), sizeof(*ret_fd));
	key[n > 0 ? n - 1 : 0] = '\0';
	*ret_word = (enum dns_word)kind;
	return 0;
}
