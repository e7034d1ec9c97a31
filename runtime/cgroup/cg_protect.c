// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * memory.low of the groups above those of the instances; see cg_protect.h. Only called where an
 * instance has something reserved.
 */
#include "runtime/cgroup/cg_protect.h"

#include "runtime/base/cleanup.h"
#include "runtime/cgroup/cg_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

/* A group that goes away meanwhile asks for nothing. */
static uint64_t sum_below(DIR *dir)
{
	const struct dirent *entry;
	uint64_t sum = 0;

	while ((entry = readdir(dir))) {
		uint64_t low = 0;

		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		if (cg_file_u64(dirfd(dir), entry->d_name, "memory.low", &low, NULL) == 0)
			sum += low;
	}
	return sum;
}

static int protect_one(int mount_fd, const char *path, struct err *err)
{
	char text[24];
	autoclose int fd = cg_file_open(mount_fd, path, ".", O_RDONLY | O_DIRECTORY, err);

	if (fd < 0)
		return fd;
	autodir DIR *dir = fdopendir(fd);
	if (!dir)
		return err_set(err, errno, "cgroup: list '%s'", path);
	(void)take_fd(&fd);
	snprintf(text, sizeof(text), "%" PRIu64, sum_below(dir));
	return cg_file_write(dirfd(dir), ".", "memory.low", text, err);
}

int cg_protect(const struct cg_tree *tree, struct err *err)
{
	const char *mount = tree->hierarchies[tree->index[CG_MEMORY]].mount;
	autoclose int mount_fd = open(mount, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char path[PATH_MAX];
	int r = 0;

	if (mount_fd < 0)
		return err_set(err, errno, "cgroup: open '%s'", mount);
	snprintf(path, sizeof(path), "%s", tree->name);
	for (char *slash = path; r == 0 && slash;) {
		r = protect_one(mount_fd, path, err);
		slash = strrchr(path, '/');
		if (slash)
			*slash = '\0';
	}
	return r;
}
