// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Making the entries of a layer at their places; see unpack_internal.h. What the kernel would give
 * a meaning to beyond the file itself (devices, most extended attributes) is left out here.
 */
#include "runtime/base/cleanup.h"
#include "runtime/image/unpack_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#define XATTR_BYTES_MAX 65536 /* as the kernel */

/* linux/capability.h: struct vfs_cap_data of revision 2, without an owner's user namespace. */
#define CAPABILITY_BYTES    20
#define CAPABILITY_REVISION 0x02
#define CAPABILITY_FLAGS    0x01 /* effective */

static bool is_capability(const struct tar_xattr *xattr)
{
	const unsigned char *bytes = xattr->value;

	return xattr->size == CAPABILITY_BYTES && bytes[3] == CAPABILITY_REVISION &&
	       bytes[2] == 0 && bytes[1] == 0 && (bytes[0] & ~CAPABILITY_FLAGS) == 0;
}

/* user.overlay.* is overlayfs' own in a user namespace, as trusted.overlay.* is elsewhere. */
static bool may_have(const struct tar_xattr *xattr)
{
	if (strcmp(xattr->name, "security.capability") == 0)
		return is_capability(xattr);
	return strncmp(xattr->name, "user.", 5) == 0 && xattr->name[5] != '\0' &&
	       strncmp(xattr->name, "user.overlay.", 13) != 0 && xattr->size <= XATTR_BYTES_MAX;
}

static int set_xattrs(struct tar *tar, int fd, struct err *err)
{
	struct tar_xattr xattr;

	while (tar_xattr(tar, &xattr))
		if (may_have(&xattr) && fsetxattr(fd, xattr.name, xattr.value, xattr.size, 0) < 0)
			return err_set(err, errno, "attribute %.60s", xattr.name);
	return 0;
}

/* The owner first: changing it takes set-user-ID bits and capabilities away. */
static int set_attributes(const struct unpack *unpack, struct tar *tar,
			  const struct tar_entry *entry, int fd, struct err *err)
{
	const struct timespec times[2] = {entry->mtime, entry->mtime};

	if (unpack->target->archive)
		return 0;
	if (fchown(fd, (uid_t)entry->uid, (gid_t)entry->gid) < 0 ||
	    fchmod(fd, entry->mode & 07777) < 0)
		return err_set(err, errno, "owner and mode");
	int r = set_xattrs(tar, fd, err);

	if (r == 0 && futimens(fd, times) < 0)
		return err_set(err, errno, "time");
	return r;
}

static int write_block(int fd, const struct tar_block *block)
{
	const char *bytes = block->bytes;

	for (size_t done = 0; done < block->len;) {
		ssize_t n =
			pwrite(fd, bytes + done, block->len - done, block->offset + (int64_t)done);

		if (n < 0)
			return -errno;
		done += (size_t)n;
	}
	return 0;
}

static int write_content(struct tar *tar, const struct tar_entry *entry, int fd, struct err *err)
{
	struct tar_block block;
	int r = 0;

	while ((r = tar_read(tar, &block, err)) > 0) {
		if (block.offset < 0 || (int64_t)block.len > entry->size - block.offset)
			return err_say(err, EBADMSG, "has more content than it says");
		int written = write_block(fd, &block);

		if (written < 0)
			return err_set(err, -written, "write");
	}
	if (r == 0 && ftruncate(fd, entry->size) < 0)
		return err_set(err, errno, "write");
	return r;
}

static int make_file(struct unpack *unpack, struct tar *tar, const struct tar_entry *entry,
		     const struct unpack_place *place, struct err *err)
{
	autoclose int fd = openat(place->parent_fd, place->name,
				  O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return err_set(err, errno, "make file");
	int r = write_content(tar, entry, fd, err);

	return r < 0 ? r : set_attributes(unpack, tar, entry, fd, err);
}

static int remember_time(struct unpack *unpack, const char *path, const struct timespec *mtime,
			 struct err *err)
{
	struct unpack_time *times = unpack->times;

	/* Grows to the next power of two. */
	if ((unpack->time_count & (unpack->time_count - 1)) == 0)
		times = reallocarray(times, unpack->time_count ? unpack->time_count * 2 : 1,
				     sizeof(*times));
	char *copy = times ? strdup(path) : NULL;

	if (times)
		unpack->times = times;
	if (!copy)
		return err_set(err, ENOMEM, "directory");
	times[unpack->time_count++] = (struct unpack_time){copy, *mtime};
	return 0;
}

static int make_dir(struct unpack *unpack, struct tar *tar, const struct tar_entry *entry,
		    const struct unpack_place *place, struct err *err)
{
	if (mkdirat(place->parent_fd, place->name, 0700) < 0 && errno != EEXIST)
		return err_set(err, errno, "make directory");
	autoclose int fd = openat(place->parent_fd, place->name,
				  O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return err_set(err, errno, "make directory");
	if (place->hidden && fsetxattr(fd, UNPACK_OPAQUE, "y", 1, 0) < 0)
		return err_set(err, errno, "make directory opaque");
	return set_attributes(unpack, tar, entry, fd, err);
}

static int make_symlink(const struct unpack *unpack, const struct tar_entry *entry,
			const struct unpack_place *place, struct err *err)
{
	const struct timespec times[2] = {entry->mtime, entry->mtime};

	if (symlinkat(entry->link, place->parent_fd, place->name) < 0)
		return err_set(err, errno, "make link");
	if (unpack->target->archive)
		return 0;
	if (fchownat(place->parent_fd, place->name, (uid_t)entry->uid, (gid_t)entry->gid,
		     AT_SYMLINK_NOFOLLOW) < 0 ||
	    utimensat(place->parent_fd, place->name, times, AT_SYMLINK_NOFOLLOW) < 0)
		return err_set(err, errno, "owner of link");
	return 0;
}

static int make_fifo(const struct unpack *unpack, const struct tar_entry *entry,
		     const struct unpack_place *place, struct err *err)
{
	if (unpack->target->archive)
		return 0;
	if (mkfifoat(place->parent_fd, place->name, 0600) < 0 ||
	    fchownat(place->parent_fd, place->name, (uid_t)entry->uid, (gid_t)entry->gid,
		     AT_SYMLINK_NOFOLLOW) < 0 ||
	    fchmodat(place->parent_fd, place->name, entry->mode & 01777, 0) < 0)
		return err_set(err, errno, "make fifo");
	return 0;
}

/* What a hard link is to: a file of this very layer, found below its directory as every name. */
static int find_link(struct unpack *unpack, const char *name, int *ret_fd, struct err *err)
{
	struct unpack_path path;
	struct unpack_place place;
	struct stat st;
	int r = unpack_normalise(name, unpack->target->limits->depth, &path, err);

	if (r == 0 && !path.text[0])
		r = err_say(err, EINVAL, "the root");
	if (r == 0)
		r = unpack_find(unpack, &path, false, &place, err);
	if (r < 0)
		return r;
	autoclose int fd = openat(place.parent_fd, place.name, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_say(err, errno, "%s",
			       errno == ENOENT ? "not in this layer" : strerrordesc_np(errno));
	if (S_ISDIR(st.st_mode) || unpack_is_whiteout(&st))
		return err_say(err, EINVAL, "not a file");
	*ret_fd = take_fd(&fd);
	return 0;
}

static bool same_file(int fd, const struct unpack_place *place)
{
	struct stat one;
	struct stat other;

	return fstat(fd, &one) == 0 &&
	       fstatat(place->parent_fd, place->name, &other, AT_SYMLINK_NOFOLLOW) == 0 &&
	       one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

static int make_hardlink(struct unpack *unpack, const struct tar_entry *entry,
			 struct unpack_path *path, struct err *err)
{
	char shown[120];
	struct unpack_place place;
	autoclose int fd = -1;

	if (find_link(unpack, entry->link, &fd, err) < 0)
		return err_prefix(err, "hard link to '%s'",
				  unpack_shown(entry->link, shown, sizeof(shown)));
	int r = unpack_find(unpack, path, true, &place, err);

	if (r < 0 || same_file(fd, &place))
		return r;
	r = unpack_clear(unpack, &place, false, err);
	if (r < 0)
		return r;
	if (linkat(fd, "", place.parent_fd, place.name, AT_EMPTY_PATH) < 0)
		return err_set(err, errno, "make hard link");
	return 0;
}

static int make_root(struct unpack *unpack, struct tar *tar, const struct tar_entry *entry,
		     struct err *err)
{
	if (entry->kind != TAR_DIR)
		return err_say(err, EINVAL, "would replace the root");
	return set_attributes(unpack, tar, entry, unpack->target->root_fd, err);
}

int unpack_make(struct unpack *unpack, struct tar *tar, const struct tar_entry *entry,
		struct unpack_path *path, struct err *err)
{
	struct unpack_place place;
	int r = 0;

	if (entry->kind == TAR_DEVICE)
		return 0;
	if (entry->kind == TAR_DIR && !unpack->target->archive)
		r = remember_time(unpack, path->text, &entry->mtime, err);
	if (r < 0)
		return r;
	if (!path->text[0])
		return make_root(unpack, tar, entry, err);
	if (entry->kind == TAR_HARDLINK)
		return make_hardlink(unpack, entry, path, err);
	r = unpack_find(unpack, path, true, &place, err);
	if (r == 0)
		r = unpack_clear(unpack, &place, entry->kind == TAR_DIR, err);
	if (r < 0)
		return r;
	switch (entry->kind) {
	case TAR_FILE:
		return make_file(unpack, tar, entry, &place, err);
	case TAR_DIR:
		return make_dir(unpack, tar, entry, &place, err);
	case TAR_SYMLINK:
		return make_symlink(unpack, entry, &place, err);
	case TAR_FIFO:
		return make_fifo(unpack, entry, &place, err);
	case TAR_HARDLINK:
	case TAR_DEVICE:
	case TAR_OTHER:
		break;
	}
	return err_say(err, EINVAL, "is of a kind that is not taken");
}
