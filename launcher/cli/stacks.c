// SPDX-License-Identifier: GPL-2.0-or-later
/* The stacks of this machine; see stacks.h. */
#include "launcher/cli/stacks.h"

#include "launcher/paths.h"
#include "runtime/base/cleanup.h"

#include <errno.h>
#include <string.h>

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int stacks_list(struct strv *names, struct err *err)
{
	autofree char *path = NULL;
	int r = paths_dir(PATHS_RUN, NULL, &path, err);

	if (r < 0)
		return r;
	autodir DIR *dir = opendir(path);

	if (!dir && errno == ENOENT)
		return 0;
	if (!dir)
		return err_set(err, errno, "open '%s'", path);
	for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir))
		if (paths_is_stack_name(entry->d_name))
			strv_add(names, entry->d_name);
	if (names->count > 1)
		qsort(names->items, names->count, sizeof(*names->items), by_name);
	return strv_check(names, err);
}
