// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A terminal of the container's own devpts, made from outside or by a run of itself. Nothing in the
 * container is believed: what is opened there is looked at first, and the other side comes from the
 * first one's descriptor, not from a path (CVE-2025-52565).
 */
#include "runtime/base/cleanup.h"
#include "runtime/base/path.h"
#include "runtime/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

static bool is_multiplexer(int fd)
{
	struct statfs fs;
	struct stat st;

	return fstatfs(fd, &fs) == 0 && fs.f_type == DEVPTS_SUPER_MAGIC && fstat(fd, &st) == 0 &&
	       S_ISCHR(st.st_mode) && st.st_rdev == makedev(5, 2);
}

/* @root_fd: of the container. */
static int make_terminal(int root_fd, int *ret_master_fd, int *ret_fd, struct err *err)
{
	char path[40];
	int unlock = 0;
	autoclose int found_fd = path_open_plain(root_fd, "/dev/pts/ptmx", O_PATH);

	if (found_fd < 0)
		return err_set(err, -found_fd, "terminal: /dev/pts/ptmx");
	if (!is_multiplexer(found_fd))
		return err_say(err, ENOTTY, "terminal: /dev/pts/ptmx is none");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", found_fd);
	autoclose int master_fd = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (master_fd < 0 || ioctl(master_fd, TIOCSPTLCK, &unlock) < 0)
		return err_set(err, errno, "terminal");
	autoclose int fd = ioctl(master_fd, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return err_set(err, errno, "terminal");
	*ret_master_fd = take_fd(&master_fd);
	*ret_fd = take_fd(&fd);
	return 0;
}

int container_terminal(int pidfd, int *ret_master_fd, int *ret_fd, struct err *err)
{
	autoclose int root_fd = launch_root(pidfd, err);

	return root_fd < 0 ? root_fd : make_terminal(root_fd, ret_master_fd, ret_fd, err);
}

/* Room for one descriptor beside one byte. */
struct parcel {
	char byte;
	struct iovec iov;
	struct msghdr message;
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
};

static void parcel_init(struct parcel *parcel)
{
	*parcel = (struct parcel){
		.control = {.head = {CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS}}};
	parcel->iov = (struct iovec){&parcel->byte, 1};
	parcel->message = (struct msghdr){
		.msg_iov = &parcel->iov,
		.msg_iovlen = 1,
		.msg_control = &parcel->control,
		.msg_controllen = sizeof(parcel->control.room),
	};
}

int step_terminal(struct launch *launch, struct container_fault *fault)
{
	/* What a program finds before anybody looks at it. */
	const struct winsize size = {.ws_row = 24, .ws_col = 80};
	struct parcel parcel;
	int fd = -1;

	if (launch->terminal_fd <= 0)
		return 0;
	autoclose int master_fd = -1;
	int r = make_terminal(launch->root_fd, &master_fd, &fd, &fault->err);

	if (r < 0)
		return r;
	parcel_init(&parcel);
	memcpy(CMSG_DATA(&parcel.control.head), &master_fd, sizeof(int));
	if (ioctl(master_fd, TIOCSWINSZ, &size) < 0 ||
	    sendmsg(launch->terminal_fd, &parcel.message, MSG_NOSIGNAL) < 0)
		return err_set(&fault->err, errno, "hand over the terminal");
	for (size_t i = 0; i < ARRAY_SIZE(launch->stdio); i++)
		launch->stdio[i] = fd;
	launch->tty = true;
	return 0;
}

int container_terminal_take(int socket_fd, int *ret_master_fd, struct err *err)
{
	struct parcel parcel;

	parcel_init(&parcel);
	ssize_t n = recvmsg(socket_fd, &parcel.message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	if (n < 0)
		return err_set(err, errno, "take the terminal");
	if (n == 0 || !CMSG_FIRSTHDR(&parcel.message))
		return err_say(err, ENODATA, "no terminal has come");
	memcpy(ret_master_fd, CMSG_DATA(&parcel.control.head), sizeof(int));
	return 0;
}
