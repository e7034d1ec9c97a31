// SPDX-License-Identifier: GPL-2.0-or-later
/* The standard streams of a run; see streams.h. */
#include "launcher/supervisor/streams.h"

#include "launcher/supervisor/logs.h"
#include "runtime/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* The other end is kept as long as the instance: its program waits for input instead of reading
 * the end of it. */
static int open_input(struct instance *instance, struct streams *streams, struct err *err)
{
	int fds[2];

	fd_drop(&instance->input_fd);
	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_set(err, errno, "input");
	streams->input_fd = fds[0];
	instance->input_fd = fds[1];
	return 0;
}

int streams_open(struct instance *instance, struct container_run *run, struct streams *ret,
		 struct err *err)
{
	const struct process_spec *process = &instance->plan->service->process;
	struct log_sink *log = instance->log;
	int r = 0;

	if (instance->client) {
		memcpy(run->stdio, instance->client->stdio, sizeof(instance->client->stdio));
		run->tty = instance->client->tty;
		return 0;
	}
	ret->null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (ret->null_fd < 0)
		return err_set(err, errno, "open /dev/null");
	if (process->stdin_open)
		r = open_input(instance, ret, err);
	/* Without a log there is nobody to read what a terminal shows. */
	if (r == 0 && process->tty && log)
		r = log_terminal(log, &ret->terminal_fd, err);
	if (r < 0)
		return r;
	run->tty = ret->terminal_fd >= 0;
	if (run->tty) {
		for (int i = 0; i < 3; i++)
			run->stdio[i] = ret->terminal_fd;
		return 0;
	}
	run->stdio[0] = ret->input_fd >= 0 ? ret->input_fd : ret->null_fd;
	for (int i = 0; i < LOG_PIPES; i++)
		run->stdio[1 + i] = log ? log_pipes(log).write_fds[i] : ret->null_fd;
	return 0;
}

void streams_close(struct streams *streams)
{
	fd_drop(&streams->null_fd);
	fd_drop(&streams->terminal_fd);
	fd_drop(&streams->input_fd);
}
