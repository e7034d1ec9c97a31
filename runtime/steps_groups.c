// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A container reads its own limits: on hosts with v1 hierarchies its groups are mounted below
 * /sys/fs/cgroup, each by the name of its controllers, all read-only. Runtimes size their heaps and
 * thread pools by them. (With cgroup v2 a mount of the plan does it.) Runs in the cloned child.
 */
#include "runtime/base/cleanup.h"
#include "runtime/base/path.h"
#include "runtime/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NAMES_MAX 64

static int detach_group(int dir_fd, struct err *err)
{
	struct mount_attr attr = {
		.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
			    MOUNT_ATTR_NOEXEC,
		.propagation = MS_PRIVATE,
	};
	autoclose int fd =
		open_tree(dir_fd, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);

	if (fd < 0 || mount_setattr(fd, "", AT_EMPTY_PATH, &attr, sizeof(attr)) < 0)
		return err_set(err, errno, "copy the mount");
	return take_fd(&fd);
}

int step_detached_groups(struct launch *launch, struct container_fault *fault)
{
	const char *name = NULL;

	for (unsigned i = 0; launch->cg && launch->plan->shows_groups; i++) {
		autoclose int dir_fd = cg_open_shown(launch->cg, i, &name);

		if (dir_fd == -ERANGE)
			break;
		if (dir_fd == -ENOENT)
			continue;
		if (dir_fd < 0)
			return err_set(&fault->err, -dir_fd, "open");
		int fd = detach_group(dir_fd, &fault->err);

		if (fd < 0)
			return fd;
		launch->group_fds[i] = fd;
		launch->group_names[i] = name;
	}
	return 0;
}

/* Of controllers that are mounted together each is found by its own name, too. */
static int link_names(int place_fd, const char *names, struct err *err)
{
	char name[NAMES_MAX];

	for (const char *at = names; strchr(names, ',') && *at;) {
		size_t len = strcspn(at, ",");

		if (len >= sizeof(name))
			return err_say(err, ENAMETOOLONG, "%s", names);
		memcpy(name, at, len);
		name[len] = '\0';
		if (symlinkat(names, place_fd, name) < 0)
			return err_set(err, errno, "%s", name);
		at += len + (at[len] == ',');
	}
	return 0;
}

int step_groups(struct launch *launch, struct container_fault *fault)
{
	struct mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY};

	if (!launch->plan->shows_groups)
		return 0;
	autoclose int place_fd =
		path_open_plain(launch->root_fd, GROUPS_PLACE, O_PATH | O_DIRECTORY);

	if (place_fd < 0)
		return err_set(&fault->err, -place_fd, GROUPS_PLACE);
	for (unsigned i = 0; i < CG_SHOWN_MAX; i++) {
		if (launch->group_fds[i] <= 0)
			continue;
		int r = plan_attach(place_fd, launch->group_names[i], launch->group_fds[i],
				    &fault->err);

		if (r == 0)
			r = link_names(place_fd, launch->group_names[i], &fault->err);
		if (r < 0)
			return r;
	}
	if (mount_setattr(place_fd, "", AT_EMPTY_PATH, &attr, sizeof(attr)) < 0)
		return err_set(&fault->err, errno, "make " GROUPS_PLACE " read-only");
	return 0;
}
