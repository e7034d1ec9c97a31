// SPDX-License-Identifier: GPL-2.0-or-later
/* A helper's event loop; see sources.h. */
#include "launcher/helper/sources.h"
#include "runtime/base/clock.h"

#include <errno.h>

int sources_open(struct err *err)
{
	int fd = epoll_create1(EPOLL_CLOEXEC);

	return fd < 0 ? err_set(err, errno, "epoll") : fd;
}

int sources_add(int loop_fd, int fd, uint32_t events, struct source *source)
{
	struct epoll_event event = {.events = events, .data.ptr = source};

	return epoll_ctl(loop_fd, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

void sources_change(int loop_fd, int fd, uint32_t events, struct source *source)
{
	struct epoll_event event = {.events = events, .data.ptr = source};

	(void)epoll_ctl(loop_fd, EPOLL_CTL_MOD, fd, &event); /* fails for what is not there only */
}

void sources_remove(int loop_fd, int fd)
{
	(void)epoll_ctl(loop_fd, EPOLL_CTL_DEL, fd, NULL); /* likewise */
}

bool sources_wait(int loop_fd, int wait_ms)
{
	struct epoll_event event;

	if (epoll_wait(loop_fd, &event, 1, wait_ms) != 1)
		return false;
	struct source *source = event.data.ptr;

	source->fn(source, event.events);
	return true;
}

int64_t sources_now_ms(void)
{
	return clock_now_ms();
}
