// SPDX-License-Identifier: GPL-2.0-or-later
/* The standard streams of a run; see streams.h. */
#include "launcher/supervisor/streams.h"

#include "launcher/supervisor/kept.h"
#include "launcher/supervisor/logs.h"
#include "runtime/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* The instance holds the end that nobody writes to as well: its program waits for input instead of
 * reading the end of it, whatever becomes of this process. */
static int open_input(struct streams *streams, struct err *err)
{
	char path[40];
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_set(err, errno, "input");
	autoclose int reader_fd = fds[0];
	autoclose int writer_fd = fds[1];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", reader_fd);
	streams->input_fd = open(path, O_RDWR | O_CLOEXEC);
	return streams->input_fd < 0 ? err_set(err, errno, "input") : 0;
}

/* The run makes it and sends its other side; the keeper has where that comes to. */
static int open_terminal(struct instance *instance, struct container_run *run,
			 struct streams *streams, struct err *err)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, fds) < 0)
		return err_set(err, errno, "terminal");
	streams->terminal_fd = run->terminal_fd = fds[1];
	kept_drop(instance, KEPT_TERMINAL);
	fd_drop(&instance->terminal_fd);
	instance->terminal_fd = fds[0];
	kept_store(instance, KEPT_TERMINAL, fds[0]);
	return 0;
}

static bool is_socket(int fd)
{
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode);
}

static int show_terminal(struct instance *instance, int master_fd, struct err *err)
{
	autoclose int log_fd = -1;

	if (instance->client)
		return instance->client->terminal(instance->client->data, master_fd, err);
	log_fd = fcntl(master_fd, F_DUPFD_CLOEXEC, 0);
	int r = log_fd < 0 ? err_set(err, errno, "terminal")
			   : log_terminal(instance->log, log_fd, err);

	if (r == 0)
		(void)take_fd(&log_fd);
	return r;
}

int streams_terminal(struct instance *instance, struct err *err)
{
	autoclose int master_fd = -1;

	if (instance->terminal_fd < 0)
		return 0;
	if (is_socket(instance->terminal_fd)) {
		int r = container_terminal_take(instance->terminal_fd, &master_fd, err);

		kept_drop(instance, KEPT_TERMINAL);
		fd_drop(&instance->terminal_fd);
		if (r < 0)
			return r;
	} else {
		master_fd = take_fd(&instance->terminal_fd);
	}
	int r = show_terminal(instance, master_fd, err);

	if (r < 0 || instance->client)
		return r;
	instance->terminal_fd = take_fd(&master_fd);
	kept_store(instance, KEPT_TERMINAL, instance->terminal_fd);
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
		return instance->client->tty ? open_terminal(instance, run, ret, err) : 0;
	}
	ret->null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (ret->null_fd < 0)
		return err_set(err, errno, "open /dev/null");
	if (process->stdin_open)
		r = open_input(ret, err);
	/* Without a log there is nobody to read what a terminal shows. */
	if (r == 0 && process->tty && log)
		r = open_terminal(instance, run, ret, err);
	if (r < 0)
		return r;
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
