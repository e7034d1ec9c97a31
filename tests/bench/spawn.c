// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Times the starts of another launcher as the two programs beside it time theirs: runs COMMAND
 * COUNT times, one after the other, and prints the microseconds from its start to its reaping, one
 * line per start. A word "%d" of the command becomes the number of the start.
 *
 *   spawn [--count N] COMMAND [ARG...]
 */
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WORDS_MAX 64

static double now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static int run_one(char **command, int number)
{
	char name[32], *words[WORDS_MAX + 1] = {0};
	int status = 0;
	pid_t pid;

	snprintf(name, sizeof(name), "davit-bench-%d-%d", getpid(), number);
	for (size_t i = 0; command[i] && i < WORDS_MAX; i++)
		words[i] = strcmp(command[i], "%d") == 0 ? name : command[i];
	double begin = now_us();

	if (posix_spawnp(&pid, words[0], NULL, NULL, words, environ) != 0 ||
	    waitpid(pid, &status, 0) < 0 || status != 0) {
		fprintf(stderr, "spawn: %s failed (wait status %d)\n", words[0], status);
		return -1;
	}
	printf("%.0f\n", now_us() - begin);
	return 0;
}

int main(int argc, char **argv)
{
	int count = 100;
	int i = 1;

	if (argc > 2 && strcmp(argv[1], "--count") == 0) {
		count = atoi(argv[2]);
		i = 3;
	}
	if (argc <= i || argc - i > WORDS_MAX || count < 1) {
		fprintf(stderr, "usage: spawn [--count N] COMMAND [ARG...]\n");
		return 2;
	}
	for (int number = 0; number < count; number++)
		if (run_one(&argv[i], number) < 0)
			return 1;
	return 0;
}
