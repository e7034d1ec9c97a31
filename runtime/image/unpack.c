// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Unpacking a layer: the entries in turn, counted against the limits; whiteouts; see unpack.h.
 */
#include "runtime/image/unpack.h"

#include "runtime/base/cleanup.h"
#include "runtime/base/path.h"
#include "runtime/image/unpack_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#define WHITEOUT     ".wh."
#define WHITEOUT_LEN 4
#define OPAQUE	     ".wh..wh..opq"
#define OWN_OF_AUFS  ".wh..wh." /* its bookkeeping, which some layers still have */

const char *unpack_shown(const char *name, char *text, size_t size)
{
	size_t used = 0;

	for (; *name && used + 5 < size; name++) {
		unsigned char byte = (unsigned char)*name;

		if (byte >= ' ' && byte < 0x7f && byte != '\'' && byte != '\\')
			text[used++] = (char)byte;
		else
			used += (size_t)snprintf(text + used, size - used, "\\x%02x", byte);
	}
	text[used] = '\0';
	return text;
}

/* Hides what lower layers have of a name. What this layer has of it stays: the order of entries
 * means nothing. */
static int hide(struct unpack *unpack, struct unpack_path *path, struct err *err)
{
	struct unpack_place place;
	struct stat st;
	int r = unpack_find(unpack, path, true, &place, err);

	if (r < 0)
		return r;
	if (fstatat(place.parent_fd, place.name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
		if (errno != ENOENT ||
		    mknodat(place.parent_fd, place.name, S_IFCHR, makedev(0, 0)) < 0)
			return err_set(err, errno, "make whiteout");
		return 0;
	}
	if (!S_ISDIR(st.st_mode))
		return 0;
	autoclose int fd = openat(place.parent_fd, place.name,
				  O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 || fsetxattr(fd, UNPACK_OPAQUE, "y", 1, 0) < 0)
		return err_set(err, errno, "make directory opaque");
	return 0;
}

static int hide_all(struct unpack *unpack, struct unpack_path *path, struct err *err)
{
	struct unpack_place place;
	int r = unpack_find(unpack, path, true, &place, err);

	if (r < 0)
		return r;
	autoclose int fd = openat(place.parent_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || fsetxattr(fd, UNPACK_OPAQUE, "y", 1, 0) < 0)
		return err_set(err, errno, "make directory opaque");
	return 0;
}

static int apply_whiteout(struct unpack *unpack, struct unpack_path *path, char *name,
			  struct err *err)
{
	const char *hidden = name + WHITEOUT_LEN;

	if (strcmp(name, OPAQUE) == 0)
		return hide_all(unpack, path, err);
	if (strncmp(name, OWN_OF_AUFS, strlen(OWN_OF_AUFS)) == 0)
		return 0;
	if (hidden[0] == '\0' || strcmp(hidden, ".") == 0 || strcmp(hidden, "..") == 0)
		return err_say(err, EINVAL, "is a whiteout of no name");
	memmove(name, hidden, strlen(hidden) + 1);
	return hide(unpack, path, err);
}

/* Before anything is written: what the entry says of itself. */
static int check_entry(const struct unpack *unpack, const struct tar_entry *entry, struct err *err)
{
	const struct image_limits *limits = unpack->target->limits;
	struct unpack_used *used = unpack->target->used;
	int64_t bytes = entry->kind == TAR_FILE ? entry->size : 0;
	int64_t max = unpack->target->archive ? limits->archive_bytes : limits->bytes;

	if (++used->entries > limits->entries)
		return err_say(err, E2BIG, "more than %lld entries", (long long)limits->entries);
	if (entry->size < 0 || bytes > max - used->bytes)
		return err_say(err, EFBIG, "more than %lld bytes of files", (long long)max);
	if (entry->uid < 0 || entry->uid >= UINT32_MAX || entry->gid < 0 ||
	    entry->gid >= UINT32_MAX)
		return err_say(err, EINVAL, "owner %lld:%lld is out of range",
			       (long long)entry->uid, (long long)entry->gid);
	bool link = entry->kind == TAR_SYMLINK || entry->kind == TAR_HARDLINK;

	if (link && (entry->link[0] == '\0' || strlen(entry->link) >= PATH_MAX))
		return err_say(err, ENAMETOOLONG, "leads to a name that is empty or too long");
	used->bytes += bytes;
	return 0;
}

static int unpack_entry(struct unpack *unpack, struct tar *tar, const struct tar_entry *entry,
			struct err *err)
{
	struct unpack_path path;
	int r = check_entry(unpack, entry, err);

	if (r == 0)
		r = unpack_normalise(entry->name, unpack->target->limits->depth, &path, err);
	if (r < 0)
		return r;
	char *slash = strrchr(path.text, '/');
	char *name = slash ? slash + 1 : path.text;

	if (!unpack->target->archive && strncmp(name, WHITEOUT, WHITEOUT_LEN) == 0)
		return apply_whiteout(unpack, &path, name, err);
	return unpack_make(unpack, tar, entry, &path, err);
}

/* One that is not there any more, or something else now, has no time to restore. */
static void set_times(const struct unpack *unpack)
{
	for (size_t i = unpack->time_count; i > 0; i--) {
		const struct unpack_time *time = &unpack->times[i - 1];
		const struct timespec both[2] = {time->mtime, time->mtime};
		autoclose int fd =
			path_open_in(unpack->target->root_fd, time->path[0] ? time->path : "/",
				     O_RDONLY | O_DIRECTORY);

		if (fd >= 0)
			(void)futimens(fd, both);
	}
}

static void times_free(struct unpack *unpack)
{
	for (size_t i = 0; i < unpack->time_count; i++)
		free(unpack->times[i].path);
	free(unpack->times);
}

int unpack_tar(struct tar *tar, const struct unpack_target *target, struct err *err)
{
	struct unpack unpack = {.target = target, .parent_fd = -1};
	struct tar_entry entry;
	int r = 0;

	while ((r = tar_next(tar, &entry, err)) > 0) {
		char shown[200];

		if (target->tick)
			target->tick(target->tick_context, tar_packed(tar));
		if (unpack_entry(&unpack, tar, &entry, err) < 0) {
			r = err_prefix(err, "entry '%s'",
				       unpack_shown(entry.name, shown, sizeof(shown)));
			break;
		}
	}
	if (r == 0 && !target->archive)
		set_times(&unpack);
	fd_drop(&unpack.parent_fd);
	times_free(&unpack);
	return r;
}
