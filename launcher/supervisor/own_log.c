// SPDX-License-Identifier: GPL-2.0-or-later
/* Two files of a bounded length; see own_log.h. */
#include "launcher/supervisor/own_log.h"
#include "runtime/base/cleanup.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOG_MODE 0600

void own_log_rotate(const char *path, off_t max_bytes)
{
	char older[PATH_MAX];
	struct stat written;
	struct stat named;

	if (fstat(STDERR_FILENO, &written) < 0 || !S_ISREG(written.st_mode) ||
	    written.st_size <= max_bytes)
		return;
	if (stat(path, &named) < 0 || named.st_dev != written.st_dev ||
	    named.st_ino != written.st_ino)
		return;
	if (snprintf(older, sizeof(older), "%s.1", path) >= (int)sizeof(older) ||
	    rename(path, older) < 0)
		return;
	autoclose int fd = open(
		path, O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, LOG_MODE);

	if (fd < 0 || dup2(fd, STDERR_FILENO) < 0)
		rename(older, path);
}
