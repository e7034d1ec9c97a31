// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Where an entry of a layer goes; see unpack_internal.h. Names are resolved by the kernel below the
 * layer's own directory; where the layer lacks a parent, as the layers below it have it.
 */
#include "runtime/base/cleanup.h"
#include "runtime/base/path.h"
#include "runtime/image/unpack_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#define NAME_BYTES_MAX 255
#define LINKS_MAX      40 /* as the kernel */

int unpack_normalise(const char *name, unsigned depth, struct unpack_path *ret, struct err *err)
{
	size_t used = 0;
	unsigned components = 0;

	ret->text[0] = '\0';
	while (*name) {
		size_t len = strcspn(name, "/");

		if (len == 2 && strncmp(name, "..", 2) == 0)
			return err_say(err, EINVAL, "leaves the layer by '..'");
		if (len > NAME_BYTES_MAX || used + len + 2 > sizeof(ret->text))
			return err_say(err, ENAMETOOLONG, "name is too long");
		if (len > 0 && !(len == 1 && name[0] == '.')) {
			if (++components > depth)
				return err_say(err, ELOOP, "is deeper than %u directories", depth);
			if (used)
				ret->text[used++] = '/';
			memcpy(ret->text + used, name, len);
			used += len;
			ret->text[used] = '\0';
		}
		name += len + (name[len] == '/');
	}
	return 0;
}

bool unpack_is_whiteout(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && st->st_rdev == makedev(0, 0);
}

/* What the layers below have at @path: its attributes, and where it leads when it is a link. */
struct below {
	struct stat st;
	char link[PATH_MAX]; /* "" for what is no link */
};

static bool look_below(const struct unpack *unpack, const char *path, struct below *ret)
{
	for (size_t i = 0; i < unpack->target->lower_count; i++) {
		autoclose int fd =
			path_open_plain(unpack->target->lower_fds[i], path, O_PATH | O_NOFOLLOW);

		if (fd == -ENOENT)
			continue;
		if (fd < 0 || fstat(fd, &ret->st) < 0)
			return false;
		ssize_t n = S_ISLNK(ret->st.st_mode)
				    ? readlinkat(fd, "", ret->link, sizeof(ret->link) - 1)
				    : 0;

		ret->link[n > 0 ? n : 0] = '\0';
		return n > 0 || S_ISDIR(ret->st.st_mode);
	}
	return false;
}

/* What a path being walked has come to: `done` exists in the layer and has no links. */
struct walk {
	char done[PATH_MAX];
	char pending[PATH_MAX];
	unsigned links;
};

static int walk_follow(struct walk *walk, const char *rest, const char *link)
{
	char joined[PATH_MAX];
	int len = snprintf(joined, sizeof(joined), "%s/%s", link, rest);

	if (len < 0 || (size_t)len >= sizeof(joined))
		return -ENAMETOOLONG;
	if (++walk->links > LINKS_MAX)
		return -ELOOP;
	if (link[0] == '/')
		walk->done[0] = '\0';
	memcpy(walk->pending, joined, (size_t)len + 1);
	return 0;
}

static int make_parent(const struct unpack *unpack, const char *path, const struct stat *like,
		       bool hidden)
{
	int root_fd = unpack->target->root_fd;
	mode_t mode = like ? like->st_mode & 07777 : 0755;

	/* The directory above is there and `path` has no links: opened plainly, made by name. */
	if (mkdirat(root_fd, path, 0700) < 0)
		return -errno;
	autoclose int fd = path_open_plain(root_fd, path, O_RDONLY | O_DIRECTORY);

	if (fd < 0)
		return fd;
	if ((like && fchown(fd, like->st_uid, like->st_gid) < 0) || fchmod(fd, mode) < 0 ||
	    (hidden && fsetxattr(fd, UNPACK_OPAQUE, "y", 1, 0) < 0))
		return -errno;
	return 0;
}

/* One component that the layer lacks. */
static int walk_missing(struct unpack *unpack, struct walk *walk, size_t before, const char *rest,
			bool hidden)
{
	struct below below;
	bool found = !hidden && look_below(unpack, walk->done, &below);

	if (found && below.link[0]) {
		walk->done[before] = '\0';
		return walk_follow(walk, rest, below.link);
	}
	int r = make_parent(unpack, walk->done, found ? &below.st : NULL, hidden);

	memmove(walk->pending, rest, strlen(rest) + 1);
	return r;
}

static int walk_present(struct unpack *unpack, struct walk *walk, size_t before, const char *rest,
			const struct stat *st)
{
	char link[PATH_MAX];

	if (S_ISDIR(st->st_mode)) {
		memmove(walk->pending, rest, strlen(rest) + 1);
		return 0;
	}
	if (unpack_is_whiteout(st)) {
		if (unlinkat(unpack->target->root_fd, walk->done, 0) < 0)
			return -errno;
		return walk_missing(unpack, walk, before, rest, true);
	}
	if (!S_ISLNK(st->st_mode))
		return -ENOTDIR;
	ssize_t n = readlinkat(unpack->target->root_fd, walk->done, link, sizeof(link) - 1);

	if (n <= 0)
		return n < 0 ? -errno : -ENOENT;
	link[n] = '\0';
	walk->done[before] = '\0';
	return walk_follow(walk, rest, link);
}

static unsigned components(const char *path)
{
	unsigned count = 0;

	for (; *path; path++)
		count += *path != '/' && (path[1] == '/' || path[1] == '\0');
	return count;
}

/* The first component of what is pending. */
static int walk_step(struct unpack *unpack, struct walk *walk)
{
	size_t len = strcspn(walk->pending, "/");
	char rest[PATH_MAX];
	size_t before = strlen(walk->done);
	struct stat st;

	snprintf(rest, sizeof(rest), "%s", walk->pending + len + (walk->pending[len] == '/'));
	if (len == 2 && strncmp(walk->pending, "..", 2) == 0) {
		char *slash = strrchr(walk->done, '/');

		*(slash ? slash : walk->done) = '\0';
		len = 0;
	}
	if (len == 0 || (len == 1 && walk->pending[0] == '.')) {
		memcpy(walk->pending, rest, sizeof(rest));
		return 0;
	}
	int n = snprintf(walk->done + before, sizeof(walk->done) - before, "%s%.*s",
			 before ? "/" : "", (int)len, walk->pending);

	if (n < 0 || (size_t)n >= sizeof(walk->done) - before)
		return -ENAMETOOLONG;
	if (components(walk->done) > unpack->target->limits->depth)
		return -ELOOP;
	if (fstatat(unpack->target->root_fd, walk->done, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return walk_present(unpack, walk, before, rest, &st);
	return errno == ENOENT ? walk_missing(unpack, walk, before, rest, false) : -errno;
}

/* Makes @directory and what is missing above it. */
static int make_parents(struct unpack *unpack, const char *directory)
{
	struct walk walk = {0};

	snprintf(walk.pending, sizeof(walk.pending), "%s", directory);
	while (walk.pending[0]) {
		int r = walk_step(unpack, &walk);

		if (r < 0)
			return r;
	}
	return path_open_plain(unpack->target->root_fd, walk.done[0] ? walk.done : "/",
			       O_PATH | O_DIRECTORY);
}

/* Components of the path that leads to an open directory. */
static int depth_of(int fd)
{
	char link[40];
	char path[PATH_MAX];

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	ssize_t n = readlink(link, path, sizeof(path));

	if (n < 0 || (size_t)n == sizeof(path))
		return n < 0 ? -errno : -ENAMETOOLONG;
	path[n] = '\0';
	return (int)components(path);
}

/* Links may make a short name a deep place, from which one could go on. */
static int check_depth(const struct unpack *unpack, int fd)
{
	int depth = depth_of(fd);
	int root = depth_of(unpack->target->root_fd);

	if (depth < 0 || root < 0)
		return depth < 0 ? depth : root;
	return depth - root >= (int)unpack->target->limits->depth ? -ELOOP : 0;
}

static int open_parent(struct unpack *unpack, const char *directory, bool make)
{
	autoclose int fd = path_open_in(unpack->target->root_fd, directory[0] ? directory : "/",
					O_PATH | O_DIRECTORY);

	if ((fd == -ENOENT || fd == -ENOTDIR) && make)
		fd = make_parents(unpack, directory);
	int r = fd < 0 ? fd : check_depth(unpack, fd);

	return r < 0 ? r : take_fd(&fd);
}

int unpack_find(struct unpack *unpack, struct unpack_path *path, bool make,
		struct unpack_place *ret, struct err *err)
{
	char *slash = strrchr(path->text, '/');
	const char *directory = slash ? path->text : "";

	if (slash)
		*slash = '\0';
	int fd = unpack->parent_fd;

	/* Entries of one directory follow each other. */
	if (fd < 0 || strcmp(directory, unpack->parent) != 0) {
		fd_drop(&unpack->parent_fd);
		fd = open_parent(unpack, directory, make);
		unpack->parent_fd = fd < 0 ? -1 : fd;
		memcpy(unpack->parent, directory, strlen(directory) + 1);
	}
	if (slash)
		*slash = '/';
	if (fd < 0)
		return err_set(err, -fd, "its directory");
	*ret = (struct unpack_place){.parent_fd = fd, .name = slash ? slash + 1 : path->text};
	return 0;
}

static int remove_directory(const struct unpack_place *place)
{
	autoclose int fd = path_open_plain(place->parent_fd, place->name, O_RDONLY | O_DIRECTORY);
	int r = fd < 0 ? fd : path_empty(fd);

	if (r == 0 && unlinkat(place->parent_fd, place->name, AT_REMOVEDIR) < 0)
		r = -errno;
	return r;
}

int unpack_clear(struct unpack *unpack, struct unpack_place *place, bool for_directory,
		 struct err *err)
{
	struct stat st;
	int r = 0;

	if (fstatat(place->parent_fd, place->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : err_set(err, errno, "look at its place");
	if (S_ISDIR(st.st_mode) && for_directory)
		return 0;
	place->hidden = unpack_is_whiteout(&st);
	if (S_ISDIR(st.st_mode))
		r = remove_directory(place);
	else if (unlinkat(place->parent_fd, place->name, 0) < 0)
		r = -errno;
	/* What led to the open parent may have been what is gone now. */
	unpack->parent[0] = '/';
	unpack->parent[1] = '\0';
	return r < 0 ? err_set(err, -r, "replace what was there") : 0;
}
