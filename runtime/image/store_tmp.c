// SPDX-License-Identifier: GPL-2.0-or-later
/* What is being made in the store, and what is being removed from it: tmp/; see store.h. */
#include "runtime/base/cleanup.h"
#include "runtime/base/fs.h"
#include "runtime/image/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Pids are unique among the living, and what the dead left has another time. */
void store_tmp_name(char ret[STORE_NAME_MAX])
{
	static atomic_uint serial;
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	snprintf(ret, STORE_NAME_MAX, "%d-%u-%lld%09ld", getpid(), atomic_fetch_add(&serial, 1),
		 (long long)now.tv_sec, now.tv_nsec);
}

int store_make_tmp(const struct image_store *store, char ret_name[STORE_NAME_MAX], int *ret_fd,
		   struct err *err)
{
	char name[STORE_NAME_MAX];

	store_tmp_name(name);
	if (mkdirat(store->tmp_fd, name, 0700) < 0)
		return err_set(err, errno, "make a directory in %s/tmp", store->dir);
	int fd = openat(store->tmp_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return err_set(err, errno, "open a directory in %s/tmp", store->dir);
	memcpy(ret_name, name, sizeof(name));
	*ret_fd = fd;
	return 0;
}

void store_drop_tmp(const struct image_store *store, const char *name)
{
	autofree char *path = NULL;

	if (asprintf(&path, "%s/tmp/%s", store->dir, name) < 0)
		path = NULL;
	if (path)
		err_ignore(fs_remove_tree(path, NULL));
}

int store_trash_add(const struct store_trash *trash, int from_fd, const char *name, struct err *err)
{
	char hidden[STORE_NAME_MAX];

	store_tmp_name(hidden);
	if (renameat(from_fd, name, trash->fd, hidden) < 0 && errno != ENOENT)
		return err_set(err, errno, "remove %s from the image store", name);
	return 0;
}

int store_trash_begin(const struct image_store *store, struct store_trash *ret, struct err *err)
{
	struct store_trash trash = {.fd = -1};
	int fd = openat(store->tmp_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	autodir DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir) {
		fd_drop(&fd);
		return err_set(err, errno, "read %s/tmp", store->dir);
	}
	int r = store_make_tmp(store, trash.name, &trash.fd, err);

	for (struct dirent *entry; r == 0 && (entry = readdir(dir));)
		if (entry->d_name[0] != '.' && strcmp(entry->d_name, trash.name) != 0)
			r = store_trash_add(&trash, store->tmp_fd, entry->d_name, err);
	if (r < 0) {
		fd_drop(&trash.fd);
		return r;
	}
	*ret = trash;
	return 0;
}

void store_trash_empty(const struct image_store *store, struct store_trash *trash)
{
	fd_drop(&trash->fd);
	store_drop_tmp(store, trash->name);
}

int store_lock_to_add(const struct image_store *store, struct err *err)
{
	struct store_trash trash = {.fd = -1};
	bool alone = store_lock(store, LOCK_EX | LOCK_NB, NULL) == 0;

	/* Garbage that resists is no reason not to import. */
	if (alone && store_trash_begin(store, &trash, NULL) < 0)
		alone = false;
	/* In between somebody may remove something: nothing was looked up yet. */
	int r = store_lock(store, LOCK_SH, err);

	if (alone)
		store_trash_empty(store, &trash);
	return r;
}
