// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Making volumes; see volumes.h. A volume is prepared in a locked directory beside it whose name no
 * volume can have: what is there unlocked was left by somebody who died.
 */
#include "launcher/supervisor/volumes.h"

#include "runtime/base/cleanup.h"
#include "runtime/base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define UNFINISHED ".filling."

/* Locked, or -EWOULDBLOCK. */
static int open_locked(const char *path)
{
	autoclose int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0)
		return -errno;
	return take_fd(&fd);
}

static void sweep(const char *parent)
{
	autodir DIR *dir = opendir(parent);
	char path[PATH_MAX];

	for (struct dirent *entry; dir && (entry = readdir(dir));) {
		if (strncmp(entry->d_name, UNFINISHED, strlen(UNFINISHED)) != 0 ||
		    snprintf(path, sizeof(path), "%s/%s", parent, entry->d_name) >= PATH_MAX)
			continue;
		autoclose int fd = open_locked(path);

		if (fd >= 0)
			err_ignore(fs_remove_tree(path, NULL)); /* tried again by the next one */
	}
}

/* @place: empty, and nobody else's. */
static int fill(const struct volume_want *want, const char *place, bool *ret_filled,
		struct err *err)
{
	autoclose int fd = open_locked(place);
	int r = 0;

	if (fd < 0 || fchmod(fd, 0755) < 0)
		return err_set(err, fd < 0 ? -fd : errno, "make volume %s", want->path);
	if (want->target)
		r = container_fill(want->config, want->target, fd, err);
	if (r < 0)
		return err_prefix(err, "volume %s", want->path);
	if (renameat2(AT_FDCWD, place, AT_FDCWD, want->path, RENAME_NOREPLACE) < 0)
		return err_set(err, errno, "make volume %s", want->path);
	*ret_filled = r > 0;
	return 0;
}

int volumes_make(const struct volume_want *want, bool *ret_made, bool *ret_filled, struct err *err)
{
	const char *slash = strrchr(want->path, '/');
	char parent[PATH_MAX];
	char place[PATH_MAX];
	struct stat st;

	*ret_made = *ret_filled = false;
	if (stat(want->path, &st) == 0 || errno != ENOENT)
		return 0;
	if (!slash || snprintf(parent, sizeof(parent), "%.*s", (int)(slash - want->path),
			       want->path) >= PATH_MAX)
		return err_set(err, ENAMETOOLONG, "make volume %.100s", want->path);
	int r = fs_make_dirs(parent, 0755, err);

	if (r < 0)
		return r;
	sweep(parent);
	if (snprintf(place, sizeof(place), "%s/" UNFINISHED "%d", parent, (int)getpid()) >=
	    PATH_MAX)
		return err_set(err, ENAMETOOLONG, "make volume %.100s", want->path);
	if (mkdir(place, 0700) < 0)
		return err_set(err, errno, "make volume %s", want->path);
	r = fill(want, place, ret_filled, err);
	if (r < 0) {
		err_ignore(fs_remove_tree(place, NULL)); /* the first failure is told */
		return r;
	}
	*ret_made = true;
	return 0;
}
