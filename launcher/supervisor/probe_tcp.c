// SPDX-License-Identifier: GPL-2.0-or-later
/* Probes that connect: a socket from the instance's own network, closed as soon as it is accepted.
 */
#include "launcher/supervisor/loop.h"
#include "launcher/supervisor/probe_run.h"
#include "launcher/supervisor/supervisor.h"
#include "runtime/base/cleanup.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#define TEXT_MAX 64

struct tcp_run {
	int fd;
	struct watch *watch;
};

static void tcp_cancel(struct probe *probe)
{
	struct tcp_run *run = probe->run;

	if (!run)
		return;
	watch_free(take_ptr(run->watch));
	fd_drop(&run->fd);
}

static void tcp_free(struct probe *probe)
{
	free(take_ptr(probe->run));
}

static bool tcp_expire(struct probe *probe)
{
	return false;
}

static void on_connected(void *data, int fd, uint32_t events)
{
	struct probe *probe = data;
	int code = 0;
	socklen_t len = sizeof(code);
	char text[TEXT_MAX];

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &len) < 0)
		code = errno;
	tcp_cancel(probe);
	probe_errno_text(code, text, sizeof(text));
	probe_done(probe, code ? PROBE_FAILED : PROBE_OK, text);
}

static int tcp_begin(struct probe *probe, struct err *err)
{
	const struct sockaddr_in address = {.sin_family = AF_INET,
					    .sin_port = htons(probe->use->spec->port),
					    .sin_addr = probe_address(probe)};
	struct tcp_run *run = probe->run ? probe->run : calloc(1, sizeof(*run));
	char text[TEXT_MAX];

	if (!run)
		return err_say(err, ENOMEM, "out of memory");
	run->fd = -1;
	probe->run = run;
	int r = probe_socket(probe, AF_INET, SOCK_STREAM | SOCK_NONBLOCK, &run->fd, err);

	if (r < 0)
		return r;
	if (connect(run->fd, (const struct sockaddr *)&address, sizeof(address)) < 0 &&
	    errno != EINPROGRESS) {
		int code = errno;

		fd_drop(&run->fd);
		probe_errno_text(code, text, sizeof(text));
		return err_say(err, code, "%s", text);
	}
	r = loop_watch_fd(probe->instance->sup->loop,
			  &(struct loop_io){run->fd, EPOLLOUT, on_connected, probe}, &run->watch,
			  err);
	if (r < 0)
		fd_drop(&run->fd);
	return r;
}

const struct probe_method_ops probe_tcp_ops = {tcp_begin, tcp_expire, tcp_cancel, tcp_free};
