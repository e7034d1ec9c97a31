// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a container's root has at a place, copied for a volume that will be there. The root may be
 * hostile: its links lead nowhere but into it (CVE-2022-23648). Runs in the parent.
 */
#include "runtime/base/cleanup.h"
#include "runtime/base/copy.h"
#include "runtime/base/path.h"
#include "runtime/plan_mounts.h"

#include <errno.h>
#include <fcntl.h>

int container_fill(const struct container_config *config, const char *target, int to_fd,
		   struct err *err)
{
	autoclose int root_fd = -1;
	unsigned count = 0;

	if (config->root != CONTAINER_ROOT_LAYERS)
		return 0;
	int r = plan_view(config, &root_fd, &count, err);

	if (r < 0)
		return r;
	autoclose int from_fd = path_open_in(root_fd, target, O_RDONLY | O_DIRECTORY);

	/* Nothing there, or nothing that a directory could be filled from. */
	if (from_fd == -ENOENT || from_fd == -ENOTDIR || from_fd == -ELOOP)
		return 0;
	if (from_fd < 0)
		return err_set(err, -from_fd, "%s in the image", target);
	r = copy_tree(from_fd, to_fd, err);
	return r < 0 ? err_prefix(err, "%s in the image", target) : 1;
}
