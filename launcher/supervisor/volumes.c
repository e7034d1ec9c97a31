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

void volumes_sweep(const char *parent)
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

/* @place: empty, and nobody else's. Returns 1 when the volume has come of it, 0 when there is
 * nothing for it or somebody else has made it meanwhile. */
static int fill(const struct volume_want *want, const char *place, struct err *err)
{
	autoclose int fd = open_locked(place);
	int r = 0;

	if (fd < 0 || fchmod(fd, 0755) < 0)
		return err_set(err, fd < 0 ? -fd : errno, "make volume %s", want->path);
	r = container_fill(want->config, want->target, fd, err);
	if (r < 0)
		return err_prefix(err, "volume %s", want->path);
	/* What exists is somebody's, be it half of it: no power cut may leave the name alone. */
	if (r > 0 && syncfs(fd) < 0)
		return err_set(err, errno, "write volume %s to disk", want->path);
	if (r == 0 || renameat2(AT_FDCWD, place, AT_FDCWD, want->path, RENAME_NOREPLACE) == 0)
		return r;
	return errno == EEXIST ? 0 : err_set(err, errno, "make volume %s", want->path);
}

/* "" without a slash, or without room. */
static void parent_of(const char *path, char parent[static PATH_MAX])
{
	const char *slash = strrchr(path, '/');

	if (!slash || snprintf(parent, PATH_MAX, "%.*s", (int)(slash - path), path) >= PATH_MAX)
		parent[0] = '\0';
}

static bool is_there(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 || errno != ENOENT;
}

int volumes_fill(const struct volume_want *want, struct err *err)
{
	char parent[PATH_MAX];
	char place[PATH_MAX];

	if (is_there(want->path))
		return 0;
	parent_of(want->path, parent);
	int r = fs_make_dirs(parent, 0755, err);

	if (r < 0)
		return r;
	volumes_sweep(parent);
	if (snprintf(place, sizeof(place), "%s/" UNFINISHED "%d", parent, (int)getpid()) >=
	    PATH_MAX)
		return err_set(err, ENAMETOOLONG, "make volume %.100s", want->path);
	if (mkdir(place, 0700) < 0)
		return err_set(err, errno, "make volume %s", want->path);
	r = fill(want, place, err);
	if (r <= 0)
		err_ignore(fs_remove_tree(place, NULL)); /* the first failure is told */
	return r < 0 ? r : 0;
}

int volumes_make(const char *path, bool *ret_made, struct err *err)
{
	char parent[PATH_MAX];

	*ret_made = false;
	if (is_there(path))
		return 0;
	parent_of(path, parent);
	int r = fs_make_dirs(parent, 0755, err);

	if (r < 0)
		return r;
	if (mkdir(path, 0755) < 0 || chmod(path, 0755) < 0)
		return err_set(err, errno, "make volume %s", path);
	*ret_made = true;
	return 0;
}
