// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * /proc/sys/net shows the namespace of the thread that opens a file there.
 */
#include "runtime/network/sysctl.h"

#include "runtime/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

int sysctl_set(const char *path, const char *value, struct err *err)
{
	autoclose int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0 || write(fd, value, strlen(value)) < 0)
		return err_set(err, errno, "network: set %s", path);
	return 0;
}
