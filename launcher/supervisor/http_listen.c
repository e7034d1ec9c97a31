// SPDX-License-Identifier: GPL-2.0-or-later
/* The control socket itself; see http.h. */
#include "launcher/supervisor/http.h"

#include "runtime/base/cleanup.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

int http_listen(const char *path, int *ret_fd, struct err *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	autoclose int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return err_set(err, errno, "control socket");
	if (strlen(path) >= sizeof(address.sun_path))
		return err_set(err, ENAMETOOLONG, "control socket '%s'", path);
	strcpy(address.sun_path, path);
	if (unlink(path) < 0 && errno != ENOENT)
		return err_set(err, errno, "control socket '%s'", path);
	mode_t mask = umask(0177);
	int r = bind(fd, (struct sockaddr *)&address, sizeof(address));

	(void)umask(mask);
	if (r < 0 || listen(fd, HTTP_BACKLOG) < 0)
		return err_set(err, errno, "control socket '%s'", path);
	*ret_fd = take_fd(&fd);
	return 0;
}
