// SPDX-License-Identifier: GPL-2.0-or-later
/* See missing.h. */
#include "launcher/missing.h"

#include "manifests/manifest.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* What may not be looked at, may be there. */
static bool is_missing(const char *path)
{
	struct stat st;

	return stat(path, &st) < 0 && (errno == ENOENT || errno == ENOTDIR);
}

/* As `up` finds it, for which no link leads out of what instances can write to. */
static bool is_mount_missing(const struct stack *stack, const char *path, bool made)
{
	const char *top = stack_writable_above(stack, path);
	autoclose int top_fd = top ? open(top, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;

	if (top_fd < 0)
		return !made && is_missing(path);
	const char *below = path + strlen(top);
	autoclose int fd = path_open_in(top_fd, below, O_PATH);

	if (fd != -ENOENT && fd != -ENOTDIR)
		return false;
	autoclose int plain_fd = path_open_plain(top_fd, below, O_PATH);

	return !made || plain_fd == -ELOOP; /* (it is not made where a link leads) */
}

/* One that is not there. */
static void tell(struct strv *lines, const struct service *service, const struct pos *pos,
		 const char *kind, const char *path)
{
	bool volume = strcmp(kind, "volume") == 0;

	diagnostic_add(lines, SEVERITY_ERROR, *pos, service->name, "%s %s: %s", kind, path,
		       volume ? "no such directory" : strerrordesc_np(ENOENT));
}

/* NULL: it has none, or it is made in any case, or there is no memory. */
static char *source_of(const struct stack *stack, const struct mount_spec *mount,
		       const char *volumes_dir)
{
	const struct volume *volume = NULL;
	char *path = NULL;

	if (mount->kind == MOUNT_BIND)
		return mount->engine_socket ? NULL : strdup(mount->source);
	if (mount->kind == MOUNT_VOLUME && mount->source)
		volume = stack_volume(stack, mount->source);
	if (volume && volume->device)
		return strdup(volume->device);
	if (!volume || !volume->external)
		return NULL;
	return asprintf(&path, "%s/%s", volumes_dir, volume->name) < 0 ? NULL : path;
}

void missing_list(const struct stack *stack, const struct service *service, const char *volumes_dir,
		  struct strv *lines)
{
	if (service->rootfs == ROOTFS_DIR && is_missing(service->rootfs_dir))
		tell(lines, service, &service->rootfs_pos, "root", service->rootfs_dir);
	for (size_t i = 0; i < service->mount_count; i++) {
		const struct mount_spec *mount = &service->mounts[i];
		autofree char *source = source_of(stack, mount, volumes_dir);

		if (source && is_mount_missing(stack, source, mount->create_host_path))
			tell(lines, service, &mount->source_pos, "volume", source);
	}
	for (size_t i = 0; i < service->device_count; i++)
		if (is_missing(service->devices[i].source))
			tell(lines, service, &service->devices[i].pos, "device",
			     service->devices[i].source);
}
