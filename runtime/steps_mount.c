// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Mounts by descriptor, for the helper of container_prepare() and for the children of
 * container_start(): a target is opened once, beneath the root and without the links of /proc, and
 * mounted onto as opened, so that a rename in between leads nowhere. Allocates nothing.
 */
#include "runtime/base/cleanup.h"
#include "runtime/base/path.h"
#include "runtime/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <linux/securebits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#define ATTACH (MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH)

static int detach(const struct container_plan *plan, int source_fd, const struct mount_attr *asked,
		  unsigned recursive, struct err *err)
{
	struct mount_attr attr = *asked;
	unsigned flags = AT_EMPTY_PATH | recursive;
	autoclose int fd = open_tree(source_fd, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | flags);

	if (fd < 0)
		return err_set(err, errno, "copy the mount");
	if (mount_setattr(fd, "", flags, &attr, sizeof(attr)) < 0)
		return err_set(err, errno, "restrict the mount");
	if (!plan || plan->userns_fd < 0)
		return take_fd(&fd);
	attr = (struct mount_attr){.attr_set = MOUNT_ATTR_IDMAP,
				   .userns_fd = (uint64_t)plan->userns_fd};
	if (mount_setattr(fd, "", flags, &attr, sizeof(attr)) == 0)
		return take_fd(&fd);
	/* EINVAL: the file system cannot; EPERM: it is mapped already. */
	return errno == EINVAL || errno == EPERM
		       ? err_say(err, EOPNOTSUPP, "ids cannot be mapped on its file system")
		       : err_set(err, errno, "map the ids of the mount");
}

static struct mount_attr detached_attr(bool read_only)
{
	return (struct mount_attr){
		.attr_set =
			MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | (read_only ? MOUNT_ATTR_RDONLY : 0),
		.propagation = MS_PRIVATE,
	};
}

int plan_detach_mount(const struct container_plan *plan, int source_fd, bool read_only,
		      struct err *err)
{
	struct mount_attr attr = detached_attr(read_only);

	return detach(plan, source_fd, &attr, AT_RECURSIVE, err);
}

int plan_detach_bind(const struct container_plan *plan, const struct plan_mount *bind,
		     struct err *err)
{
	struct mount_attr top = {.attr_set = MOUNT_ATTR_RDONLY};
	struct mount_attr attr = detached_attr(bind->read_only && !bind->shallow_ro);

	if (bind->propagation)
		attr.propagation = bind->propagation;
	autoclose int fd =
		detach(plan, bind->source_fd, &attr, bind->shallow ? 0 : AT_RECURSIVE, err);

	if (fd < 0)
		return fd;
	if (bind->read_only && bind->shallow_ro &&
	    mount_setattr(fd, "", AT_EMPTY_PATH, &top, sizeof(top)) < 0)
		return err_set(err, errno, "restrict the mount");
	return take_fd(&fd);
}

int plan_detach_dir(const struct container_plan *plan, int source_fd, bool read_only,
		    struct err *err)
{
	struct mount_attr attr = detached_attr(read_only);

	return detach(plan, source_fd, &attr, 0, err);
}

int plan_allow_set_id(const struct container_plan *plan, int root_fd, struct err *err)
{
	struct mount_attr attr = {.attr_clr = MOUNT_ATTR_NOSUID};

	if (!plan->new_privileges ||
	    mount_setattr(root_fd, "", AT_EMPTY_PATH, &attr, sizeof(attr)) == 0)
		return 0;
	return err_set(err, errno, "allow set-user-ID files");
}

int plan_attach(int parent_fd, const char *name, int mount_fd, struct err *err)
{
	if ((mkdirat(parent_fd, name, 0700) < 0 && errno != EEXIST) ||
	    move_mount(mount_fd, "", parent_fd, name, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return err_set(err, errno, "attach %s", name);
	return 0;
}

int plan_act_as_root(const struct container_plan *plan, struct err *err)
{
	if (plan->userns_fd < 0)
		return 0;
	if (prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0) < 0)
		return err_set(err, errno, "keep capabilities");
	/* Neither tells of a failure, but a second call returns what the first has set. */
	(void)syscall(SYS_setfsgid, plan->first_id);
	(void)syscall(SYS_setfsuid, plan->first_id);
	if ((gid_t)syscall(SYS_setfsgid, -1) != plan->first_id ||
	    (uid_t)syscall(SYS_setfsuid, -1) != plan->first_id)
		return err_say(err, EPERM, "cannot make files as %u", plan->first_id);
	return 0;
}

int plan_pivot(int root_fd, struct err *err)
{
	if (fchdir(root_fd) < 0 || syscall(SYS_pivot_root, ".", ".") < 0)
		return err_set(err, errno, "pivot");
	/* The old root is on top of the new one now. */
	if (umount2(".", MNT_DETACH) < 0)
		return err_set(err, errno, "drop the old root");
	return chdir("/") < 0 ? err_set(err, errno, "enter the root") : 0;
}

static int mount_new(const struct plan_mount *mount_, int target_fd, struct err *err)
{
	/* mount(2) takes no descriptor but the current directory is one; three system calls fewer
	 * than fsopen and its kin. */
	if (fchdir(target_fd) < 0 ||
	    mount(mount_->type, ".", mount_->type, mount_->flags, mount_->options) < 0)
		return err_set(err, errno, "mount %s", mount_->target);
	return 0;
}

/* The directory a masked or read-only path is relative to: really the kernel's own. */
static int kernel_dir(int root_fd, const char *path, const char **ret_rest)
{
	bool proc = strncmp(path, "/proc/", 6) == 0;
	autoclose int fd = path_open_plain(root_fd, proc ? "proc" : "sys", O_PATH | O_DIRECTORY);
	struct statfs fs;

	if (fd < 0)
		return fd;
	if (fstatfs(fd, &fs) < 0)
		return -errno;
	if (fs.f_type != (proc ? PROC_SUPER_MAGIC : SYSFS_MAGIC))
		return -ENOTDIR;
	*ret_rest = path + (proc ? 6 : 5);
	return take_fd(&fd);
}

/* Really the null device, or a directory (CVE-2025-31133). */
static bool is_mask(int fd, bool directory)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return false;
	return directory ? S_ISDIR(st.st_mode) : S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3);
}

static int protect_path(const struct plan_mount *mount_, const char *path, int root_fd,
			struct err *err)
{
	struct mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY};
	const char *rest = NULL;
	autoclose int base_fd = kernel_dir(root_fd, path, &rest);
	autoclose int dev_fd = -1;
	bool mask = mount_->kind == PLAN_MOUNT_MASK;
	int from_fd = base_fd;
	const char *from = rest;

	if (base_fd < 0)
		return err_set(err, -base_fd, "protect %s", path);
	if (mount_->each && faccessat(base_fd, rest, F_OK, AT_SYMLINK_NOFOLLOW) < 0 &&
	    errno == ENOENT)
		return 0;
	if (mask) {
		/* /dev is davit's own, made read-only by the helper: mqueue is empty. */
		dev_fd = path_open_plain(root_fd, "dev", O_PATH | O_DIRECTORY);
		from_fd = dev_fd;
		from = mount_->directory ? "mqueue" : "null";
	}
	autoclose int fd =
		open_tree(from_fd, from, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW);

	if (fd >= 0 && mask && !is_mask(fd, mount_->directory))
		return err_say(err, EPERM, "protect %s: /dev is not davit's", path);
	if (fd < 0 || (!mask && mount_setattr(fd, "", AT_EMPTY_PATH, &attr, sizeof(attr)) < 0) ||
	    move_mount(fd, "", base_fd, rest, MOVE_MOUNT_F_EMPTY_PATH) < 0) {
		if (mount_->each && fd >= 0 && errno == ENOENT)
			return 0; /* (gone since it was looked for) */
		return err_set(err, errno, "protect %s", path);
	}
	return 0;
}

bool plan_mount_path(const char *pattern, unsigned number, char *ret, size_t size)
{
	const char *star = strchr(pattern, '*');
	int n = snprintf(ret, size, "%.*s%u%s", (int)(star - pattern), pattern, number, star + 1);

	return n > 0 && (size_t)n < size;
}

static int mount_kernel_path(const struct plan_mount *mount_, int root_fd, struct err *err)
{
	char path[PATH_MAX];
	int r = 0;

	if (!mount_->each)
		return protect_path(mount_, mount_->target, root_fd, err);
	for (unsigned i = 0; i < mount_->each && r == 0; i++)
		r = plan_mount_path(mount_->target, i, path, sizeof(path))
			    ? protect_path(mount_, path, root_fd, err)
			    : -ENAMETOOLONG;
	return r;
}

/*
 * Where a configured target is, made where it is missing. The links in it may be those of a volume,
 * that is, of whoever writes to it: they must not lead a mount over the root or over what confines
 * the container (CVE-2021-30465 and its kin).
 */
static int mount_target(const struct plan_mount *mount_, int root_fd)
{
	static const char *const kept[] = {"/proc", "/sys", "/dev"};
	char real[PATH_MAX];

	if (!mount_->made)
		return path_open_plain(root_fd, mount_->target, O_PATH | O_DIRECTORY);
	int r = path_real_in(root_fd, mount_->target, real, sizeof(real));

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(kept); i++)
		if (strcmp(real, "/") == 0 ||
		    (path_below(real, kept[i]) && !path_below(mount_->target, kept[i])))
			r = -EPERM;
	return r < 0 ? r : path_make_plain(root_fd, real, mount_->directory);
}

int plan_mount_apply(const struct plan_mount *mount_, int root_fd, int source_fd, struct err *err)
{
	if (mount_->kind == PLAN_MOUNT_MASK || mount_->kind == PLAN_MOUNT_READ_ONLY)
		return mount_kernel_path(mount_, root_fd, err);
	autoclose int target_fd = mount_target(mount_, root_fd);

	if (target_fd == -EROFS)
		return err_say(err, EROFS, "mount point %s cannot be made: its parent is read-only",
			       mount_->target);
	if (target_fd < 0)
		return err_set(err, -target_fd, "mount point %s", mount_->target);
	if (mount_->kind == PLAN_MOUNT_NEW)
		return mount_new(mount_, target_fd, err);
	if (move_mount(source_fd, "", target_fd, "", ATTACH) < 0)
		return err_set(err, errno, "mount %s", mount_->target);
	return 0;
}

/* A detached, read-only copy of one host file; -1 in *ret_fd when there is none. */
static int detach_file(const char *path, int *ret_fd, struct err *err)
{
	autoclose int source_fd = path ? open(path, O_PATH | O_CLOEXEC) : -1;
	struct stat st;

	if (!path)
		return 0;
	if (source_fd < 0 || fstat(source_fd, &st) < 0)
		return err_set(err, errno, "%s", path);
	if (!S_ISREG(st.st_mode))
		return err_say(err, EINVAL, "%s is not a regular file", path);
	/* With the host's owners: it is there to be read, by everyone. */
	int fd = plan_detach_mount(NULL, source_fd, true, err);

	if (fd < 0)
		return fd;
	*ret_fd = fd;
	return 0;
}

static int make_layers(int layer_fd, struct err *err)
{
	if ((mkdirat(layer_fd, "upper", 0755) < 0 && errno != EEXIST) ||
	    (mkdirat(layer_fd, "work", 0755) < 0 && errno != EEXIST))
		return err_set(err, errno, "writable layer");
	return 0;
}

/* While the host's paths can still be seen: everything of them this run mounts. */
int step_detached_mounts(struct launch *launch, struct container_fault *fault)
{
	const struct container_plan *plan = launch->plan;
	int r = 0;

	if (!plan->own_hosts)
		r = detach_file(launch->hosts_file, &launch->hosts_fd, &fault->err);
	if (r < 0)
		return r;
	/* A host without one has no names to give: the empty file stays. */
	if (plan->resolv_conf && access(plan->resolv_conf, F_OK) == 0)
		r = detach_file(plan->resolv_conf, &launch->resolv_fd, &fault->err);
	for (size_t i = 0; r == 0 && i < plan->mount_count; i++) {
		const struct plan_mount *bind = &plan->mounts[i];

		if (bind->kind != PLAN_MOUNT_BIND || !bind->per_run)
			continue;
		int fd = plan_detach_bind(plan, bind, &fault->err);

		if (fd < 0)
			return fault_of(fault, bind->item, bind->index);
		launch->bind_fds[i] = fd;
	}
	if (r < 0 || !plan->writable)
		return r;
	r = make_layers(launch->layer_fd, &fault->err);
	if (r < 0)
		return r;
	launch->layer_mount_fd = plan_detach_dir(plan, launch->layer_fd, false, &fault->err);
	return launch->layer_mount_fd < 0 ? launch->layer_mount_fd : 0;
}

/* Takes what the helper has mounted in the prepared root over to the same places of this run's own
 * root. What is mounted below one of them moves along. */
static int move_static_mounts(const struct launch *launch, int old_fd, struct err *err)
{
	const struct container_plan *plan = launch->plan;

	for (size_t i = 0; i < plan->mount_count; i++) {
		const struct plan_mount *mount_ = &plan->mounts[i];
		bool below = false;

		for (size_t k = 0; k < i; k++)
			below = below || (!plan->mounts[k].per_run &&
					  path_below(mount_->target, plan->mounts[k].target));
		if (mount_->per_run || below)
			continue;
		autoclose int from_fd = path_open_in(old_fd, mount_->target, O_PATH);
		int r = plan_mount_apply(mount_, launch->root_fd, from_fd, err);

		if (r < 0)
			return r;
	}
	return 0;
}

static int enter_own_root(struct launch *launch, struct err *err)
{
	autoclose int old_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	autoclose int layers_fd = open(PLAN_LAYERS_PLACE, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (old_fd < 0 || layers_fd < 0)
		return err_set(err, errno, "open the layers");
	int r = plan_attach(layers_fd, PLAN_LAYERS_RUN, launch->layer_mount_fd, err);

	if (r < 0)
		return r;
	launch->root_fd = plan_overlay(layers_fd, launch->plan->layer_count, true, err);
	if (launch->root_fd < 0)
		return launch->root_fd;
	r = plan_allow_set_id(launch->plan, launch->root_fd, err);
	if (r == 0)
		r = plan_attach(layers_fd, PLAN_LAYERS_ROOT, launch->root_fd, err);
	if (r == 0)
		r = move_static_mounts(launch, old_fd, err);
	return r < 0 ? r : plan_pivot(launch->root_fd, err);
}

/* Into the prepared mount namespace, and at once into a copy of it: a dozen mounts to copy instead
 * of the host's whole table, and no pivot per start. */
int step_root(struct launch *launch, struct container_fault *fault)
{
	if (setns(launch->plan->namespace_fd, CLONE_NEWNS) < 0)
		return err_set(&fault->err, errno, "enter the prepared mount namespace");
	if (unshare(CLONE_NEWNS | (launch->plan->host_cgroup ? 0 : CLONE_NEWCGROUP)) < 0)
		return err_set(&fault->err, errno, "new mount and cgroup namespaces");
	if (plan_act_as_root(launch->plan, &fault->err) < 0)
		return -fault->err.code;
	if (launch->plan->writable)
		return enter_own_root(launch, &fault->err);
	launch->root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return launch->root_fd < 0 ? err_set(&fault->err, errno, "open the root") : 0;
}

static int mount_file(int fd, int root_fd, const char *target, struct err *err)
{
	const struct plan_mount file = {
		.kind = PLAN_MOUNT_BIND, .made = true, .target = (char *)(uintptr_t)target};

	return fd < 0 ? 0 : plan_mount_apply(&file, root_fd, fd, err);
}

static int mount_shared(int fd, int root_fd, struct err *err)
{
	static char target[] = SHM_PLACE;
	const struct plan_mount shared = {
		.kind = PLAN_MOUNT_BIND, .target = target, .directory = true};

	return plan_mount_apply(&shared, root_fd, fd, err);
}

int step_mounts(struct launch *launch, struct container_fault *fault)
{
	const struct container_plan *plan = launch->plan;
	int root_fd = launch->root_fd;

	for (size_t i = 0; i < plan->mount_count; i++) {
		const struct plan_mount *mount_ = &plan->mounts[i];

		if (!mount_->per_run)
			continue;
		if (launch->shm_fd >= 0 && mount_->kind == PLAN_MOUNT_NEW &&
		    strcmp(mount_->target, SHM_PLACE) == 0) {
			if (mount_shared(launch->shm_fd, root_fd, &fault->err) < 0)
				return -fault->err.code;
			continue;
		}
		if (plan_mount_apply(mount_, root_fd, launch->bind_fds[i], &fault->err) < 0)
			return fault_of(fault, mount_->item, mount_->index);
	}
	int r = mount_file(launch->hosts_fd, root_fd, "/etc/hosts", &fault->err);

	if (r == 0)
		r = mount_file(launch->resolv_fd, root_fd, "/etc/resolv.conf", &fault->err);
	if (r < 0 || !plan->hostname_file)
		return r;
	/* The kernel's own word for it: no file to write per run. */
	autoclose int fd =
		open_tree(root_fd, "proc/sys/kernel/hostname", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

	if (fd < 0)
		return err_set(&fault->err, errno, "/etc/hostname");
	return mount_file(fd, root_fd, "/etc/hostname", &fault->err);
}
