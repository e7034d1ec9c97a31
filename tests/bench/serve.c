// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A server that answers one connection after the other, each after a fixed amount of processor
 * time: what an instance manages is known, and what it does not manage waits in the accept queue.
 *
 *   serve PORT MILLISECONDS
 */
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static double used_ms(void)
{
	struct timespec used;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
	return (double)used.tv_sec * 1e3 + (double)used.tv_nsec / 1e6;
}

static void serve(int fd, double cost_ms)
{
	static const char answer[] = "done\n";
	double end_ms = used_ms() + cost_ms;
	char request[512];

	if (read(fd, request, sizeof(request)) > 0) {
		while (used_ms() < end_ms)
			;
		(void)!write(fd, answer, sizeof(answer) - 1);
	}
	close(fd);
}

int main(int argc, char **argv)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (argc != 3) {
		fprintf(stderr, "usage: serve PORT MILLISECONDS\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	address.sin_port = htons((uint16_t)atoi(argv[1]));
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(fd, 1024) < 0) {
		perror("serve");
		return 1;
	}
	for (;;) {
		int peer = accept4(fd, NULL, NULL, SOCK_CLOEXEC);

		if (peer >= 0)
			serve(peer, atof(argv[2]));
	}
}
