// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * /proc/sys/net shows the namespace of the thread that opens a file there. The kernel keeps what
 * was seen there for each namespace as long as that lives, in one list per name: with a thousand of
 * them every look-up would take longer than what it is for. So the settings are reached through a
 * procfs of our own, attached nowhere, which is exchanged for a new one before its lists get long.
 */
#include "runtime/network/sysctl.h"

#include "runtime/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#define USES_MAX 128

/* The host's where the kernel does not give us one. */
static int new_proc(void)
{
	autoclose int context_fd = fsopen("proc", FSOPEN_CLOEXEC);
	int fd = -1;

	if (context_fd >= 0 && fsconfig(context_fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0)
		fd = fsmount(context_fd, FSMOUNT_CLOEXEC,
			     MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
	return fd >= 0 ? fd : open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static int proc_fd(struct sysctl *sysctl)
{
	if (sysctl->fd > 0 && sysctl->uses++ < USES_MAX)
		return sysctl->fd;
	int fd = new_proc();

	if (fd < 0)
		return sysctl->fd > 0 ? sysctl->fd : -1; /* long lists are better than none */
	sysctl_close(sysctl);
	sysctl->fd = fd;
	return fd;
}

void sysctl_close(struct sysctl *sysctl)
{
	if (sysctl->fd > 0)
		close(sysctl->fd);
	*sysctl = (struct sysctl){0};
}

int sysctl_set(struct sysctl *sysctl, const char *name, const char *value, struct err *err)
{
	char path[160];
	int dir_fd = sysctl ? proc_fd(sysctl) : AT_FDCWD;

	if (sysctl && dir_fd < 0)
		return err_set(err, errno, "network: open /proc");
	snprintf(path, sizeof(path), "%ssys/net/%s", sysctl ? "" : "/proc/", name);
	autoclose int fd = openat(dir_fd, path, O_WRONLY | O_CLOEXEC);

	/* (a link that goes takes its settings with it, open ones too) */
	if ((fd < 0 || write(fd, value, strlen(value)) < 0) && errno != ENOENT)
		return err_set(err, errno, "network: set net/%s", name);
	return 0;
}
