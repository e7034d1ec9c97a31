// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The files of a run that are neither of its root nor of the host: written anew for every run into
 * a file system in memory that has no name anywhere, and mounted read-only, each at its place. Runs
 * in the child; allocates nothing.
 */
#include "runtime/base/cleanup.h"
#include "runtime/base/path.h"
#include "runtime/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

static int make_fs(const struct container_plan *plan, struct err *err)
{
	char size[32];
	size_t bytes = 4096; /* its directory */

	for (size_t i = 0; i < plan->file_count; i++)
		bytes += (plan->files[i].len + 8191) & ~(size_t)4095;
	snprintf(size, sizeof(size), "%zu", bytes);
	autoclose int fs_fd = fsopen("tmpfs", FSOPEN_CLOEXEC);

	if (fs_fd < 0 || fsconfig(fs_fd, FSCONFIG_SET_STRING, "source", "files", 0) < 0 ||
	    fsconfig(fs_fd, FSCONFIG_SET_STRING, "mode", "0700", 0) < 0 ||
	    fsconfig(fs_fd, FSCONFIG_SET_STRING, "size", size, 0) < 0)
		return err_set(err, errno, "file system");
	/* Since Linux 6.4: a secret is not to be found on a disk later. */
	(void)fsconfig(fs_fd, FSCONFIG_SET_FLAG, "noswap", NULL, 0);
	if (fsconfig(fs_fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return err_set(err, errno, "file system");
	int fd = fsmount(fs_fd, FSMOUNT_CLOEXEC,
			 MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);

	return fd < 0 ? err_set(err, errno, "file system") : fd;
}

static int write_file(const struct container_plan *plan, const struct plan_file *file, int dir_fd,
		      const char *name, struct err *err)
{
	uid_t uid = plan->first_id + (file->uid < 0 ? plan->user.uid : (uid_t)file->uid);
	gid_t gid = plan->first_id + (file->gid < 0 ? plan->user.gid : (gid_t)file->gid);
	autoclose int fd =
		openat(dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return err_set(err, errno, "make");
	for (size_t done = 0; done < file->len;) {
		ssize_t n = write(fd, file->bytes + done, file->len - done);

		if (n < 0 && errno != EINTR)
			return err_set(err, errno, "write");
		done += n > 0 ? (size_t)n : 0;
	}
	/* The owner first: a change of it would take bits of the mode away. */
	if (fchown(fd, uid, gid) < 0 || fchmod(fd, file->mode) < 0)
		return err_set(err, errno, "owner and mode");
	return 0;
}

static int write_files(const struct container_plan *plan, int dir_fd, struct container_fault *fault)
{
	char name[12];

	for (unsigned i = 0; i < plan->file_count; i++) {
		snprintf(name, sizeof(name), "%u", i);
		if (write_file(plan, &plan->files[i], dir_fd, name, &fault->err) < 0)
			return fault_of(fault, CONTAINER_ITEM_FILE, i);
	}
	return 0;
}

/* Detached mounts of single files; only what is attached somewhere can be taken apart like that,
 * so the file system is, for a moment, at a place where nothing else is yet. */
static int detach_files(struct launch *launch, int fs_fd, struct container_fault *fault)
{
	const struct container_plan *plan = launch->plan;
	struct mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY, .propagation = MS_PRIVATE};
	autoclose int place_fd =
		path_open_plain(launch->root_fd, &PLAN_LAYERS_PLACE[1], O_PATH | O_DIRECTORY);
	char name[12];

	if (place_fd < 0)
		return err_set(&fault->err, -place_fd, "place of the file system");
	if (mount_setattr(fs_fd, "", AT_EMPTY_PATH, &attr, sizeof(attr)) < 0 ||
	    move_mount(fs_fd, "", place_fd, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) <
		    0)
		return err_set(&fault->err, errno, "attach the file system");
	for (size_t i = 0; i < plan->mount_count; i++) {
		const struct plan_mount *mount = &plan->mounts[i];

		if (mount->kind != PLAN_MOUNT_FILE)
			continue;
		snprintf(name, sizeof(name), "%u", mount->index);
		launch->bind_fds[i] = open_tree(fs_fd, name, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
		if (launch->bind_fds[i] < 0) {
			err_set(&fault->err, errno, "mount");
			return fault_of(fault, CONTAINER_ITEM_FILE, mount->index);
		}
	}
	if (fchdir(fs_fd) < 0 || umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
		return err_set(&fault->err, errno, "take the file system away");
	return 0;
}

int step_files(struct launch *launch, struct container_fault *fault)
{
	const struct container_plan *plan = launch->plan;

	if (!plan->file_count)
		return 0;
	autoclose int fs_fd = make_fs(plan, &fault->err);
	int r = fs_fd < 0 ? fs_fd : write_files(plan, fs_fd, fault);

	return r < 0 ? r : detach_files(launch, fs_fd, fault);
}
