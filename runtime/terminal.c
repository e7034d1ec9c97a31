// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * container_terminal(): a terminal of the container's own devpts, made from outside. Nothing in the
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
#include <sys/ioctl.h>
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

int container_terminal(int pidfd, int *ret_master_fd, int *ret_fd, struct err *err)
{
	autoclose int root_fd = launch_root(pidfd, err);
	char path[40];
	int unlock = 0;

	if (root_fd < 0)
		return root_fd;
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
