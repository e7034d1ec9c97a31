// SPDX-License-Identifier: GPL-2.0-or-later
/* Paths below a directory somebody else controls; see path.h. Runs in every process. */
#include "runtime/base/path.h"
#include "runtime/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#define PATH_LINKS_MAX	40 /* as the kernel */
#define PATH_DEPTH_MAX	64
#define PATH_RACE_TRIES 32

static int path_open_how(int root_fd, const char *path, int flags, unsigned long long resolve)
{
	struct open_how how = {
		.flags = (unsigned long long)(unsigned)(flags | O_CLOEXEC),
		.resolve = resolve,
	};

	/* EAGAIN: a rename elsewhere made the kernel unsure whether ".." stayed inside
	 * (openat2(2)). */
	for (int i = 0; i < PATH_RACE_TRIES; i++) {
		int fd = (int)syscall(SYS_openat2, root_fd, path, &how, sizeof(how));

		if (fd >= 0)
			return fd;
		if (errno != EAGAIN)
			return -errno;
	}
	return -EAGAIN;
}

int path_open_in(int root_fd, const char *path, int flags)
{
	return path_open_how(root_fd, path, flags, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
}

int path_open_plain(int root_fd, const char *path, int flags)
{
	return path_open_how(root_fd, path, flags, RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS);
}

/* Appends "/component" to the resolved text, or takes one component away for "..". */
static int path_append(char *text, size_t size, const char *component, size_t len)
{
	size_t used = strlen(text);

	if (len == 0 || (len == 1 && component[0] == '.'))
		return 0;
	if (len == 2 && component[0] == '.' && component[1] == '.') {
		char *slash = strrchr(text, '/');

		if (slash)
			*slash = '\0';
		return 0;
	}
	if (used + 1 + len + 1 > size)
		return -ENAMETOOLONG;
	text[used] = '/';
	memcpy(text + used + 1, component, len);
	text[used + 1 + len] = '\0';
	return 0;
}

/* Replaces what is still to be resolved by "<link>/<rest>". */
static int path_follow(char *pending, const char *rest, const char *link)
{
	char joined[PATH_MAX];
	int len = snprintf(joined, sizeof(joined), "%s/%s", link, rest);

	if (len < 0 || (size_t)len >= sizeof(joined))
		return -ENAMETOOLONG;
	memcpy(pending, joined, (size_t)len + 1);
	return 0;
}

int path_real_in(int root_fd, const char *path, char *ret, size_t size)
{
	char done[PATH_MAX] = "";
	char pending[PATH_MAX];
	char link[PATH_MAX];
	unsigned links = 0;

	if (path_follow(pending, "", path) < 0)
		return -ENAMETOOLONG;
	while (pending[0] != '\0') {
		size_t len = strcspn(pending, "/");
		char *rest = pending + len + (pending[len] == '/');
		size_t before = strlen(done);
		int r = path_append(done, sizeof(done), pending, len);

		if (r < 0)
			return r;
		ssize_t n = -1;

		if (strlen(done) > before)
			n = readlinkat(root_fd, done + 1, link, sizeof(link) - 1);
		/* Not a link, or not there: anything else may hide one. */
		if (n < 0 && strlen(done) > before && errno != EINVAL && errno != ENOENT &&
		    errno != ENOTDIR)
			return -errno;
		if (n < 0) {
			memmove(pending, rest, strlen(rest) + 1);
			continue;
		}
		link[n] = '\0';
		if (++links > PATH_LINKS_MAX)
			return -ELOOP;
		done[link[0] == '/' ? 0 : before] = '\0';
		r = path_follow(pending, rest, link);
		if (r < 0)
			return r;
	}
	int len = snprintf(ret, size, "%s", done[0] ? done : "/");

	return len < 0 || (size_t)len >= size ? -ENAMETOOLONG : 0;
}

/* Opens one component below @parent_fd, making it where it is missing. */
static int path_step(int parent_fd, const char *name, bool directory)
{
	int flags = O_PATH | (directory ? O_DIRECTORY : 0);
	int fd = path_open_plain(parent_fd, name, flags);

	if (fd != -ENOENT)
		return fd;
	if (directory) {
		if (mkdirat(parent_fd, name, 0755) < 0 && errno != EEXIST)
			return -errno;
	} else {
		autoclose int made =
			openat(parent_fd, name,
			       O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_WRONLY, 0644);

		if (made < 0 && errno != EEXIST)
			return -errno;
	}
	return path_open_plain(parent_fd, name, flags);
}

static int path_check_kind(int fd, bool directory)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode) == directory)
		return 0;
	return directory ? -ENOTDIR : -EISDIR;
}

int path_make_in(int root_fd, const char *path, bool directory)
{
	char real[PATH_MAX];
	int r = path_real_in(root_fd, path, real, sizeof(real));

	return r < 0 ? r : path_make_plain(root_fd, real, directory);
}

int path_make_plain(int root_fd, const char *path, bool directory)
{
	char real[PATH_MAX];
	size_t size = strlen(path) + 1;

	if (path[0] != '/' || size > sizeof(real))
		return path[0] != '/' ? -EINVAL : -ENAMETOOLONG;
	memcpy(real, path, size);
	autoclose int fd = path_open_plain(root_fd, "/", O_PATH | O_DIRECTORY);
	char *next = real + 1;

	while (fd >= 0 && *next != '\0') {
		char *name = next;
		size_t len = strcspn(name, "/");
		bool last = name[len] == '\0';

		next = name + len + !last;
		name[len] = '\0';
		int child = path_step(fd, name, !last || directory);

		fd_drop(&fd);
		fd = child;
	}
	if (fd < 0)
		return fd;
	int r = path_check_kind(fd, directory);

	return r < 0 ? r : take_fd(&fd);
}

static int path_empty_level(int dir_fd, unsigned depth)
{
	autodir DIR *dir = fdopendir(dir_fd);
	int failed = 0;

	if (!dir) {
		failed = -errno;
		close(dir_fd);
		return failed;
	}
	for (struct dirent *entry; (entry = readdir(dir));) {
		const char *name = entry->d_name;

		if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
		    unlinkat(dirfd(dir), name, 0) == 0)
			continue;
		int r = -errno;

		if (r == -EISDIR || r == -EPERM) {
			int child =
				path_open_how(dirfd(dir), name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW,
					      RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS);

			r = child;
			if (child >= 0)
				r = depth ? path_empty_level(child, depth - 1)
					  : (close(child), -ELOOP);
			if (r == 0 && unlinkat(dirfd(dir), name, AT_REMOVEDIR) < 0)
				r = -errno;
		}
		failed = failed ? failed : r;
	}
	return failed;
}

int path_empty(int dir_fd)
{
	int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : path_empty_level(fd, PATH_DEPTH_MAX);
}

bool path_below(const char *path, const char *parent)
{
	size_t len = strlen(parent);

	if (len == 1 && parent[0] == '/')
		return true;
	return strncmp(path, parent, len) == 0 && (path[len] == '\0' || path[len] == '/');
}
