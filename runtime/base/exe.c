// SPDX-License-Identifier: GPL-2.0-or-later
/* Our own executables; see exe.h. Runs in the command and the supervisor before they do anything.
 */
#include "runtime/base/exe.h"
#include "runtime/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <unistd.h>

bool exe_is_protected(void)
{
	struct statvfs fs;

	return statvfs("/proc/self/exe", &fs) == 0 && fs.f_flag & ST_RDONLY;
}

/* Of a directory, so that the program keeps its name. Returns the fd or -errno. */
static int open_protected(const char *dir)
{
	struct mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY, .propagation = MS_PRIVATE};
	autoclose int fd = open_tree(AT_FDCWD, dir, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

	if (fd < 0 || mount_setattr(fd, "", AT_EMPTY_PATH, &attr, sizeof(attr)) < 0)
		return -errno;
	return take_fd(&fd);
}

int exe_run(const char *path, char *const *argv, struct err *err)
{
	char dir[PATH_MAX];
	const char *slash = strrchr(path, '/');
	size_t len = slash ? (size_t)(slash - path) : 0;

	if (!slash || len >= sizeof(dir))
		return err_set(err, EINVAL, "run %s", path);
	memcpy(dir, path, len);
	memcpy(dir + len, len ? "" : "/", len ? 1 : 2);
	autoclose int dir_fd = open_protected(dir);

	if (dir_fd < 0)
		execv(path, argv);
	else
		execveat(dir_fd, slash + 1, argv, environ, 0);
	return err_set(err, errno, "run %s", path);
}
