// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A root of several layers as one directory to look into, before there is a container: an overlay
 * that is attached nowhere. Runs in the parent, which gets its working directory back.
 */
#include "runtime/base/cleanup.h"
#include "runtime/plan_mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* Named by number, so that the overlay is told of them by short relative names; last an empty one,
 * for an overlay has at least two. */
static int name_layers(const struct container_config *config, int view_fd, unsigned *ret_count,
		       struct err *err)
{
	unsigned count = 0;
	char name[12];

	for (; config->root_layers && config->root_layers[count]; count++) {
		snprintf(name, sizeof(name), "%u", count);
		if ((unlinkat(view_fd, name, 0) < 0 && errno != ENOENT) ||
		    symlinkat(config->root_layers[count], view_fd, name) < 0)
			return err_set(err, errno, "layer %s", config->root_layers[count]);
	}
	if (count == 0)
		return err_say(err, EINVAL, "a root of no layers");
	snprintf(name, sizeof(name), "%u", count);
	if (mkdirat(view_fd, name, 0755) < 0 && errno != EEXIST)
		return err_set(err, errno, "layer of mount points");
	*ret_count = count;
	return 0;
}

int plan_view(const struct container_config *config, int *ret_fd, unsigned *ret_count,
	      struct err *err)
{
	autoclose int state_fd = open(config->state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (state_fd < 0 || (mkdirat(state_fd, "view", 0700) < 0 && errno != EEXIST))
		return err_set(err, errno, "state directory %s", config->state_dir);
	autoclose int view_fd =
		openat(state_fd, "view", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	autoclose int here_fd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (view_fd < 0 || here_fd < 0)
		return err_set(err, errno, "state directory %s", config->state_dir);
	int r = name_layers(config, view_fd, ret_count, err);

	if (r < 0)
		return r;
	autoclose int fd = plan_overlay(view_fd, *ret_count + 1, false, err);

	if (fchdir(here_fd) < 0)
		return err_set(err, errno, "return to the working directory");
	if (fd < 0)
		return fd;
	*ret_fd = take_fd(&fd);
	return 0;
}
