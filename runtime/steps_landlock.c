// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The second wall of a container that sees the host's programs: it reads what is in its root and
 * writes where it has something of its own, and whatever else it should get hold of, a descriptor
 * of a directory of the host's for one, is of no use to it. Runs in the cloned child.
 */
#include "runtime/base/cleanup.h"
#include "runtime/base/path.h"
#include "runtime/landlock.h"
#include "runtime/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

static bool is_writable(const struct plan_mount *mount)
{
	switch (mount->kind) {
	case PLAN_MOUNT_NEW:
		return !(mount->flags & MS_RDONLY);
	case PLAN_MOUNT_DEV:
		return true;
	case PLAN_MOUNT_BIND:
		return !mount->read_only;
	case PLAN_MOUNT_FILE:
	case PLAN_MOUNT_MASK:
	case PLAN_MOUNT_READ_ONLY:
		break;
	}
	return false;
}

static int allow_mounts(const struct container_plan *plan, int rules_fd, int root_fd,
			struct err *err)
{
	for (size_t i = 0; i < plan->mount_count; i++) {
		const struct plan_mount *mount = &plan->mounts[i];

		if (!is_writable(mount))
			continue;
		autoclose int fd = path_open_in(root_fd, mount->target, O_PATH);

		if (fd < 0)
			return err_set(err, -fd, "%s", mount->target);
		if (landlock_allow(rules_fd, plan->landlock, fd, LANDLOCK_WRITE, err) < 0)
			return err_prefix(err, "%s", mount->target);
	}
	return 0;
}

/* They may be opened again by name: a terminal, a file that the output goes to. Pipes and sockets
 * are not the business of the rules. */
static int allow_streams(const struct container_plan *plan, int rules_fd, struct err *err)
{
	for (int fd = 0; fd < 3; fd++) {
		struct stat st;

		if (fstat(fd, &st) < 0 || S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode) ||
		    S_ISDIR(st.st_mode))
			continue;
		if (landlock_allow(rules_fd, plan->landlock, fd, LANDLOCK_WRITE, err) < 0)
			return err_prefix(err, "standard stream %d", fd);
	}
	return 0;
}

int step_landlock(struct launch *launch, struct container_fault *fault)
{
	const struct container_plan *plan = launch->plan;
	struct err *err = &fault->err;

	if (plan->landlock == 0)
		return 0;
	autoclose int root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (root_fd < 0)
		return err_set(err, errno, "open the root");
	autoclose int rules_fd = landlock_make(plan->landlock, err);

	if (rules_fd < 0)
		return rules_fd;
	int r = landlock_allow(rules_fd, plan->landlock, root_fd, LANDLOCK_READ, err);

	if (r == 0)
		r = allow_mounts(plan, rules_fd, root_fd, err);
	if (r == 0)
		r = allow_streams(plan, rules_fd, err);
	/* On a mount of its own, so below nothing that is allowed. */
	if (r == 0 && launch->helper_argv)
		r = landlock_allow(rules_fd, plan->landlock, launch->helper_fd, LANDLOCK_READ, err);
	return r < 0 ? r : landlock_enforce(rules_fd, err);
}
