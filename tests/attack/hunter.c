// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Lies in wait, inside an instance, for processes of the runtime that come in from outside: at an
 * exec or at a health check. Prints "hunting", and when the time is over one line per kind of prey:
 * how many times it was caught. As the control it hunts processes of its own kind.
 *
 *   hunter SECONDS PROGRAM…   names of the programs that belong here: all others are prey
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define KEPT_MAX 64

struct catch
{
	unsigned traced;   /* ptrace(2) took hold of it */
	unsigned looked;   /* a directory or file of its descriptors was opened */
	unsigned rooted;   /* its root was entered */
	unsigned kept;	   /* descriptors of what it runs */
	int fds[KEPT_MAX]; /* O_PATH */
};

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* What belongs here is recognised by the name of its program; a process that cannot be looked into
 * at all is nobody's. */
static bool is_prey(int pid, char **belongs)
{
	char path[40], program[PATH_MAX];

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	ssize_t n = readlink(path, program, sizeof(program) - 1);
	if (n <= 0)
		return false;
	program[n] = '\0';
	const char *name = strrchr(program, '/') ? strrchr(program, '/') + 1 : program;
	for (; *belongs; belongs++)
		if (strcmp(name, *belongs) == 0)
			return false;
	return true;
}

static void keep_program(int pid, struct catch *catch)
{
	char path[40];

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	int fd = open(path, O_PATH | O_CLOEXEC);
	if (fd >= 0 && catch->kept < KEPT_MAX)
		catch->fds[catch->kept++] = fd;
}

static void look(int pid, struct catch *catch)
{
	char path[40];

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	DIR *dir = opendir(path);
	for (struct dirent *entry; dir && (entry = readdir(dir));) {
		int fd = atoi(entry->d_name) > 2 ? openat(dirfd(dir), entry->d_name,
							  O_RDONLY | O_NONBLOCK | O_CLOEXEC)
						 : -1;

		catch->looked += fd >= 0;
		if (fd >= 0)
			close(fd);
	}
	if (dir)
		closedir(dir);
	snprintf(path, sizeof(path), "/proc/%d/root", pid);
	struct stat theirs, ours;
	if (stat(path, &theirs) == 0 && stat("/", &ours) == 0 &&
	    (theirs.st_dev != ours.st_dev || theirs.st_ino != ours.st_ino))
		catch->rooted++;
}

static void trace(int pid, struct catch *catch)
{
	if (ptrace(PTRACE_SEIZE, pid, 0, 0) < 0)
		return;
	catch->traced++;
	ptrace(PTRACE_DETACH, pid, 0, 0);
}

static void hunt(struct catch *catch, char **belongs)
{
	int self = getpid();

	for (int pid = 1; pid < self + 400; pid++) {
		if (pid == self || !is_prey(pid, belongs))
			continue;
		keep_program(pid, catch);
		look(pid, catch);
		trace(pid, catch);
	}
}

/* Now that what ran them has ended. */
static unsigned writable(const struct catch *catch)
{
	unsigned count = 0;

	for (unsigned i = 0; i < catch->kept; i++) {
		char path[40];

		snprintf(path, sizeof(path), "/proc/self/fd/%d", catch->fds[i]);
		int fd = open(path, O_WRONLY | O_CLOEXEC);
		count += fd >= 0;
		if (fd >= 0)
			close(fd);
	}
	return count;
}

int main(int argc, char **argv)
{
	struct catch catch = {0};
	double end = now() + (argc > 1 ? atof(argv[1]) : 1);

	printf("hunting\n");
	fflush(stdout);
	while (now() < end)
		hunt(&catch, argv + 2);
	while (waitpid(-1, NULL, WNOHANG) > 0)
		continue;
	sleep(1);
	printf("traced %u\nlooked %u\nrooted %u\nwritable %u\n", catch.traced, catch.looked,
	       catch.rooted, writable(&catch));
	return 0;
}
