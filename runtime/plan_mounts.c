// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The mount plan: the isolation defaults and the configuration's mounts as one flat list, parents
 * before children, each marked as made once or in every run; see plan.h. Runs in the parent.
 */
#include "runtime/plan_mounts.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/path.h"
#include "runtime/defaults.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/vfs.h>
#include <unistd.h>

/* NULL with @err filled when there is no room. */
static struct plan_mount *mounts_push(struct container_plan *plan, const char *target,
				      struct err *err)
{
	if (plan->mount_count == PLAN_MOUNTS_MAX) {
		err_say(err, E2BIG, "more than %d mounts", PLAN_MOUNTS_MAX);
		return NULL;
	}
	char *copy = strdup(target);

	if (!copy) {
		err_set(err, ENOMEM, "mount plan");
		return NULL;
	}
	struct plan_mount *mount = &plan->mounts[plan->mount_count++];

	*mount = (struct plan_mount){.target = copy, .source_fd = -1, .directory = true};
	return mount;
}

static bool configured(const struct container_config *config, const char *target)
{
	for (size_t i = 0; i < config->mount_count; i++)
		if (config->mounts[i].target && strcmp(config->mounts[i].target, target) == 0)
			return true;
	return false;
}

static int default_options(const struct container_plan *plan, const struct defaults_mount *from,
			   int64_t shm_bytes, char **ret)
{
	int n = 0;

	if (shm_bytes && strcmp(from->target, SHM_PLACE) == 0)
		n = asprintf(ret, "mode=1777,size=%" PRId64, shm_bytes);
	else if (from->options && from->gid)
		n = asprintf(ret, "%s,gid=%u", from->options, plan->first_id + from->gid);
	else if (from->options)
		n = asprintf(ret, "%s", from->options);
	if (n < 0)
		*ret = NULL;
	return n < 0 ? -ENOMEM : 0;
}

static bool host_is_unified(void)
{
	struct statfs fs;

	return statfs(GROUPS_PLACE, &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC;
}

static int add_defaults(struct container_plan *plan, const struct container_config *config,
			struct err *err)
{
	unsigned root = config->root == CONTAINER_ROOT_HOST ? DEFAULTS_HOST
			: plan->writable		    ? DEFAULTS_DIR_WRITABLE
							    : DEFAULTS_DIR_READ_ONLY;

	bool unified = host_is_unified();

	for (const struct defaults_mount *from = defaults_mounts(); from->target; from++) {
		bool kernel = path_below(from->target, "/proc") ||
			      path_below(from->target, "/sys") || path_below(from->target, "/dev");

		if (!(from->roots & root) || configured(config, from->target) ||
		    (strcmp(from->target, GROUPS_PLACE) == 0 &&
		     (strcmp(from->type, "cgroup2") == 0) != unified) ||
		    (config->no_shm && strcmp(from->target, SHM_PLACE) == 0))
			continue;
		struct plan_mount *mount = mounts_push(plan, from->target, err);

		if (!mount)
			return -err->code;
		mount->kind = PLAN_MOUNT_NEW;
		mount->per_run = true;
		mount->made = !kernel;
		mount->type = from->type;
		mount->flags = from->flags & ~(config->privileged ? (unsigned long)MS_RDONLY : 0);
		plan->shows_groups =
			plan->shows_groups || (!unified && strcmp(from->target, GROUPS_PLACE) == 0);
		if (default_options(plan, from, config->shm_bytes, &mount->options) < 0)
			return err_set(err, ENOMEM, "default mounts");
	}
	return 0;
}

/* Any of them will do: processors that are offline have none, and come and go. */
static int stat_each(const char *path, unsigned count, struct stat *ret_st)
{
	char one[PATH_MAX];
	int r = -1;

	for (unsigned i = 0; i < count && r < 0 && plan_mount_path(path, i, one, sizeof(one));
	     i++) {
		r = lstat(one, ret_st);
		if (r < 0 && errno != ENOENT)
			break;
	}
	return r;
}

/* Only those which this kernel has: an attempt per start for each of the others adds up. */
static int add_kernel_paths(struct container_plan *plan, const char *const *paths,
			    enum plan_mount_kind kind, struct err *err)
{
	for (; *paths; paths++) {
		struct stat st;
		unsigned each = strchr(*paths, '*') ? (unsigned)get_nprocs_conf() : 0;

		if ((each ? stat_each(*paths, each, &st) : lstat(*paths, &st)) < 0) {
			if (errno == ENOENT)
				continue;
			return err_set(err, errno, "protect %s", *paths);
		}
		struct plan_mount *mount = mounts_push(plan, *paths, err);

		if (!mount)
			return -err->code;
		mount->kind = kind;
		mount->per_run = true;
		mount->directory = S_ISDIR(st.st_mode);
		mount->each = each;
	}
	return 0;
}

static int protect_kernel(struct container_plan *plan, struct err *err)
{
	int r = add_kernel_paths(plan, defaults_read_only_paths(), PLAN_MOUNT_READ_ONLY, err);

	return r < 0 ? r : add_kernel_paths(plan, defaults_masked_paths(), PLAN_MOUNT_MASK, err);
}

static int add_dev(struct container_plan *plan, struct err *err)
{
	struct plan_mount *mount = mounts_push(plan, "/dev", err);

	if (!mount)
		return -err->code;
	mount->kind = PLAN_MOUNT_DEV;
	return 0;
}

static int set_tmpfs(const struct container_plan *plan, struct plan_mount *mount,
		     const struct container_mount *from, struct err *err)
{
	autobuf struct buf options = {0};

	buf_printf(&options, "mode=%04o", from->mode ? from->mode & 07777 : 01777);
	if (from->uid)
		buf_printf(&options, ",uid=%u", plan->first_id + from->uid);
	if (from->gid)
		buf_printf(&options, ",gid=%u", plan->first_id + from->gid);
	if (from->bytes > 0)
		buf_printf(&options, ",size=%" PRId64, from->bytes);
	if (from->inodes > 0)
		buf_printf(&options, ",nr_inodes=%" PRId64, from->inodes);
	mount->options = buf_take(&options);
	if (!mount->options)
		return err_set(err, ENOMEM, "tmpfs options");
	mount->kind = PLAN_MOUNT_NEW;
	mount->per_run = true;
	mount->type = "tmpfs";
	mount->flags = MS_NOSUID | MS_NODEV | (from->read_only ? MS_RDONLY : 0) |
		       (from->no_exec ? MS_NOEXEC : 0);
	return 0;
}

/* What of a volume is meant. Its links are those of whoever writes to it: none leads out of it. */
static int open_source(const struct container_mount *from, int *ret_fd, struct err *err)
{
	autoclose int fd = open(from->source, O_PATH | O_CLOEXEC);

	if (fd < 0)
		return err_say(err, errno, "volume %s: %s", from->source,
			       errno == ENOENT ? "no such directory" : strerrordesc_np(errno));
	if (!from->subpath) {
		*ret_fd = take_fd(&fd);
		return 0;
	}
	int below_fd = path_open_in(fd, from->subpath, O_PATH);

	if (below_fd < 0)
		return err_say(err, -below_fd, "volume %s: subpath %s: %s", from->source,
			       from->subpath,
			       below_fd == -ENOENT ? "no such file or directory"
						   : strerrordesc_np(-below_fd));
	*ret_fd = below_fd;
	return 0;
}

static int set_bind(struct plan_mount *mount, const struct container_mount *from, struct err *err)
{
	struct stat st;

	if (!from->source || from->source[0] != '/')
		return err_say(err, EINVAL, "volume source must be an absolute path");
	int r = open_source(from, &mount->source_fd, err);

	if (r < 0)
		return r;
	if (fstat(mount->source_fd, &st) < 0)
		return err_set(err, errno, "volume %s", from->source);
	mount->kind = PLAN_MOUNT_BIND;
	mount->directory = S_ISDIR(st.st_mode);
	mount->read_only = from->read_only;
	mount->shallow = from->shallow;
	mount->shallow_ro = from->shallow_ro;
	mount->propagation = from->propagation;
	return 0;
}

/* Where the target leads to in the root, as far as that can be known before the root exists. */
static int real_target(const struct container_config *config, int root_fd, const char *target,
		       char *ret, struct err *err)
{
	if (!target || target[0] != '/')
		return err_say(err, EINVAL, "mount target must be an absolute path");
	/* Without a root to look into only "." and ".." are resolved. */
	int r = path_real_in(root_fd, target, ret, PATH_MAX);

	if (r < 0)
		return err_set(err, -r, "mount target %s", target);
	for (const struct defaults_link *link = defaults_host_links();
	     config->root == CONTAINER_ROOT_HOST && link->name; link++) {
		char moved[PATH_MAX];

		if (!path_below(ret + 1, link->name))
			continue;
		snprintf(moved, sizeof(moved), "%s%s", link->target, ret + 1 + strlen(link->name));
		memcpy(ret, moved, sizeof(moved));
	}
	if (strcmp(ret, "/") == 0 || strcmp(ret, "/dev") == 0 || path_below(ret, "/proc") ||
	    path_below(ret, "/sys"))
		return err_say(err, EINVAL, "nothing may be mounted on %s", target);
	return 0;
}

static int add_configured(struct container_plan *plan, const struct container_config *config,
			  unsigned index, int root_fd, struct err *err)
{
	const struct container_mount *from = &config->mounts[index];
	char target[PATH_MAX];
	int r = real_target(config, root_fd, from->target, target, err);

	if (r < 0)
		return r;
	if (from->optional && access(from->source, F_OK) < 0 && errno == ENOENT)
		return 0;
	struct plan_mount *mount = mounts_push(plan, target, err);

	if (!mount)
		return -err->code;
	mount->made = true;
	mount->item = CONTAINER_ITEM_MOUNT;
	mount->index = index;
	if (from->kind == CONTAINER_MOUNT_TMPFS)
		return set_tmpfs(plan, mount, from, err);
	return set_bind(mount, from, err);
}

static int add_file(struct container_plan *plan, const struct container_config *config,
		    unsigned index, int root_fd, struct err *err)
{
	char target[PATH_MAX];
	int r = real_target(config, root_fd, config->files[index].target, target, err);

	if (r < 0)
		return r;
	struct plan_mount *mount = mounts_push(plan, target, err);

	if (!mount)
		return -err->code;
	mount->kind = PLAN_MOUNT_FILE;
	mount->per_run = mount->made = true;
	mount->directory = false;
	mount->item = CONTAINER_ITEM_FILE;
	mount->index = index;
	return 0;
}

static size_t depth(const char *path)
{
	size_t slashes = 0;

	for (; *path; path++)
		slashes += *path == '/';
	return slashes;
}

/* Stable: of two on the same target the later one ends on top. */
static void sort_by_depth(struct plan_mount *mounts, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		struct plan_mount moving = mounts[i];
		size_t k = i;

		for (; k > 0 && depth(mounts[k - 1].target) > depth(moving.target); k--)
			mounts[k] = mounts[k - 1];
		mounts[k] = moving;
	}
}

/* What lies below a mount of every run can only be mounted after it, so in every run too: @mount
 * comes after all it lies below. */
static void settle_per_run(const struct container_plan *plan, struct plan_mount *mount)
{
	for (const struct plan_mount *above = plan->mounts; above < mount; above++)
		mount->per_run = mount->per_run ||
				 (above->per_run && path_below(mount->target, above->target));
}

/* All binds that are not made by every run become detached mounts now, for the helper to attach. */
static int settle_binds(struct container_plan *plan, const struct container_config *config,
			struct container_fault *fault)
{
	for (size_t i = 0; i < plan->mount_count; i++) {
		struct plan_mount *mount = &plan->mounts[i];

		settle_per_run(plan, mount);
		if (mount->kind != PLAN_MOUNT_BIND)
			continue;
		autoclose int fd = plan_detach_bind(plan, mount, &fault->err);

		if (fd < 0) {
			err_prefix(&fault->err, "volume %s", config->mounts[mount->index].source);
			return fault_of(fault, mount->item, mount->index);
		}
		if (mount->per_run) /* it can be made: what of it is kept is where to make it of */
			continue;
		fd_drop(&mount->source_fd);
		mount->source_fd = take_fd(&fd);
	}
	return 0;
}

int plan_mounts_init(struct container_plan *plan, int root_fd,
		     const struct container_config *config, struct container_fault *fault)
{
	struct err *err = &fault->err;
	autoclose int nowhere_fd = open("/proc/self/fdinfo", O_PATH | O_CLOEXEC);

	plan->mounts = calloc(PLAN_MOUNTS_MAX, sizeof(*plan->mounts));
	if (!plan->mounts)
		return err_set(err, ENOMEM, "mount plan");
	int r = add_dev(plan, err);

	if (r == 0)
		r = add_defaults(plan, config, err);
	if (r == 0 && !config->unmasked && !config->privileged)
		r = protect_kernel(plan, err);
	if (r < 0)
		return r;
	/* The host's root is assembled later and has no links in the way of a mount but ours; a
	 * directory without links of any name stands in for it. */
	if (root_fd < 0)
		root_fd = nowhere_fd;
	for (unsigned i = 0; i < config->mount_count; i++)
		if (add_configured(plan, config, i, root_fd, err) < 0)
			return fault_of(fault, CONTAINER_ITEM_MOUNT, i);
	for (unsigned i = 0; i < config->file_count; i++)
		if (add_file(plan, config, i, root_fd, err) < 0)
			return fault_of(fault, CONTAINER_ITEM_FILE, i);
	sort_by_depth(plan->mounts, plan->mount_count);
	return settle_binds(plan, config, fault);
}
