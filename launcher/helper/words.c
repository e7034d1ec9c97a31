// SPDX-License-Identifier: GPL-2.0-or-later
/* Words between a supervisor and a helper; see words.h. */
#include "launcher/helper/words.h"

#include "runtime/base/cleanup.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

union control {
	struct cmsghdr head;
	char space[CMSG_SPACE(sizeof(int))];
};

static void put_fd(struct msghdr *message, union control *control, int fd)
{
	message->msg_control = control;
	message->msg_controllen = sizeof(control->space);
	control->head.cmsg_level = SOL_SOCKET;
	control->head.cmsg_type = SCM_RIGHTS;
	control->head.cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(&control->head), &fd, sizeof(fd));
}

int words_send(int control_fd, char word, const char *key, int fd)
{
	union control control = {0};
	struct iovec parts[] = {{&word, 1}, {(void *)(uintptr_t)key, strlen(key)}};
	struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};

	if (parts[1].iov_len > WORDS_KEY_MAX)
		return -ENAMETOOLONG;
	if (fd >= 0)
		put_fd(&message, &control, fd);
	if (sendmsg(control_fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		return errno == ENOBUFS || errno == ENOMEM || errno == ETOOMANYREFS ? -EAGAIN
										    : -errno;
	return 0;
}

int words_receive(int control_fd, char *ret_word, char key[static WORDS_KEY_MAX + 1], int *ret_fd)
{
	union control control;
	char word = 0;
	struct iovec parts[] = {{&word, 1}, {key, WORDS_KEY_MAX}};
	struct msghdr message = {.msg_iov = parts,
				 .msg_iovlen = 2,
				 .msg_control = &control,
				 /* not all of the space: it has room for two */
				 .msg_controllen = CMSG_LEN(sizeof(int))};
	ssize_t n = recvmsg(control_fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	*ret_fd = -1;
	if (n < 0)
		return errno == EAGAIN ? -EAGAIN : errno == EINTR ? -EBADMSG : -ENOTCONN;
	const struct cmsghdr *head = CMSG_FIRSTHDR(&message);

	if (!head && n == 0)
		return -ENOTCONN;
	if (head && (head->cmsg_type != SCM_RIGHTS || head->cmsg_len != CMSG_LEN(sizeof(int))))
		return -EBADMSG;
	if (head)
		memcpy(ret_fd, CMSG_DATA(head), sizeof(*ret_fd));
	if (head && message.msg_flags & MSG_CTRUNC) {
		fd_drop(ret_fd);
		return -EBADMSG;
	}
	key[n > 0 ? n - 1 : 0] = '\0';
	*ret_word = word;
	return 0;
}
