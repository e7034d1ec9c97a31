// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A service that says when it began: appends the nanoseconds of CLOCK_MONOTONIC and its pid to
 * FILE as its first act, and then waits. Static, so that it runs in any root.
 *
 *   stamp FILE
 */
#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct timespec now;
	char line[64];

	clock_gettime(CLOCK_MONOTONIC, &now);
	int fd = argc == 2 ? open(argv[1], O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644) : -1;
	int len = snprintf(line, sizeof(line), "%lld %d\n",
			   (long long)now.tv_sec * 1000000000 + now.tv_nsec, (int)getpid());

	if (fd < 0 || write(fd, line, (size_t)len) != len)
		return 1;
	for (;;)
		pause();
}
