// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A program whose output is logged, for the benchmark script. `flood BEGIN SECONDS LINE` waits for
 * the moment BEGIN of CLOCK_MONOTONIC, writes lines of LINE bytes as fast as they are taken and
 * ends with how much that was; `quiet BEGIN SECONDS` writes a line with the time of writing every
 * five milliseconds, so that the log's own stamp tells the delay.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BLOCK_BYTES 65536
#define PAUSE_NS    5000000

static double now_s(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void wait_until(double begin)
{
	const struct timespec at = {.tv_sec = (time_t)begin,
				    .tv_nsec = (long)((begin - (double)(time_t)begin) * 1e9)};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == EINTR)
		;
}

static int flood(double begin, double seconds, size_t line)
{
	static char block[BLOCK_BYTES];
	long long bytes = 0;

	memset(block, 'x', sizeof(block));
	for (size_t at = line - 1; at < sizeof(block); at += line)
		block[at] = '\n';
	wait_until(begin);
	while (now_s(CLOCK_MONOTONIC) - begin < seconds) {
		ssize_t n = write(STDOUT_FILENO, block, sizeof(block));

		if (n < 0)
			return 1;
		bytes += n;
	}
	printf("\nflooded %lld bytes until %.3f\n", bytes, now_s(CLOCK_MONOTONIC));
	return fflush(stdout) ? 1 : 0;
}

static int quiet(double begin, double seconds)
{
	const struct timespec pause = {.tv_nsec = PAUSE_NS};

	wait_until(begin);
	while (now_s(CLOCK_MONOTONIC) - begin < seconds) {
		printf("sent %.6f\n", now_s(CLOCK_REALTIME));
		if (fflush(stdout))
			return 1;
		nanosleep(&pause, NULL);
	}
	printf("quiet to the end\n");
	return fflush(stdout) ? 1 : 0;
}

int main(int argc, char **argv)
{
	if (argc == 5 && strcmp(argv[1], "flood") == 0 && atol(argv[4]) > 0)
		return flood(atof(argv[2]), atof(argv[3]), (size_t)atol(argv[4]));
	if (argc == 4 && strcmp(argv[1], "quiet") == 0)
		return quiet(atof(argv[2]), atof(argv[3]));
	fprintf(stderr, "usage: log_writer flood BEGIN SECONDS LINE | quiet BEGIN SECONDS\n");
	return 2;
}
