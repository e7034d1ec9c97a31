// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Lies in wait, inside an instance, for processes of the runtime that come in from outside: at an
 * exec or at a health check. Prints "hunting", and when the time is over one line per kind of prey:
 * how many times it was caught. As the control it hunts processes of its own kind.
 *
 *   hunter SECONDS PROGRAM…   names of the programs that belong here: all others are prey
 *
 * With SECRET in the environment it is looked for in the memory of the prey.
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
	unsigned stolen;   /* the secret was in its memory */
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

	if (catch->kept == KEPT_MAX)
		return;
	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	int fd = open(path, O_PATH | O_CLOEXEC);
	if (fd >= 0)
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

static bool holds(int mem_fd, unsigned long begin, unsigned long end, const char *secret)
{
	static char bytes[4 << 20];
	size_t size = end - begin < sizeof(bytes) ? end - begin : sizeof(bytes);
	ssize_t n = pread(mem_fd, bytes, size, (off_t)begin);

	return n > 0 && memmem(bytes, (size_t)n, secret, strlen(secret));
}

/* All that it may write to: heap, stack and data. */
static void search(int pid, struct catch *catch)
{
	const char *secret = getenv("SECRET");
	char path[40], line[512];
	unsigned long begin, end;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	FILE *maps = secret ? fopen(path, "re") : NULL;
	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	int mem_fd = maps ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	while (mem_fd >= 0 && fgets(line, sizeof(line), maps))
		if (sscanf(line, "%lx-%lx rw", &begin, &end) == 2 && strstr(line, " rw") &&
		    holds(mem_fd, begin, end, secret)) {
			catch->stolen++;
			break;
		}
	if (mem_fd >= 0)
		close(mem_fd);
	if (maps)
		fclose(maps);
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
		search(pid, catch);
		look(pid, catch);
		trace(pid, catch);
	}
}

/* What still runs cannot be written to: on a slow machine the last prey ends late. */
static int open_ended(const char *path)
{
	static int patience = 50; /* for all of them together */
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	for (; fd < 0 && errno == ETXTBSY && patience > 0; patience--) {
		usleep(100000);
		fd = open(path, O_WRONLY | O_CLOEXEC);
	}
	return fd;
}

static unsigned writable(const struct catch *catch)
{
	unsigned count = 0;

	for (unsigned i = 0; i < catch->kept; i++) {
		char path[40];

		snprintf(path, sizeof(path), "/proc/self/fd/%d", catch->fds[i]);
		int fd = open_ended(path);
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
	while (now() < end) {
		hunt(&catch, argv + 2);
		/* What is traced has not ended for its parent before it has for us. */
		while (waitpid(-1, NULL, WNOHANG | __WALL) > 0)
			continue;
	}
	sleep(1);
	printf("traced %u\nlooked %u\nrooted %u\nstolen %u\nwritable %u\n", catch.traced,
	       catch.looked, catch.rooted, catch.stolen, writable(&catch));
	return 0;
}
