// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The private /dev: a small file system with the harmless devices and those the configuration adds,
 * shared by all runs of a plan, and the filter that allows just these. Looked up in the parent,
 * made in the helper process of container_prepare(), which makes it read-only once the mount points
 * in it are made.
 */
#include "runtime/base/cleanup.h"
#include "runtime/base/path.h"
#include "runtime/defaults.h"
#include "runtime/devices.h"
#include "runtime/plan_mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* The masks of /proc are made of /dev/null: it has to be what its name says, as the others. */
static bool is_taken(const char *name, dev_t number)
{
	for (const struct defaults_device *dev = defaults_devices(); dev->name; dev++)
		if (strcmp(name, dev->name) == 0)
			return number != makedev(dev->major, dev->minor);
	return false;
}

static unsigned access_of(const struct container_device *from)
{
	return (from->mknod ? DEVICES_MKNOD : 0U) | (from->read ? DEVICES_READ : 0U) |
	       (from->write ? DEVICES_WRITE : 0U);
}

/* @from: one device node; moves @target in. */
static int add_node(struct container_plan *plan, const struct plan_device *from, char *target,
		    struct err *err)
{
	struct plan_device *more =
		reallocarray(plan->devices, plan->device_count + 1, sizeof(*plan->devices));

	if (!more || !target) {
		free(target);
		plan->devices = more ? more : plan->devices;
		return err_set(err, ENOMEM, "devices");
	}
	plan->devices = more;
	more[plan->device_count] = *from;
	more[plan->device_count++].target = target;
	return 0;
}

static int add_one(struct container_plan *plan, struct plan_device *from, const char *target,
		   const struct stat *st, struct err *err)
{
	if (is_taken(target + strlen("/dev/"), st->st_rdev))
		return err_say(err, EEXIST, "device %s: every container has its own", target);
	from->mode = st->st_mode & (S_IFMT | 0777);
	from->uid = st->st_uid;
	from->gid = st->st_gid;
	from->number = st->st_rdev;
	return add_node(plan, from, strdup(target), err);
}

/* All devices in a directory, such as /dev/snd, and below it. */
static int add_dir(struct container_plan *plan, struct plan_device *from, const char *source,
		   const char *target, struct err *err)
{
	autodir DIR *dir = opendir(source);
	int r = dir ? 0 : err_set(err, errno, "device %s", source);

	for (struct dirent *entry; r == 0 && (entry = readdir(dir));) {
		char path[PATH_MAX];
		char inside[PATH_MAX];
		struct stat st;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (snprintf(path, sizeof(path), "%s/%s", source, entry->d_name) >= PATH_MAX ||
		    snprintf(inside, sizeof(inside), "%s/%s", target, entry->d_name) >= PATH_MAX)
			return err_set(err, ENAMETOOLONG, "device %s", source);
		if (lstat(path, &st) < 0)
			continue; /* unplugged in the meantime */
		if (S_ISDIR(st.st_mode))
			r = add_dir(plan, from, path, inside, err);
		else if (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode))
			r = add_one(plan, from, inside, &st, err);
	}
	return r;
}

static int look_up(struct container_plan *plan, const struct container_device *from, unsigned index,
		   struct err *err)
{
	struct plan_device device = {.access = access_of(from), .index = index};
	struct stat st;

	if (strncmp(from->target, "/dev/", 5) != 0 || from->target[5] == '\0')
		return err_say(err, EINVAL, "device %s: must be below /dev", from->target);
	if (stat(from->source, &st) < 0)
		return err_set(err, errno, "device %s", from->source);
	if (S_ISDIR(st.st_mode))
		return add_dir(plan, &device, from->source, from->target, err);
	if (!S_ISCHR(st.st_mode) && !S_ISBLK(st.st_mode))
		return err_say(err, ENODEV, "device %s: is none", from->source);
	return add_one(plan, &device, from->target, &st, err);
}

static size_t default_rules(struct device_rule *rules)
{
	size_t count = 0;

	for (const struct defaults_device *dev = defaults_devices(); dev->name; dev++)
		rules[count++] = (struct device_rule){'c', dev->major, dev->minor, DEVICES_ALL};
	for (const struct defaults_device_rule *dev = defaults_device_rules(); dev->major; dev++)
		rules[count++] = (struct device_rule){'c', dev->major, dev->minor, DEVICES_ALL};
	return count;
}

static int load_filter(struct container_plan *plan, struct err *err)
{
	struct device_rule rules[DEVICES_RULES_MAX] = {0};
	size_t count = default_rules(rules);

	if (count + plan->device_count > DEVICES_RULES_MAX)
		return err_say(err, E2BIG, "more than %zu devices", DEVICES_RULES_MAX - count);
	for (size_t i = 0; i < plan->device_count; i++) {
		const struct plan_device *device = &plan->devices[i];

		rules[count++] = (struct device_rule){
			.type = S_ISBLK(device->mode) ? 'b' : 'c',
			.major = major(device->number),
			.minor = minor(device->number),
			.access = device->access,
		};
	}
	int r = devices_load(rules, count, &plan->devices_fd, err);

	/* A kernel without: what is left are mounts without devices and the lack of CAP_MKNOD. */
	return r == -ENOSYS || r == -EINVAL || r == -EPERM ? 0 : r;
}

int plan_devices_init(struct container_plan *plan, const struct container_config *config,
		      struct container_fault *fault)
{
	struct plan_device all = {.access = DEVICES_ALL};

	if (config->privileged && add_dir(plan, &all, "/dev", "/dev", &fault->err) < 0)
		return -fault->err.code;
	for (unsigned i = 0; i < config->device_count; i++)
		if (look_up(plan, &config->devices[i], i, &fault->err) < 0)
			return fault_of(fault, CONTAINER_ITEM_DEVICE, i);
	if (!config->privileged && load_filter(plan, &fault->err) < 0)
		return fault_of(fault, CONTAINER_ITEM_DEVICE, 0);
	return 0;
}

static int dev_populate(int dev_fd, struct err *err)
{
	for (const struct defaults_device *dev = defaults_devices(); dev->name; dev++) {
		/* The mode again: mknod's is less the umask. */
		if (mknodat(dev_fd, dev->name, S_IFCHR | 0666, makedev(dev->major, dev->minor)) <
			    0 ||
		    fchmodat(dev_fd, dev->name, 0666, 0) < 0)
			return err_set(err, errno, "make device %s", dev->name);
	}
	for (const struct defaults_link *link = defaults_dev_links(); link->name; link++)
		if (symlinkat(link->target, dev_fd, link->name) < 0)
			return err_set(err, errno, "make link /dev/%s", link->name);
	for (const struct defaults_dir *dir = defaults_dev_dirs(); dir->path; dir++)
		if (mkdirat(dev_fd, dir->path, 0755) < 0 ||
		    fchmodat(dev_fd, dir->path, dir->mode, 0) < 0)
			return err_set(err, errno, "make directory /dev/%s", dir->path);
	return 0;
}

/* One more; who may use it on the host may do so in the container. */
static int dev_add(const struct container_plan *plan, const struct plan_device *device, int dev_fd,
		   struct err *err)
{
	const char *name = device->target + strlen("/dev/");
	const char *slash = strrchr(device->target, '/');
	char parent[PATH_MAX];

	snprintf(parent, sizeof(parent), "%.*s", (int)(slash + 1 - name), name);
	autoclose int parent_fd = path_make_in(dev_fd, slash > name ? parent : "/", true);

	if (parent_fd < 0)
		return err_set(err, -parent_fd, "device %s", device->target);
	(void)unlinkat(parent_fd, slash + 1, 0);
	if (mknodat(parent_fd, slash + 1, device->mode, device->number) < 0 ||
	    fchmodat(parent_fd, slash + 1, device->mode & 0777, 0) < 0 ||
	    fchownat(parent_fd, slash + 1, plan->first_id + device->uid,
		     plan->first_id + device->gid, AT_SYMLINK_NOFOLLOW) < 0)
		return err_set(err, errno, "device %s", device->target);
	return 0;
}

int plan_dev_make(const struct container_plan *plan, struct container_fault *fault)
{
	struct err *err = &fault->err;
	autoclose int fs_fd = fsopen("tmpfs", FSOPEN_CLOEXEC);

	if (fs_fd < 0 || fsconfig(fs_fd, FSCONFIG_SET_STRING, "source", "dev", 0) < 0 ||
	    fsconfig(fs_fd, FSCONFIG_SET_STRING, "mode", "0755", 0) < 0 ||
	    fsconfig(fs_fd, FSCONFIG_SET_STRING, "size", "64k", 0) < 0 ||
	    fsconfig(fs_fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return err_set(err, errno, "file system for /dev");
	autoclose int fd = fsmount(fs_fd, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);

	if (fd < 0)
		return err_set(err, errno, "file system for /dev");
	int r = dev_populate(fd, err);

	for (size_t i = 0; r == 0 && i < plan->device_count; i++) {
		r = dev_add(plan, &plan->devices[i], fd, err);
		if (r < 0)
			return fault_of(fault, CONTAINER_ITEM_DEVICE, plan->devices[i].index);
	}
	return r < 0 ? r : take_fd(&fd);
}
