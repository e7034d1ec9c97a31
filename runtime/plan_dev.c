// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The private /dev: a small file system with the harmless devices, shared by all runs of a plan.
 * Runs in the helper process of container_prepare(), which makes it read-only once the mount points
 * in it are made.
 */
#include "runtime/base/cleanup.h"
#include "runtime/defaults.h"
#include "runtime/plan_mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static int dev_populate(int dev_fd, struct err *err)
{
	for (const struct defaults_device *dev = defaults_devices(); dev->name; dev++) {
		/* The mode again: mknod's is less the umask. */
		if (mknodat(dev_fd, dev->name, S_IFCHR | 0666, makedev(dev->major, dev->minor)) <
			    0 ||
		    fchmodat(dev_fd, dev->name, 0666, 0) < 0)
			return err_set(err, errno, "make device %s", dev->name);
	}
	for (const struct defaults_link *link = defaults_dev_links(); link->name; link++)
		if (symlinkat(link->target, dev_fd, link->name) < 0)
			return err_set(err, errno, "make link /dev/%s", link->name);
	for (const struct defaults_dir *dir = defaults_dev_dirs(); dir->path; dir++)
		if (mkdirat(dev_fd, dir->path, 0755) < 0 ||
		    fchmodat(dev_fd, dir->path, dir->mode, 0) < 0)
			return err_set(err, errno, "make directory /dev/%s", dir->path);
	return 0;
}

int plan_dev_make(struct err *err)
{
	autoclose int fs_fd = fsopen("tmpfs", FSOPEN_CLOEXEC);

	if (fs_fd < 0 || fsconfig(fs_fd, FSCONFIG_SET_STRING, "source", "dev", 0) < 0 ||
	    fsconfig(fs_fd, FSCONFIG_SET_STRING, "mode", "0755", 0) < 0 ||
	    fsconfig(fs_fd, FSCONFIG_SET_STRING, "size", "64k", 0) < 0 ||
	    fsconfig(fs_fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return err_set(err, errno, "file system for /dev");
	autoclose int fd = fsmount(fs_fd, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);

	if (fd < 0)
		return err_set(err, errno, "file system for /dev");
	int r = dev_populate(fd, err);

	return r < 0 ? r : take_fd(&fd);
}
