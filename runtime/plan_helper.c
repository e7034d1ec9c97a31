// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The helper of container_prepare(): a clone in a new mount namespace that assembles the complete
 * root in it, makes it its own root, drops all other mounts, and then looks from inside for what
 * the configuration names. The namespace outlives it by the fd its parent keeps.
 */
#include "runtime/base/cleanup.h"
#include "runtime/base/path.h"
#include "runtime/plan_mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

static bool on_run_mount(const struct container_plan *plan, const char *path, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (plan->mounts[i].per_run && path_below(path, plan->mounts[i].target))
			return true;
	return false;
}

static int set_read_only(int fd, const char *path, struct err *err)
{
	struct mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY};

	if (mount_setattr(fd, path, path[0] ? 0 : AT_EMPTY_PATH, &attr, sizeof(attr)) < 0)
		return err_set(err, errno, "make /%s read-only", path);
	return 0;
}

/* 1: the directory has the mount point; 0: it is made in the layer of mount points. */
static int find_point(int dir_fd, int points_fd, const char *target, bool directory,
		      struct err *err)
{
	char real[PATH_MAX];
	autoclose int fd = path_open_in(dir_fd, target, O_PATH);
	struct stat st;

	if (fd >= 0) {
		if (fstat(fd, &st) < 0)
			return err_set(err, errno, "mount point %s", target);
		if (S_ISDIR(st.st_mode) == directory)
			return 1;
		return err_say(err, directory ? ENOTDIR : EISDIR, "mount point %s: %s a directory",
			       target, directory ? "is not" : "is");
	}
	int r = fd == -ENOENT ? path_real_in(dir_fd, target, real, sizeof(real)) : fd;
	autoclose int made_fd = r < 0 ? -1 : path_make_in(points_fd, real, directory);

	if (r < 0 || made_fd < 0)
		return err_set(err, r < 0 ? -r : -made_fd, "mount point %s", target);
	return 0;
}

/* Returns whether the directory has all of them. */
static int find_points(const struct container_plan *plan, int dir_fd, int points_fd,
		       struct container_fault *fault)
{
	int complete = find_point(dir_fd, points_fd, "/etc/hosts", false, &fault->err);
	int r = complete;

	if (r >= 0)
		r = find_point(dir_fd, points_fd, "/etc/resolv.conf", false, &fault->err);
	if (r < 0)
		return r;
	complete = complete && r;
	for (size_t i = 0; i < plan->mount_count; i++) {
		const struct plan_mount *mount = &plan->mounts[i];
		bool covered =
			mount->kind == PLAN_MOUNT_MASK || mount->kind == PLAN_MOUNT_READ_ONLY;

		for (size_t k = 0; k < i; k++)
			covered = covered || path_below(mount->target, plan->mounts[k].target);
		if (covered)
			continue;
		r = find_point(dir_fd, points_fd, mount->target, mount->directory, &fault->err);
		if (r < 0)
			return fault_of(fault, mount->item, mount->index);
		complete = complete && r;
	}
	return complete;
}

/* The directory below a layer of mount points, so that nothing is ever written to it. */
static int layered_root(const struct container_plan *plan, int dir_fd, int layers_fd,
			struct err *err)
{
	autoclose int fd = plan_detach_dir(plan, dir_fd, true, err);
	int r = fd < 0 ? fd : plan_layers_add(layers_fd, 0, fd, err);

	if (r == 0)
		r = plan_layers_add_own(layers_fd, 1, err);
	return r < 0 ? r : plan_overlay(layers_fd, plan->layer_count, false, err);
}

/* Always with the layer of mount points where runs have overlays of their own: they have the same
 * layers. */
static int dir_root(const struct container_plan *plan, const char *path, int state_fd,
		    int layers_fd, struct container_fault *fault)
{
	struct err *err = &fault->err;
	autoclose int dir_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dir_fd < 0)
		return err_set(err, errno, "root %s", path);
	autoclose int points_fd = plan_layers_own(layers_fd, err);

	if (points_fd < 0)
		return points_fd;
	int complete = find_points(plan, dir_fd, points_fd, fault);

	if (complete < 0)
		return complete;
	autoclose int root_fd = complete && !plan->writable
					? plan_detach_dir(plan, dir_fd, true, err)
					: layered_root(plan, dir_fd, layers_fd, err);

	if (root_fd < 0)
		return err_prefix(err, "root %s", path);
	int r = plan_allow_set_id(plan, root_fd, err);

	if (r == 0)
		r = plan_attach(state_fd, "root", root_fd, err);
	return r < 0 ? r : take_fd(&root_fd);
}

/* The engines make what an image lacks. What is there and no directory is told later. */
static int make_working_dir(const struct container_plan *plan, int points_fd,
			    struct container_fault *fault)
{
	char real[PATH_MAX];

	for (size_t i = 0; i < plan->mount_count; i++)
		if (path_below(plan->working_dir, plan->mounts[i].target))
			return 0;
	autoclose int fd = path_open_in(plan->view_fd, plan->working_dir, O_PATH);

	if (fd != -ENOENT)
		return 0;
	int r = path_real_in(plan->view_fd, plan->working_dir, real, sizeof(real));
	autoclose int made_fd = r < 0 ? r : path_make_in(points_fd, real, true);

	return made_fd >= 0 ? 0
			    : fault_set(fault, CONTAINER_ITEM_WORKING_DIR, -made_fd,
					"working directory %s", plan->working_dir);
}

static int dress(const struct container_plan *plan, const struct stat *like, int fd)
{
	bool own_ids = plan->userns_fd >= 0;

	if (own_ids && (like->st_uid >= plan->id_count || like->st_gid >= plan->id_count))
		return 0; /* nobody's in there: stays root's */
	if (fchown(fd, plan->first_id + like->st_uid, plan->first_id + like->st_gid) < 0 ||
	    fchmod(fd, like->st_mode & 07777) < 0)
		return -errno;
	return 0;
}

static int dress_points(const struct container_plan *plan, int view_fd, int points_fd);

static int dress_point(const struct container_plan *plan, int view_fd, int points_fd,
		       const char *name)
{
	autoclose int seen_fd = path_open_plain(view_fd, name, O_PATH | O_DIRECTORY);
	struct stat st;

	if (seen_fd == -ENOENT)
		return 0; /* it and all below is ours */
	if (seen_fd < 0)
		return seen_fd;
	autoclose int fd = path_open_plain(points_fd, name, O_RDONLY | O_DIRECTORY);

	if (fd < 0)
		return fd;
	int r = fstat(seen_fd, &st) < 0 ? -errno : dress(plan, &st, fd);

	return r < 0 ? r : dress_points(plan, seen_fd, fd);
}

/* A directory of the upmost layer is seen with its own attributes: those that the image has below
 * @view_fd, too, get the image's. */
static int dress_points(const struct container_plan *plan, int view_fd, int points_fd)
{
	autoclose int listed_fd = openat(points_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	autodir DIR *dir = listed_fd < 0 ? NULL : fdopendir(listed_fd);

	if (!dir)
		return -errno;
	(void)take_fd(&listed_fd); /* the stream owns it */
	for (;;) {
		errno = 0;
		struct dirent *entry = readdir(dir);

		if (!entry)
			return -errno;
		if (entry->d_type != DT_DIR || strcmp(entry->d_name, ".") == 0 ||
		    strcmp(entry->d_name, "..") == 0)
			continue;
		int r = dress_point(plan, view_fd, points_fd, entry->d_name);

		if (r < 0)
			return r;
	}
}

/* The layer of mount points is above those of the image, which may say that something is not there
 * any more. What is looked for is looked for in all of them at once. */
static int layers_points(const struct container_plan *plan, int layers_fd,
			 struct container_fault *fault)
{
	struct err *err = &fault->err;
	autoclose int points_fd = plan_layers_own(layers_fd, err);

	if (points_fd < 0)
		return points_fd;
	int r = find_points(plan, plan->view_fd, points_fd, fault);

	if (r >= 0)
		r = make_working_dir(plan, points_fd, fault);
	if (r < 0)
		return r;
	r = dress_points(plan, plan->view_fd, points_fd);
	return r < 0 ? err_set(err, -r, "mount points") : plan_layers_add_own(layers_fd, 0, err);
}

static int layers_root(const struct container_plan *plan, const char *const *paths, int state_fd,
		       int layers_fd, struct container_fault *fault)
{
	struct err *err = &fault->err;
	int r = layers_points(plan, layers_fd, fault);

	for (unsigned i = 0; r >= 0 && paths[i]; i++) {
		autoclose int dir_fd = open(paths[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		autoclose int fd = dir_fd < 0 ? err_set(err, errno, "layer %s", paths[i])
					      : plan_detach_dir(plan, dir_fd, true, err);

		r = fd < 0 ? fd : plan_layers_add(layers_fd, i + 1, fd, err);
	}
	autoclose int root_fd = r < 0 ? r : plan_overlay(layers_fd, plan->layer_count, false, err);

	if (root_fd < 0)
		return root_fd;
	r = plan_allow_set_id(plan, root_fd, err);
	if (r == 0)
		r = plan_attach(state_fd, "root", root_fd, err);
	return r < 0 ? r : take_fd(&root_fd);
}

static int host_root(const struct container_plan *plan, int state_fd, int layers_fd,
		     struct err *err)
{
	autoclose int root_fd = plan_small_fs("root", err);

	if (root_fd < 0)
		return root_fd;
	int r = plan_attach(state_fd, "root", root_fd, err);

	if (r == 0)
		r = plan_host_root(plan, root_fd, layers_fd, err);
	return r < 0 ? r : take_fd(&root_fd);
}

static int mount_static_one(const struct container_plan *plan, size_t index, int root_fd,
			    struct container_fault *fault)
{
	const struct plan_mount *mount = &plan->mounts[index];
	struct err *err = &fault->err;

	if (mount->kind == PLAN_MOUNT_DEV) {
		autoclose int fd = plan_dev_make(plan, fault);

		return fd < 0 ? fd : plan_mount_apply(mount, root_fd, fd, err);
	}
	if (!mount->per_run)
		return plan_mount_apply(mount, root_fd, mount->source_fd, err);
	if (!mount->made || on_run_mount(plan, mount->target, index))
		return 0;
	autoclose int fd = path_make_in(root_fd, mount->target, mount->directory);

	return fd < 0 ? err_set(err, -fd, "mount point %s", mount->target) : 0;
}

static int mount_static(const struct container_plan *plan, int root_fd,
			struct container_fault *fault)
{
	for (size_t i = 0; i < plan->mount_count; i++) {
		const struct plan_mount *mount = &plan->mounts[i];
		int r = mount_static_one(plan, i, root_fd, fault);

		if (r < 0)
			return fault->item ? r : fault_of(fault, mount->item, mount->index);
	}
	return 0;
}

/*
 * Starts begin at the root of this namespace (setns), which in a chroot is not the root we see but
 * the one behind it: containers would get what the chroot keeps from us.
 */
static int refuse_chroot(struct err *err)
{
	autoclose int namespace_fd = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	struct statx seen;
	struct statx real;

	if (namespace_fd < 0 || statx(AT_FDCWD, "/", 0, STATX_INO | STATX_MNT_ID, &seen) < 0 ||
	    setns(namespace_fd, CLONE_NEWNS) < 0 ||
	    statx(AT_FDCWD, "/", 0, STATX_INO | STATX_MNT_ID, &real) < 0)
		return err_set(err, errno, "find the root of the mount namespace");
	if (seen.stx_mnt_id != real.stx_mnt_id || seen.stx_ino != real.stx_ino)
		return err_say(err, EPERM, "cannot run in a chroot: enter it with pivot_root");
	return 0;
}

static int assemble(const struct container_plan *plan, const struct container_config *config,
		    struct container_fault *fault)
{
	bool host = config->root == CONTAINER_ROOT_HOST;
	struct err *err = &fault->err;

	if (refuse_chroot(err) < 0)
		return -err->code;
	/* Nothing done here may reach the host, nothing the host mounts later may reach in. */
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return err_set(err, errno, "private mounts");
	autoclose int state_fd = open(config->state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (state_fd < 0)
		return err_set(err, errno, "%s", config->state_dir);
	autoclose int layers_fd = plan_layers_make(state_fd, "layers", err);

	if (layers_fd < 0)
		return layers_fd;
	autoclose int root_fd =
		host ? host_root(plan, state_fd, layers_fd, err)
		: plan->view_fd >= 0
			? layers_root(plan, config->root_layers, state_fd, layers_fd, fault)
			: dir_root(plan, config->root_dir, state_fd, layers_fd, fault);

	if (root_fd < 0)
		return fault->item ? root_fd : fault_of(fault, CONTAINER_ITEM_ROOT, 0);
	int r = mount_static(plan, root_fd, fault);

	if (r == 0)
		r = set_read_only(root_fd, "dev", err);
	if (r == 0 && host)
		r = set_read_only(root_fd, "", err);
	if (r == 0 && plan->writable)
		r = plan_attach(root_fd, &PLAN_LAYERS_PLACE[1], layers_fd, err);
	return r < 0 ? r : plan_pivot(root_fd, err);
}

static int check_working_dir(const struct container_plan *plan, int root_fd,
			     struct container_fault *fault)
{
	if (on_run_mount(plan, plan->working_dir, plan->mount_count))
		return 0;
	autoclose int fd = path_open_in(root_fd, plan->working_dir, O_PATH | O_DIRECTORY);

	if (fd >= 0)
		return 0;
	return fault_set(fault, CONTAINER_ITEM_WORKING_DIR, -fd, "working directory %s",
			 plan->working_dir);
}

static int check_candidate(int root_fd, const char *path)
{
	autoclose int fd = path_open_in(root_fd, path, O_PATH);
	struct stat st;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (plan_is_self(fd))
		return -EPERM;
	return S_ISREG(st.st_mode) && st.st_mode & 0111 ? 0 : -EACCES;
}

static int find_program(const struct container_plan *plan, int root_fd, struct plan_answer *answer)
{
	const char *name = plan->argv.items[0];
	int failed = -ENOENT;

	for (size_t i = 0; i < plan->candidates.count; i++) {
		const char *path = plan->candidates.items[i];

		if (on_run_mount(plan, path, plan->mount_count))
			return 0;
		int r = check_candidate(root_fd, path);

		if (r == 0 && strlen(path) < sizeof(answer->program)) {
			memcpy(answer->program, path, strlen(path) + 1);
			return 0;
		}
		if (r != -ENOENT && r != -ENOTDIR)
			failed = r;
	}
	if (failed == -ENOENT && !strchr(name, '/')) {
		err_say(&answer->fault.err, ENOENT, "program %.128s: not found in PATH (%.256s)",
			name, plan->search_path);
		return fault_of(&answer->fault, CONTAINER_ITEM_PROGRAM, 0);
	}
	return fault_set(&answer->fault, CONTAINER_ITEM_PROGRAM, -failed, "program %.256s", name);
}

int plan_check_user(const struct container_plan *plan, const struct user *user, struct err *err)
{
	if (plan->userns_fd < 0)
		return 0;
	bool mapped = user->uid < plan->id_count && user->gid < plan->id_count;
	uid_t worst = user->uid < plan->id_count ? user->gid : user->uid;

	for (size_t i = 0; i < user->group_count && mapped; i++) {
		worst = user->groups[i];
		mapped = worst < plan->id_count;
	}
	return mapped ? 0
		      : err_say(err, EOPNOTSUPP, "id %u is not among the %u that a stack has",
				worst, plan->id_count);
}

static int add_groups(int root_fd, const struct container_config *config,
		      struct plan_answer *answer)
{
	for (unsigned i = 0; config->groups && config->groups[i]; i++)
		if (user_add_group(root_fd, config->groups[i], &answer->user, &answer->fault.err) <
		    0)
			return fault_of(&answer->fault, CONTAINER_ITEM_GROUP, i);
	return 0;
}

static int examine(const struct container_plan *plan, const struct container_config *config,
		   struct plan_answer *answer)
{
	autoclose int root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (root_fd < 0)
		return fault_set(&answer->fault, CONTAINER_ITEM_ROOT, errno, "open the root");
	int r = user_resolve(root_fd, config->user, &answer->user, &answer->fault.err);

	if (r < 0)
		return fault_of(&answer->fault, CONTAINER_ITEM_USER, 0);
	r = add_groups(root_fd, config, answer);
	if (r == 0)
		r = plan_check_user(plan, &answer->user, &answer->fault.err);
	if (r < 0)
		return r;
	r = check_working_dir(plan, root_fd, &answer->fault);
	return r < 0 ? r : find_program(plan, root_fd, answer);
}

void plan_helper(const struct container_plan *plan, const struct container_config *config,
		 int answer_fd, pid_t parent)
{
	struct plan_answer answer = {0};

	umask(0);
	int r = plan_act_as_root(plan, &answer.fault.err);

	/* Whatever becomes of the parent, this process must not outlive it. (After the above, which
	 * resets it.) */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
		_exit(1);
	if (r == 0)
		r = assemble(plan, config, &answer.fault);
	if (r == 0)
		r = examine(plan, config, &answer);
	/* Smaller than a pipe's buffer: never blocks, never partial. */
	ssize_t n = write(answer_fd, &answer, sizeof(answer));

	if (r < 0 || n != (ssize_t)sizeof(answer))
		_exit(1);
	/* A zombie has no namespaces: the parent takes ours while we live, then kills us. */
	for (;;)
		pause();
}
