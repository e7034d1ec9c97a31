// SPDX-License-Identifier: GPL-2.0-or-later
/* Raw mode, and what goes to and fro; see relay.h. */
#include "launcher/cli/relay.h"

#include "runtime/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>

void relay_take(struct relay *relay, int master_fd)
{
	fd_drop(&relay->master);
	relay->master = master_fd;
	relay_resize(relay);
}

int relay_start(struct relay *relay, struct err *err)
{
	struct termios raw;

	if (tcgetattr(STDIN_FILENO, &relay->saved) < 0)
		return err_set(err, errno, "terminal settings");
	raw = relay->saved;
	cfmakeraw(&raw);
	if (tcsetattr(STDIN_FILENO, TCSANOW, &raw) < 0)
		return err_set(err, errno, "terminal settings");
	relay->raw = true;
	return 0;
}

void relay_resize(const struct relay *relay)
{
	struct winsize size;

	/* A terminal without a size keeps the pty's default. */
	if (ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0)
		(void)ioctl(relay->master, TIOCSWINSZ, &size);
}

/* All of it, waiting where the other side is slow; false when it is gone. */
static bool write_all(int fd, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, bytes, len);

		if (n < 0 && errno == EAGAIN) {
			struct pollfd ready = {.fd = fd, .events = POLLOUT};

			(void)poll(&ready, 1, -1); /* tried again whatever it says */
			continue;
		}
		if (n < 0 && errno != EINTR)
			return false;
		if (n > 0) {
			bytes += n;
			len -= (size_t)n;
		}
	}
	return true;
}

void relay_input(struct relay *relay)
{
	char bytes[4096];
	ssize_t n = read(STDIN_FILENO, bytes, sizeof(bytes));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	relay->input_ended = n <= 0 || !write_all(relay->master, bytes, (size_t)n);
}

int relay_output(struct relay *relay)
{
	char bytes[16384];
	ssize_t n = read(relay->master, bytes, sizeof(bytes));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return 1;
	/* EIO: the last holder of the slave is gone. */
	return n > 0 && write_all(STDOUT_FILENO, bytes, (size_t)n) ? 1 : 0;
}

void relay_close(struct relay *relay)
{
	if (relay->raw)
		(void)tcsetattr(STDIN_FILENO, TCSADRAIN, &relay->saved); /* nothing else to do */
	relay->raw = false;
	fd_drop(&relay->master);
}
