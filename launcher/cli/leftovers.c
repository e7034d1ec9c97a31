// SPDX-License-Identifier: GPL-2.0-or-later
/* What a stack leaves; see leftovers.h. */
#include "launcher/cli/leftovers.h"

#include "launcher/paths.h"
#include "runtime/base/cleanup.h"

#include <limits.h>
#include <mntent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool has_groups(const char *stack)
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	struct mntent *entry = NULL;
	bool found = false;

	while (!found && mounts && (entry = getmntent(mounts))) {
		char path[PATH_MAX];

		if (strncmp(entry->mnt_type, "cgroup", strlen("cgroup")) != 0)
			continue;
		snprintf(path, sizeof(path), "%s/davit/%s", entry->mnt_dir, stack);
		found = access(path, F_OK) == 0;
	}
	if (mounts)
		endmntent(mounts);
	return found;
}

bool leftovers_exist(const char *stack)
{
	autofree char *dir = NULL;

	return (paths_dir(PATHS_RUN, stack, &dir, NULL) == 0 && access(dir, F_OK) == 0) ||
	       has_groups(stack);
}
