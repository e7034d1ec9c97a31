// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The stack's parent group: libcgroup tells where the hierarchies are and makes and configures the
 * groups down to the stack's own. Done once per stack, so its cost does not matter; groups of
 * instances never come here. The only file that includes libcgroup.
 */
#include "runtime/base/cleanup.h"
#include "runtime/cgroup/cg_file.h"
#include "runtime/cgroup/cg_internal.h"
#include "runtime/cgroup/cg_walk.h"

#include <errno.h>
#include <fcntl.h>
#include <libcgroup.h>
#include <limits.h>
#include <linux/magic.h>
#include <mntent.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>

/* Another stack may remove the empty parent group between our making it and our group in it. */
#define MAKE_TRIES 8

static const char *const controller_names[CG_CONTROLLERS] = {
	[CG_CPU] = "cpu",   [CG_CPUACCT] = "cpuacct", [CG_MEMORY] = "memory",
	[CG_PIDS] = "pids", [CG_FREEZER] = "freezer", [CG_CPUSET] = "cpuset",
	[CG_IO] = "blkio",
};

const char *cg_controller_name(const struct cg_tree *tree, enum cg_controller controller)
{
	return controller == CG_IO && tree->layout == CG_V2 ? "io" : controller_names[controller];
}

/* libcgroup keeps the errno of a failed system call apart from its own codes. */
static int lib_error(int code, struct err *err, const char *what, const char *name)
{
	if (code == ECGOTHER && cgroup_get_last_errno())
		return err_set(err, cgroup_get_last_errno(), "cgroup: %s '%s'", what, name);
	return err_say(err, EIO, "cgroup: %s '%s': %s", what, name, cgroup_strerror(code));
}

static bool is_cgroup2(const char *mount)
{
	struct statfs fs;

	return statfs(mount, &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC;
}

/* Takes over @mount. Controllers mounted together share a hierarchy. */
static void add_hierarchy(struct cg_tree *tree, enum cg_controller controller, char *mount)
{
	for (unsigned i = 0; i < tree->hierarchy_count; i++) {
		if (strcmp(tree->hierarchies[i].mount, mount) == 0) {
			tree->index[controller] = (int)i;
			free(mount);
			return;
		}
	}
	tree->index[controller] = (int)tree->hierarchy_count;
	tree->hierarchies[tree->hierarchy_count++] =
		(struct cg_hierarchy){.mount = mount, .fd = -1, .unified = is_cgroup2(mount)};
}

/* Returns 0 also when the kernel does not have the controller: its index stays -1. */
static int find_controller(struct cg_tree *tree, enum cg_controller controller, struct err *err)
{
	char *mount = NULL;
	const char *name = cg_controller_name(tree, controller);
	int code = cgroup_get_subsys_mount_point(name, &mount);

	if (code == ECGROUPNOTEXIST)
		return 0;
	if (code)
		return lib_error(code, err, "find controller", name);
	add_hierarchy(tree, controller, mount);
	return 0;
}

static int find_controllers(struct cg_tree *tree, struct err *err)
{
	static const enum cg_controller needed[] = {CG_CPU, CG_MEMORY, CG_PIDS, CG_CPUACCT};
	int code = cgroup_init();
	int r = 0;

	if (code)
		return lib_error(code, err, "find", "hierarchies");
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(needed); i++)
		r = find_controller(tree, needed[i], err);
	if (r < 0)
		return r;
	int memory = tree->index[CG_MEMORY];
	bool v2 = memory >= 0 && tree->hierarchies[memory].unified;
	if (v2)
		tree->index[CG_CPUACCT] = tree->index[CG_UNIFIED] = memory;
	for (size_t i = 0; i < ARRAY_SIZE(needed); i++) {
		int index = tree->index[needed[i]];

		if (index < 0)
			return err_say(err, ENOTSUP, "cgroup: the %s controller is not available",
				       controller_names[needed[i]]);
		if (tree->hierarchies[index].unified != v2)
			return err_say(err, ENOTSUP,
				       "cgroup: the %s and memory controllers are on different "
				       "cgroup versions",
				       controller_names[needed[i]]);
	}
	tree->layout = v2 ? CG_V2 : CG_V1;
	return 0;
}

/* The cgroup2 mount of a hybrid host has none of our controllers, so libcgroup does not know it. A
 * read-only one is of no use. NULL in @ret_mount: there is none. */
static int find_unified(char **ret_mount, struct err *err)
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	struct mntent entry;
	char line[4096];
	bool found = false;

	if (!mounts)
		return err_set(err, errno, "cgroup: read '/proc/self/mounts'");
	/* (getmntent() asks for memory, and takes the want of it for the end of the file) */
	while (!found && getmntent_r(mounts, &entry, line, sizeof(line)))
		found = strcmp(entry.mnt_type, "cgroup2") == 0 && !hasmntopt(&entry, "ro");
	endmntent(mounts);
	*ret_mount = found ? strdup(entry.mnt_dir) : NULL;
	return found && !*ret_mount ? err_set(err, ENOMEM, "cgroup: find hierarchies") : 0;
}

static int say_crowded(const char *path, struct err *err)
{
	return err_say(err, EBUSY,
		       "cgroup: cannot enable controllers for '%s': the group above has processes "
		       "of its own (cgroup v2 wants them in a group beside it)",
		       path);
}

/* Makes one group of the path in all hierarchies libcgroup knows; one that is there is left alone.
 */
static int make_level(const struct cg_tree *tree, const char *path, struct err *err)
{
	struct cgroup *group = cgroup_new_cgroup(path);
	bool complete = group;

	for (int i = 0; complete && i < CG_UNIFIED; i++)
		if (tree->index[i] >= 0 && (tree->layout != CG_V2 || i != CG_CPUACCT))
			complete = cgroup_add_controller(group, controller_names[i]);
	if (!complete) {
		cgroup_free(&group);
		return err_set(err, ENOMEM, "cgroup: make '%s'", path);
	}
	int code = cgroup_create_cgroup(group, 1);
	cgroup_free(&group);
	if (code == ECGOTHER && cgroup_get_last_errno() == EBUSY)
		return say_crowded(path, err);
	return code ? lib_error(code, err, "make", path) : 0;
}

/* Calls @make for "a", "a/b", … down to the tree's own name. libcgroup enables a v2 group's
 * controllers in its parent only, so it needs each level by itself. */
static int each_level(const struct cg_tree *tree,
		      int (*make)(const struct cg_tree *tree, const char *path, struct err *err),
		      struct err *err)
{
	char path[PATH_MAX];
	int r = 0;

	for (const char *slash = tree->name; r == 0 && slash;) {
		slash = strchr(slash + 1, '/');
		int len = slash ? (int)(slash - tree->name) : (int)strlen(tree->name);

		snprintf(path, sizeof(path), "%.*s", len, tree->name);
		r = make(tree, path, err);
	}
	return r;
}

static int open_mount(const struct cg_hierarchy *hierarchy, struct err *err)
{
	int fd = open(hierarchy->mount, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? err_set(err, errno, "cgroup: open '%s'", hierarchy->mount) : fd;
}

static int make_unified_level(const struct cg_tree *tree, const char *path, struct err *err)
{
	const struct cg_hierarchy *unified = &tree->hierarchies[tree->index[CG_UNIFIED]];
	autoclose int fd = open_mount(unified, err);

	if (fd < 0)
		return fd;
	if (mkdirat(fd, path, 0755) < 0 && errno != EEXIST)
		return err_set(err, errno, "cgroup: make '%s' in %s", path, unified->mount);
	return 0;
}

static int make_groups(const struct cg_tree *tree, struct err *err)
{
	int r = -ENOENT;

	for (int i = 0; r == -ENOENT && i < MAKE_TRIES; i++) {
		r = each_level(tree, make_level, err);
		if (r == 0 && tree->layout == CG_HYBRID)
			r = each_level(tree, make_unified_level, err);
	}
	return r;
}

static int open_groups(struct cg_tree *tree, struct err *err)
{
	for (unsigned i = 0; i < tree->hierarchy_count; i++) {
		struct cg_hierarchy *hierarchy = &tree->hierarchies[i];

		if (hierarchy->on_demand)
			continue;
		autoclose int mount_fd = open_mount(hierarchy, err);

		if (mount_fd < 0)
			return mount_fd;
		hierarchy->fd =
			cg_file_open(mount_fd, tree->name, ".", O_RDONLY | O_DIRECTORY, err);
		if (hierarchy->fd < 0)
			return hierarchy->fd;
	}
	return 0;
}

/* On v2 the groups of the instances get their controllers from the tree's own group. */
static int enable_v2(const struct cg_tree *tree, struct err *err)
{
	int dir = cg_dir(tree, CG_UNIFIED);
	int r = cg_file_write(dir, ".", "cgroup.subtree_control", "+cpu +memory +pids", err);

	if (r == -EBUSY) {
		char below[PATH_MAX];

		snprintf(below, sizeof(below), "%s/*", tree->name);
		return say_crowded(below, err);
	}
	if (r == 0 && faccessat(dir, "cgroup.kill", W_OK, 0) < 0)
		r = err_say(err, ENOTSUP, "cgroup: the kernel has no cgroup.kill (Linux 5.14)");
	return r < 0 ? err_prefix(err, "'%s'", tree->name) : 0;
}

/* A cgroup2 mount beside v1 controllers does the killing; without one, the freezer helps. */
static int find_killer(struct cg_tree *tree, struct err *err)
{
	char *mount = NULL;
	int r = find_unified(&mount, err);

	if (r < 0)
		return r;
	if (mount) {
		add_hierarchy(tree, CG_UNIFIED, mount);
		tree->layout = CG_HYBRID;
		return 0;
	}
	r = find_controller(tree, CG_FREEZER, err);
	if (r == 0 && tree->index[CG_FREEZER] < 0)
		return err_say(err, ENOTSUP,
			       "cgroup: neither a cgroup2 mount nor the freezer controller is "
			       "available");
	return r;
}

/* Whether it is there does not matter before somebody asks for it. */
static int find_on_demand(struct cg_tree *tree, enum cg_controller controller, struct err *err)
{
	unsigned before = tree->hierarchy_count;
	int r = find_controller(tree, controller, err);

	if (tree->hierarchy_count > before)
		tree->hierarchies[before].on_demand = true;
	return r;
}

static const struct cg_layout_ops *const layout_ops[] = {
	[CG_V1] = &cg_v1_ops,
	[CG_HYBRID] = &cg_hybrid_ops,
	[CG_V2] = &cg_v2_ops,
};

static int tree_set_up(struct cg_tree *tree, struct err *err)
{
	int r = find_controllers(tree, err);

	if (r == 0 && tree->layout != CG_V2)
		r = find_killer(tree, err);
	if (r == 0)
		r = find_on_demand(tree, CG_CPUSET, err);
	if (r == 0)
		r = find_on_demand(tree, CG_IO, err);
	if (r == 0)
		r = make_groups(tree, err);
	if (r == 0)
		r = open_groups(tree, err);
	if (r == 0 && tree->layout == CG_V2)
		r = enable_v2(tree, err);
	tree->ops = layout_ops[tree->layout];
	return r;
}

/* Components of letters and such, none of them only dots: the name cannot leave the root. */
static bool path_is_valid(const char *name)
{
	size_t len = 0;

	if (strlen(name) >= PATH_MAX / 2)
		return false;
	for (const char *part = name; part; part = part[len] ? part + len + 1 : NULL) {
		len = strcspn(part, "/");
		if (!len || len > NAME_MAX || strspn(part, ".") >= len)
			return false;
	}
	return true;
}

int cg_tree_open(const char *name, struct cg_tree **ret_tree, struct err *err)
{
	if (!path_is_valid(name))
		return err_say(err, EINVAL, "cgroup: '%s' is not a valid group name", name);
	struct cg_tree *tree = calloc(1, sizeof(*tree));
	if (!tree)
		return err_set(err, ENOMEM, "cgroup");
	for (int i = 0; i < CG_CONTROLLERS; i++)
		tree->index[i] = -1;
	tree->name = strdup(name);
	int r = tree->name ? tree_set_up(tree, err) : err_set(err, ENOMEM, "cgroup");
	if (r < 0) {
		cg_tree_close(tree);
		return r;
	}
	*ret_tree = tree;
	return 0;
}

void cg_tree_close(struct cg_tree *tree)
{
	if (!tree)
		return;
	for (unsigned i = 0; i < tree->hierarchy_count; i++) {
		fd_drop(&tree->hierarchies[i].fd);
		free(tree->hierarchies[i].mount);
	}
	free(tree->name);
	free(tree);
}

enum cg_layout cg_tree_layout(const struct cg_tree *tree)
{
	return tree->layout;
}

/* Processes that a dead supervisor left in only some of the hierarchies are found in each. */
static int kill_all(const struct cg_tree *tree, struct err *err)
{
	int r;

	if (tree->layout == CG_V1)
		r = cg_v1_freeze_kill(tree, ".", err);
	else
		r = cg_file_write(cg_dir(tree, CG_UNIFIED), ".", "cgroup.kill", "1", err);
	if (r == -ENOENT || r == -ENODEV)
		r = 0;
	for (unsigned i = 0; r >= 0 && i < tree->hierarchy_count; i++)
		if (!tree->hierarchies[i].unified && tree->hierarchies[i].fd >= 0)
			r = cg_walk_kill(tree->hierarchies[i].fd, ".", err);
	return r < 0 ? r : 0;
}

/* Removes the tree's group and, as far as the kernel finds them empty, the groups above it. */
static int remove_path(const struct cg_tree *tree, int mount_fd, struct err *err)
{
	autofree char *path = strdup(tree->name);
	char *slash;

	if (!path)
		return err_set(err, ENOMEM, "cgroup: remove '%s'", tree->name);
	int r = cg_walk_remove(mount_fd, path, err);
	while (r == 0 && (slash = strrchr(path, '/'))) {
		*slash = '\0';
		if (unlinkat(mount_fd, path, AT_REMOVEDIR) < 0)
			return 0; /* another stack is in there */
	}
	return r;
}

int cg_tree_remove(struct cg_tree *tree, struct err *err)
{
	int r = kill_all(tree, err);

	for (unsigned i = 0; r == 0 && i < tree->hierarchy_count; i++) {
		autoclose int mount_fd = open_mount(&tree->hierarchies[i], err);

		r = mount_fd < 0 ? mount_fd : remove_path(tree, mount_fd, err);
	}
	return r;
}
