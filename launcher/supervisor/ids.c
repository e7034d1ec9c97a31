// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Ranges of ids; see ids.h. The directory is locked while it is changed; a link is read whole or
 * not at all, so that a supervisor that dies in between leaves nothing half done.
 */
#include "launcher/supervisor/ids.h"

#include "runtime/base/cleanup.h"
#include "runtime/base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_SIZE  12
#define STACK_SIZE 80
#define DIRECTORY  "%s/.ids"
#define LOCK_TRIES 10

/* The locked directory. One that is empty is removed by whoever has emptied it. */
static int open_locked(const char *run_dir, struct err *err)
{
	autofree char *path = NULL;
	struct stat st;

	if (asprintf(&path, DIRECTORY, run_dir) < 0) {
		path = NULL;
		return err_set(err, ENOMEM, "build a path");
	}
	for (int tries = 0; tries < LOCK_TRIES; tries++) {
		int r = fs_make_dirs(path, 0700, err);

		if (r < 0)
			return r;
		autoclose int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

		if (fd < 0 && errno == ENOENT)
			continue;
		if (fd < 0 || flock(fd, LOCK_EX) < 0 || fstat(fd, &st) < 0)
			return err_set(err, errno, "lock '%s'", path);
		if (st.st_nlink > 0)
			return take_fd(&fd);
	}
	return err_say(err, EAGAIN, "lock '%s': it comes and goes", path);
}

static void name_of(unsigned number, char name[static NAME_SIZE])
{
	snprintf(name, NAME_SIZE, "%u", number);
}

/* What the link says: the name of a stack; false when there is none. */
static bool read_holder(int dir_fd, const char *name, char holder[static STACK_SIZE])
{
	ssize_t n = readlinkat(dir_fd, name, holder, STACK_SIZE - 1);

	holder[n < 0 ? 0 : n] = '\0';
	return n >= 0;
}

/* A stack takes its range after it has locked itself and gives it back before it is removed. */
static bool is_alive(int dir_fd, const char *holder)
{
	char lock[STACK_SIZE + 16];

	snprintf(lock, sizeof(lock), "../%s/lock", holder);
	return faccessat(dir_fd, lock, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* The number of the range that the stack has; IDS_RANGES when it has none. */
static int find_own(int dir_fd, const char *stack, unsigned *ret_number, struct err *err)
{
	autoclose int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	autodir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	char holder[STACK_SIZE];

	if (!dir)
		return err_set(err, errno, "look for ids");
	(void)take_fd(&fd);
	*ret_number = IDS_RANGES;
	for (struct dirent *entry; *ret_number == IDS_RANGES && (entry = readdir(dir));) {
		unsigned number = (unsigned)strtoul(entry->d_name, NULL, 10);

		if (read_holder(dir_fd, entry->d_name, holder) && strcmp(holder, stack) == 0 &&
		    number < IDS_RANGES)
			*ret_number = number;
	}
	return 0;
}

/* FNV-1a: where a stack looks first, so that it mostly gets the same range again. */
static unsigned preferred(const char *stack)
{
	uint32_t hash = 2166136261U;

	for (; *stack; stack++)
		hash = (hash ^ (unsigned char)*stack) * 16777619U;
	return hash % IDS_RANGES;
}

/* The first free range from the preferred one on. */
static unsigned find_free(int dir_fd, const char *stack)
{
	char name[NAME_SIZE];
	char holder[STACK_SIZE];

	for (unsigned i = 0; i < IDS_RANGES; i++) {
		unsigned number = (preferred(stack) + i) % IDS_RANGES;

		name_of(number, name);
		if (!read_holder(dir_fd, name, holder) || !is_alive(dir_fd, holder))
			return number;
	}
	return IDS_RANGES;
}

static int claim(int dir_fd, unsigned number, const char *stack, struct err *err)
{
	char name[NAME_SIZE];

	name_of(number, name);
	(void)unlinkat(dir_fd, name, 0); /* of one that is gone */
	return symlinkat(stack, dir_fd, name) < 0 ? err_set(err, errno, "take ids") : 0;
}

int ids_take(const char *run_dir, const char *stack, uint32_t *ret_first, struct err *err)
{
	autoclose int dir_fd = open_locked(run_dir, err);

	if (dir_fd < 0)
		return dir_fd;
	unsigned number = IDS_RANGES;
	int r = find_own(dir_fd, stack, &number, err);

	if (r < 0)
		return r;
	bool own = number < IDS_RANGES;

	if (!own)
		number = find_free(dir_fd, stack);
	if (number == IDS_RANGES)
		return err_say(err, EUSERS, "all %d ranges of ids are taken", IDS_RANGES);
	r = own ? 0 : claim(dir_fd, number, stack, err);
	if (r < 0)
		return r;
	*ret_first = IDS_FIRST + number * IDS_COUNT;
	return 0;
}

void ids_give_back(const char *run_dir, const char *stack)
{
	autofree char *path = NULL;
	char name[NAME_SIZE];
	autoclose int dir_fd = open_locked(run_dir, NULL);
	unsigned number = IDS_RANGES;

	if (dir_fd >= 0 && find_own(dir_fd, stack, &number, NULL) == 0 && number < IDS_RANGES) {
		name_of(number, name);
		(void)unlinkat(dir_fd, name, 0);
	}
	if (asprintf(&path, DIRECTORY, run_dir) < 0) {
		path = NULL;
		return;
	}
	(void)rmdir(path); /* refuses when others have theirs there */
}
