// SPDX-License-Identifier: GPL-2.0-or-later
/* What there is below a tree, for whoever has not made it. */
#include "runtime/base/cleanup.h"
#include "runtime/cgroup/cg_adopt.h"
#include "runtime/cgroup/cg_demand.h"
#include "runtime/cgroup/cg_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define DEPTH_MAX 32

static DIR *open_group(int parent_fd, const char *name)
{
	autoclose int fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (dir)
		(void)take_fd(&fd);
	return dir;
}

static bool is_group(const struct dirent *entry)
{
	return entry->d_type == DT_DIR && strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..");
}

int cg_tree_list(struct cg_tree *tree, struct strv *ret_names, struct err *err)
{
	cg_demand_resume(tree);
	for (unsigned i = 0; i < tree->hierarchy_count; i++) {
		int fd = tree->hierarchies[i].fd;
		autodir DIR *dir = fd < 0 ? NULL : open_group(fd, ".");

		if (fd >= 0 && !dir)
			return err_set(err, errno, "cgroup: list groups");
		for (struct dirent *entry; dir && (entry = readdir(dir));)
			if (is_group(entry) && !strv_has(ret_names, entry->d_name))
				strv_add(ret_names, entry->d_name);
	}
	return strv_check(ret_names, err);
}

struct pids {
	pid_t *items;
	size_t count;
	size_t cap;
	int failed; /* an errno: who is not in the list may be there all the same */
};

static void add_pid(struct pids *pids, pid_t pid)
{
	for (size_t i = 0; i < pids->count; i++)
		if (pids->items[i] == pid)
			return;
	if (pids->count == pids->cap) {
		size_t cap = pids->cap ? 2 * pids->cap : 16;
		pid_t *items = reallocarray(pids->items, cap, sizeof(*items));

		if (!items)
			pids->failed = ENOMEM;
		if (!items)
			return;
		pids->items = items;
		pids->cap = cap;
	}
	pids->items[pids->count++] = pid;
}

/* A group that is not there, or is removed at this moment, has none. */
static void not_opened(struct pids *pids)
{
	if (errno != ENOENT && errno != ENODEV)
		pids->failed = errno;
}

/* The pids of the group itself. */
static void read_pids(DIR *dir, struct pids *pids)
{
	autoclose int fd = openat(dirfd(dir), "cgroup.procs", O_RDONLY | O_CLOEXEC);
	autofile FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
	char line[32];

	if (!file) {
		not_opened(pids);
		return;
	}
	(void)take_fd(&fd);
	while (fgets(line, sizeof(line), file)) {
		pid_t pid = (pid_t)strtol(line, NULL, 10);

		/* 0: outside our pid namespace. */
		if (pid > 0)
			add_pid(pids, pid);
	}
}

static void collect(int parent_fd, const char *name, unsigned depth, struct pids *pids)
{
	autodir DIR *dir = open_group(parent_fd, name);

	if (!dir)
		not_opened(pids);
	if (!dir || depth > DEPTH_MAX)
		return;
	read_pids(dir, pids);
	for (struct dirent *entry; (entry = readdir(dir));)
		if (is_group(entry))
			collect(dirfd(dir), entry->d_name, depth + 1, pids);
}

int cg_tree_pids(const struct cg_tree *tree, const char *name, pid_t **ret_pids, size_t *ret_count,
		 struct err *err)
{
	struct pids pids = {0};

	/* A child that has not joined all of them yet is in one of them. */
	for (unsigned i = 0; i < tree->hierarchy_count; i++)
		if (tree->hierarchies[i].fd >= 0)
			collect(tree->hierarchies[i].fd, name, 0, &pids);
	if (pids.failed) {
		free(pids.items);
		return err_set(err, pids.failed, "cgroup: list '%s'", name);
	}
	*ret_pids = pids.items;
	*ret_count = pids.count;
	return 0;
}
