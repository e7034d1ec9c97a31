// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Callers that come at a rate, whatever becomes of those before them, each with one connection and
 * one request. Prints a line per request: when it came (seconds from the beginning) and how long it
 * took (milliseconds; -1: it failed, or had no answer at the end).
 *
 *   callers ADDRESS PORT RATE:SECONDS…
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CALLS_MAX  100000
#define EVENTS_MAX 64
#define LAST_S	   10 /* that the last ones are waited for */

struct call {
	double at_s;
	double took_ms;
	int fd;
	bool asked;
};

static struct call calls[CALLS_MAX];
static size_t call_count;
static int epoll_fd;

static double now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void end_call(struct call *call, double took_ms)
{
	call->took_ms = took_ms;
	close(call->fd);
	call->fd = -1;
}

static void begin_call(const struct sockaddr_in *to, double begin_s)
{
	struct call *call = &calls[call_count];
	struct epoll_event event = {.events = EPOLLOUT, .data.u64 = call_count};

	*call = (struct call){.at_s = now_s() - begin_s, .took_ms = -1};
	call->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	call_count++;
	if (call->fd < 0)
		return;
	if ((connect(call->fd, (const struct sockaddr *)to, sizeof(*to)) < 0 &&
	     errno != EINPROGRESS) ||
	    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, call->fd, &event) < 0)
		end_call(call, -1);
}

static void go_on(struct call *call, uint32_t events, double begin_s)
{
	struct epoll_event event = {.events = EPOLLIN, .data.u64 = (uint64_t)(call - calls)};
	char answer[64];

	if (call->fd < 0)
		return;
	if (!call->asked && events & EPOLLOUT && !(events & (EPOLLERR | EPOLLHUP))) {
		call->asked = true;
		if (write(call->fd, "do\n", 3) != 3 ||
		    epoll_ctl(epoll_fd, EPOLL_CTL_MOD, call->fd, &event) < 0)
			end_call(call, -1);
		return;
	}
	ssize_t n = call->asked ? read(call->fd, answer, sizeof(answer)) : -1;

	end_call(call, n > 0 ? (now_s() - begin_s - call->at_s) * 1e3 : -1);
}

static void wait_until(double until_s, double begin_s)
{
	struct epoll_event events[EVENTS_MAX];

	for (;;) {
		double left_ms = (until_s - now_s()) * 1e3;
		int n = epoll_wait(epoll_fd, events, EVENTS_MAX,
				   left_ms > 0 ? (int)left_ms + 1 : 0);

		for (int i = 0; i < n; i++)
			go_on(&calls[events[i].data.u64], events[i].events, begin_s);
		if (left_ms <= 0)
			return;
	}
}

int main(int argc, char **argv)
{
	struct sockaddr_in to = {.sin_family = AF_INET};
	double begin_s = now_s();
	double next_s = begin_s;

	if (argc < 4 || inet_pton(AF_INET, argv[1], &to.sin_addr) != 1) {
		fprintf(stderr, "usage: callers ADDRESS PORT RATE:SECONDS…\n");
		return 2;
	}
	to.sin_port = htons((uint16_t)atoi(argv[2]));
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	for (int i = 3; i < argc; i++) {
		double rate = atof(argv[i]);
		const char *colon = strchr(argv[i], ':');
		double end_s = next_s + (colon ? atof(colon + 1) : 0);

		for (; next_s < end_s && call_count < CALLS_MAX; next_s += 1 / rate) {
			wait_until(next_s, begin_s);
			begin_call(&to, begin_s);
		}
	}
	wait_until(now_s() + LAST_S, begin_s);
	for (size_t i = 0; i < call_count; i++)
		printf("%.3f %.1f\n", calls[i].at_s, calls[i].took_ms);
	return 0;
}
