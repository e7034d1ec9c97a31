// SPDX-License-Identifier: GPL-2.0-or-later
/* Controllers on demand; see cg_demand.h. Runs in the supervisor only. */
#include "runtime/cgroup/cg_demand.h"

#include "runtime/base/cleanup.h"
#include "runtime/cgroup/cg_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

static int enable_v2(int mount_fd, const char *path, const char *controller, struct err *err)
{
	char text[32];

	snprintf(text, sizeof(text), "+%s", controller);
	return cg_file_write(mount_fd, path, "cgroup.subtree_control", text, err);
}

static int open_levels(const struct cg_tree *tree, int mount_fd, const char *controller,
		       cg_make_level_fn *make_v1, struct err *err)
{
	bool v2 = tree->layout == CG_V2;
	char path[PATH_MAX];
	int r = v2 ? enable_v2(mount_fd, ".", controller, err) : 0;

	for (const char *slash = tree->name; r == 0 && slash;) {
		slash = strchr(slash + 1, '/');
		snprintf(path, sizeof(path), "%.*s",
			 slash ? (int)(slash - tree->name) : (int)strlen(tree->name), tree->name);
		r = v2 ? enable_v2(mount_fd, path, controller, err) : make_v1(mount_fd, path, err);
	}
	return r;
}

int cg_demand_open(struct cg_tree *tree, enum cg_controller controller, cg_make_level_fn *make_v1,
		   struct err *err)
{
	const char *name = cg_controller_name(tree, controller);
	int index = tree->index[controller];

	if (index < 0)
		return err_say(err, ENOTSUP, "cgroup: the %s controller is not available", name);
	struct cg_hierarchy *hierarchy = &tree->hierarchies[index];
	if (tree->opened[controller])
		return 0;
	autoclose int mount_fd = open(hierarchy->mount, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (mount_fd < 0)
		return err_set(err, errno, "cgroup: open '%s'", hierarchy->mount);
	int r = open_levels(tree, mount_fd, name, make_v1, err);
	if (r < 0)
		return r;
	if (hierarchy->fd < 0)
		hierarchy->fd =
			cg_file_open(mount_fd, tree->name, ".", O_RDONLY | O_DIRECTORY, err);
	if (hierarchy->fd < 0)
		return hierarchy->fd;
	tree->opened[controller] = true;
	return 0;
}

void cg_demand_resume(struct cg_tree *tree)
{
	for (unsigned i = 0; i < tree->hierarchy_count; i++) {
		struct cg_hierarchy *hierarchy = &tree->hierarchies[i];
		autoclose int mount_fd =
			hierarchy->fd >= 0
				? -1
				: open(hierarchy->mount, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		if (mount_fd >= 0)
			hierarchy->fd = cg_file_open(mount_fd, tree->name, ".",
						     O_RDONLY | O_DIRECTORY, NULL);
	}
}
