// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The root of CONTAINER_ROOT_HOST: a small file system with the host's program directories bound
 * read-only and /etc as an overlay in which everything secret is whited out; see plan.h. Runs in
 * the helper process of container_prepare(), in a mount namespace of its own; may allocate.
 */
#include "runtime/base/cleanup.h"
#include "runtime/defaults.h"
#include "runtime/plan_mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#define ETC_DEPTH_MAX 32

/* Whether what is at @path (relative to /etc) must not be seen: it is not for everyone to read, or
 * is on the list. */
static bool etc_hidden(const char *path, const struct stat *st)
{
	for (const char *const *pattern = defaults_host_secrets(); *pattern; pattern++)
		if (fnmatch(*pattern, path, FNM_PATHNAME) == 0)
			return true;
	if (S_ISLNK(st->st_mode))
		return false;
	if (S_ISDIR(st->st_mode))
		return (st->st_mode & (S_IROTH | S_IXOTH)) != (S_IROTH | S_IXOTH);
	return !S_ISREG(st->st_mode) || !(st->st_mode & S_IROTH);
}

/* Removes the mark that hides @path. True when there was one. */
static bool etc_unhide(int layer_fd, const char *path)
{
	struct stat st;

	return fstatat(layer_fd, path, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISCHR(st.st_mode) &&
	       unlinkat(layer_fd, path, 0) == 0;
}

/* A directory in our layer; in the place of a hidden one it shows nothing of that. */
static int etc_make_dir(int layer_fd, const char *path)
{
	bool opaque = etc_unhide(layer_fd, path);

	if (mkdirat(layer_fd, path, 0755) < 0)
		return -errno;
	if (!opaque)
		return 0;
	autoclose int fd = openat(layer_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 || fsetxattr(fd, "trusted.overlay.opaque", "y", 1, 0) < 0 ? -errno : 0;
}

/* The directories above @path in our layer, with the attributes of the host's: an overlay shows
 * those of the upmost layer. */
static int etc_make_parents(int layer_fd, int etc_fd, const char *path)
{
	char part[PATH_MAX];

	for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		size_t len = (size_t)(slash - path);
		struct stat st;

		memcpy(part, path, len);
		part[len] = '\0';
		int r = etc_make_dir(layer_fd, part);

		if (r == -EEXIST)
			continue;
		if (r < 0)
			return r;
		if (fstatat(etc_fd, part, &st, AT_SYMLINK_NOFOLLOW) < 0) {
			if (errno == ENOENT)
				continue; /* above a mount point: ours alone */
			return -errno;
		}
		if (fchownat(layer_fd, part, st.st_uid, st.st_gid, AT_SYMLINK_NOFOLLOW) < 0 ||
		    fchmodat(layer_fd, part, st.st_mode & 07777, 0) < 0)
			return -errno;
	}
	return 0;
}

static int etc_hide(int layer_fd, int etc_fd, const char *path)
{
	int r = etc_make_parents(layer_fd, etc_fd, path);

	/* A character device 0:0 is overlayfs's "not here". */
	if (r == 0 && mknodat(layer_fd, path, S_IFCHR, makedev(0, 0)) < 0)
		r = -errno;
	return r;
}

static int etc_walk(int layer_fd, int etc_fd, const char *path, unsigned level);

/* What is to be seen of one entry. What cannot be looked at must not pass for harmless. */
static int etc_look(int layer_fd, int etc_fd, const char *path, unsigned level)
{
	struct stat st;

	if (fstatat(etc_fd, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -errno; /* removed in the meantime */
	if (etc_hidden(path, &st) || (S_ISDIR(st.st_mode) && level == 0))
		return etc_hide(layer_fd, etc_fd, path);
	return S_ISDIR(st.st_mode) ? etc_walk(layer_fd, etc_fd, path, level - 1) : 0;
}

static int etc_walk(int layer_fd, int etc_fd, const char *path, unsigned level)
{
	autoclose int opened = openat(etc_fd, path[0] ? path : ".",
				      O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	autodir DIR *dir = opened < 0 ? NULL : fdopendir(opened);
	int r = 0;

	if (!dir)
		return -errno;
	(void)take_fd(&opened); /* the stream owns it */
	for (errno = 0; r == 0;) {
		char child[PATH_MAX];
		struct dirent *entry = readdir(dir);

		if (!entry)
			return -errno;
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		int n = snprintf(child, sizeof(child), "%s%s%s", path, path[0] ? "/" : "",
				 entry->d_name);

		if (n < 0 || (size_t)n >= sizeof(child))
			return -ENAMETOOLONG;
		r = etc_look(layer_fd, etc_fd, child, level);
		errno = 0;
	}
	return r;
}

/* The names on the list that the host does not have: it may make them later, and then with a mode
 * that nobody looks at again. */
static int etc_hide_future(int layer_fd, int etc_fd)
{
	for (const char *const *name = defaults_host_secrets(); *name; name++) {
		char parent[PATH_MAX];
		const char *slash = strrchr(*name, '/');

		snprintf(parent, sizeof(parent), "%.*s", slash ? (int)(slash - *name) : 1,
			 slash ? *name : ".");
		if (strpbrk(*name, "*?["))
			continue;
		if (faccessat(etc_fd, parent, F_OK, 0) < 0) {
			if (errno == ENOENT || errno == ENOTDIR)
				continue;
			return -errno;
		}
		int r = etc_hide(layer_fd, etc_fd, *name);

		if (r < 0 && r != -EEXIST)
			return r;
	}
	return 0;
}

/* The mount points below /etc that the host lacks or hides. */
static int etc_points(int layer_fd, int etc_fd, const struct container_plan *plan)
{
	for (size_t i = 0; i < plan->mount_count; i++) {
		const struct plan_mount *mount = &plan->mounts[i];
		const char *path = mount->target + strlen("/etc/");
		struct stat st;

		if (strncmp(mount->target, "/etc/", 5) != 0)
			continue;
		if (fstatat(layer_fd, path, &st, AT_SYMLINK_NOFOLLOW) < 0 &&
		    faccessat(etc_fd, path, F_OK, 0) == 0)
			continue;
		int r = etc_make_parents(layer_fd, etc_fd, path);

		if (r < 0)
			return r;
		if (mount->directory) {
			r = etc_make_dir(layer_fd, path);
			if (r < 0 && r != -EEXIST)
				return r;
			continue;
		}
		(void)etc_unhide(layer_fd, path);
		autoclose int fd =
			openat(layer_fd, path, O_CREAT | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0644);

		if (fd < 0)
			return -errno;
	}
	return 0;
}

/* Files a run mounts its own over; the name needs none, the kernel tells it. */
static int etc_own_files(int layer_fd)
{
	static const char *const files[] = {"hosts", "resolv.conf"};

	(void)etc_unhide(layer_fd, "hostname");
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		(void)etc_unhide(layer_fd, files[i]);
		autoclose int fd =
			openat(layer_fd, files[i], O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0644);

		if (fd < 0)
			return -errno;
	}
	return symlinkat("/proc/sys/kernel/hostname", layer_fd, "hostname") < 0 ? -errno : 0;
}

static int etc_mount(const struct container_plan *plan, int layers_fd, int root_fd, struct err *err)
{
	autoclose int dir_fd = open("/etc", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (dir_fd < 0)
		return err_set(err, errno, "open /etc");
	/* As the container is to see it, owners included. */
	autoclose int etc_fd = plan_detach_dir(plan, dir_fd, true, err);

	if (etc_fd < 0)
		return err_prefix(err, "/etc");
	autoclose int layer_fd = plan_layers_own(layers_fd, err);

	if (layer_fd < 0)
		return layer_fd;
	int r = etc_walk(layer_fd, etc_fd, "", ETC_DEPTH_MAX);

	if (r == 0)
		r = etc_hide_future(layer_fd, etc_fd);
	if (r == 0)
		r = etc_own_files(layer_fd);
	if (r == 0)
		r = etc_points(layer_fd, etc_fd, plan);
	if (r < 0)
		return err_set(err, -r, "hide the secrets of /etc");
	r = plan_layers_add_own(layers_fd, 0, err);
	if (r == 0)
		r = plan_layers_add(layers_fd, 1, etc_fd, err);
	autoclose int fd = r < 0 ? r : plan_overlay(layers_fd, 2, false, err);

	if (fd < 0)
		return fd;
	if (move_mount(fd, "", root_fd, "etc", MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return err_set(err, errno, "mount /etc");
	return 0;
}

/* One of /usr, /bin, …: a link stays one, a directory is bound. */
static int program_mount(const struct container_plan *plan, int root_fd, const char *name,
			 struct err *err)
{
	char path[PATH_MAX];
	char target[PATH_MAX];

	snprintf(path, sizeof(path), "/%s", name);
	ssize_t n = readlink(path, target, sizeof(target) - 1);

	if (n >= 0) {
		target[n] = '\0';
		return symlinkat(target, root_fd, name) < 0 ? err_set(err, errno, "%s", path) : 0;
	}
	if (errno != EINVAL)
		return errno == ENOENT ? 0 : err_set(err, errno, "%s", path);
	autoclose int source_fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (source_fd < 0)
		return err_set(err, errno, "%s", path);
	autoclose int fd = plan_detach_mount(plan, source_fd, true, err);

	if (fd < 0)
		return err_prefix(err, "%s", path);
	if (mkdirat(root_fd, name, 0755) < 0 ||
	    move_mount(fd, "", root_fd, name, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return err_set(err, errno, "mount %s", path);
	return 0;
}

static int skeleton_make(int root_fd, struct err *err)
{
	for (const struct defaults_dir *dir = defaults_host_dirs(); dir->path; dir++)
		if (mkdirat(root_fd, dir->path, 0755) < 0 ||
		    fchmodat(root_fd, dir->path, dir->mode, 0) < 0)
			return err_set(err, errno, "make /%s", dir->path);
	for (const struct defaults_link *link = defaults_host_links(); link->name; link++)
		if (symlinkat(link->target, root_fd, link->name) < 0)
			return err_set(err, errno, "make /%s", link->name);
	return 0;
}

int plan_host_root(const struct container_plan *plan, int root_fd, int layers_fd, struct err *err)
{
	int r = skeleton_make(root_fd, err);

	for (const char *const *name = defaults_host_programs(); r == 0 && *name; name++)
		r = program_mount(plan, root_fd, *name, err);
	return r < 0 ? r : etc_mount(plan, layers_fd, root_fd, err);
}

int plan_small_fs(const char *name, struct err *err)
{
	autoclose int fs_fd = fsopen("tmpfs", FSOPEN_CLOEXEC);

	if (fs_fd < 0 || fsconfig(fs_fd, FSCONFIG_SET_STRING, "source", name, 0) < 0 ||
	    fsconfig(fs_fd, FSCONFIG_SET_STRING, "mode", "0755", 0) < 0 ||
	    fsconfig(fs_fd, FSCONFIG_SET_STRING, "size", "4m", 0) < 0 ||
	    fsconfig(fs_fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return err_set(err, errno, "file system for %s", name);
	int fd = fsmount(fs_fd, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);

	return fd < 0 ? err_set(err, errno, "file system for %s", name) : fd;
}
