// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The layers of overlays: mounts of a mount namespace, side by side in a small file system and
 * named by number, so that an overlay is told of them by short relative names. A writable root's
 * stay in the prepared namespace, where every run makes its own overlay of them. Allocates nothing.
 */
#include "runtime/base/cleanup.h"
#include "runtime/base/path.h"
#include "runtime/plan_mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

int plan_layers_make(int state_fd, const char *name, struct err *err)
{
	static const char *const dirs[] = {PLAN_LAYERS_OWN, PLAN_LAYERS_RUN, PLAN_LAYERS_ROOT};
	autoclose int fd = plan_small_fs("layers", err);

	if (fd < 0)
		return fd;
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		if (mkdirat(fd, dirs[i], 0755) < 0)
			return err_set(err, errno, "make layer %s", dirs[i]);
	int r = plan_attach(state_fd, name, fd, err);

	return r < 0 ? r : take_fd(&fd);
}

int plan_layers_own(int layers_fd, struct err *err)
{
	int fd = openat(layers_fd, PLAN_LAYERS_OWN, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? err_set(err, errno, "open layer " PLAN_LAYERS_OWN) : fd;
}

int plan_layers_add(int layers_fd, unsigned number, int mount_fd, struct err *err)
{
	char name[12];

	snprintf(name, sizeof(name), "%u", number);
	return plan_attach(layers_fd, name, mount_fd, err);
}

int plan_layers_add_own(int layers_fd, unsigned number, struct err *err)
{
	autoclose int fd =
		open_tree(layers_fd, PLAN_LAYERS_OWN, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

	if (fd < 0)
		return err_set(err, errno, "copy layer " PLAN_LAYERS_OWN);
	return plan_layers_add(layers_fd, number, fd, err);
}

static int overlay_option(int fs_fd, const char *key, const char *value, struct err *err)
{
	if (fsconfig(fs_fd, FSCONFIG_SET_STRING, key, value, 0) < 0)
		return err_set(err, errno, "overlay option %s", key);
	return 0;
}

/* One option for all is what every kernel knows, but it may not be long; one for each is known
 * since Linux 6.7. */
static int overlay_lower(int fs_fd, unsigned count, struct err *err)
{
	char text[256]; /* more an option may not have */
	size_t len = 0;
	int r = 0;

	for (unsigned i = 0; i < count && len < sizeof(text); i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%u", i ? ":" : "", i);
	if (len < sizeof(text))
		return overlay_option(fs_fd, "lowerdir", text, err);
	for (unsigned i = 0; r == 0 && i < count; i++) {
		snprintf(text, sizeof(text), "%u", i);
		r = overlay_option(fs_fd, "lowerdir+", text, err);
	}
	return r < 0 ? err_prefix(err, "%u layers", count) : 0;
}

static int overlay_layers(int fs_fd, unsigned count, bool writable, struct err *err)
{
	int r = overlay_option(fs_fd, "source", "overlay", err);

	if (r == 0)
		r = overlay_lower(fs_fd, count, err);
	if (r < 0 || !writable)
		return r;
	r = overlay_option(fs_fd, "upperdir", PLAN_LAYERS_RUN "/upper", err);
	return r < 0 ? r : overlay_option(fs_fd, "workdir", PLAN_LAYERS_RUN "/work", err);
}

int plan_overlay(int layers_fd, unsigned count, bool writable, struct err *err)
{
	unsigned attr = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | (writable ? 0 : MOUNT_ATTR_RDONLY);
	autoclose int fs_fd = fsopen("overlay", FSOPEN_CLOEXEC);

	if (fs_fd < 0)
		return err_set(err, errno, "overlay file system");
	/* Relative names: no path to escape, and none of the host's to be read in the container's
	 * mount table. */
	if (fchdir(layers_fd) < 0)
		return err_set(err, errno, "enter the layers");
	int r = overlay_layers(fs_fd, count, writable, err);

	if (r < 0)
		return r;
	if (fsconfig(fs_fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return err_set(err, errno, "overlay of this directory's file system");
	int fd = fsmount(fs_fd, FSMOUNT_CLOEXEC, attr);

	return fd < 0 ? err_set(err, errno, "overlay mount") : fd;
}
