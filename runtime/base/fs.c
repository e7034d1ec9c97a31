// SPDX-License-Identifier: GPL-2.0-or-later
/* Files and directories of our own; see fs.h. Used by the supervisor and the tools, never inside
 * containers. */
#include "runtime/base/fs.h"

#include "runtime/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

/* Deeper than any tree of ours; a hostile one is refused instead of exhausting fds. */
#define REMOVE_DEPTH_MAX 128

int fs_make_dirs(const char *path, mode_t mode, struct err *err)
{
	char partial[PATH_MAX];
	size_t len = strlen(path);

	if (len == 0 || len >= sizeof(partial))
		return err_set(err, ENAMETOOLONG, "make directory '%.80s'", path);
	memcpy(partial, path, len + 1);
	for (size_t i = 1; i <= len; i++) {
		if (partial[i] != '/' && partial[i] != '\0')
			continue;
		partial[i] = '\0';
		if (mkdir(partial, mode) < 0 && errno != EEXIST)
			return err_set(err, errno, "make directory '%s'", partial);
		partial[i] = path[i];
	}
	struct stat st;

	if (stat(path, &st) < 0)
		return err_set(err, errno, "make directory '%s'", path);
	return S_ISDIR(st.st_mode) ? 0 : err_set(err, ENOTDIR, "make directory '%s'", path);
}

static bool is_trusted(const struct stat *st)
{
	return st->st_uid == 0 || st->st_uid == geteuid();
}

/* Who may write to the directory around it can put another one in its place, unless that is sticky.
 */
static int make_parent(const char *path, mode_t mode, struct err *err)
{
	const char *slash = strrchr(path, '/');
	char parent[PATH_MAX];
	struct stat st;

	snprintf(parent, sizeof(parent), "%.*s", slash > path ? (int)(slash - path) : 1, path);
	int r = fs_make_dirs(parent, mode, err);

	if (r < 0)
		return r;
	if (stat(parent, &st) < 0)
		return err_set(err, errno, "directory '%s'", parent);
	if (!is_trusted(&st))
		return err_say(err, EPERM, "directory '%s' belongs to user %u", parent, st.st_uid);
	if ((st.st_mode & (S_IWGRP | S_IWOTH)) && !(st.st_mode & S_ISVTX))
		return err_say(err, EPERM, "directory '%s' can be changed by other users", parent);
	return 0;
}

int fs_make_own_dir(const char *path, mode_t mode, struct err *err)
{
	struct stat link;
	struct stat st;
	int r = make_parent(path, mode, err);

	if (r == 0)
		r = fs_make_dirs(path, mode, err);
	if (r < 0)
		return r;
	if (lstat(path, &link) < 0 || stat(path, &st) < 0)
		return err_set(err, errno, "directory '%s'", path);
	if (!is_trusted(&link) || !is_trusted(&st))
		return err_say(err, EPERM, "directory '%s' belongs to user %u", path,
			       is_trusted(&link) ? st.st_uid : link.st_uid);
	if ((st.st_mode & 0777 & ~mode) && chmod(path, st.st_mode & mode) < 0)
		return err_set(err, errno, "make directory '%s' private", path);
	return 0;
}

int fs_read(const char *path, size_t max_bytes, char **ret_text, size_t *ret_len, struct err *err)
{
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_set(err, errno, "read '%s'", path);
	if (!S_ISREG(st.st_mode))
		return err_say(err, EINVAL, "read '%s': not a regular file", path);
	/* Files of /proc say 0 bytes; one byte more than allowed tells a file that is too long. */
	size_t cap = st.st_size > 0 ? (size_t)st.st_size : 4096;
	size_t len = 0;
	autofree char *text = NULL;

	for (;;) {
		char *grown = realloc(text, cap + 1);

		if (!grown)
			return err_set(err, ENOMEM, "read '%s'", path);
		text = grown;
		ssize_t n = read(fd, text + len, cap - len);

		if (n < 0)
			return err_set(err, errno, "read '%s'", path);
		len += (size_t)n;
		if (len > max_bytes)
			return err_say(err, EFBIG, "read '%s': larger than %zu bytes", path,
				       max_bytes);
		if (n == 0)
			break;
		if (len == cap)
			cap *= 2;
	}
	text[len] = '\0';
	*ret_text = take_ptr(text);
	if (ret_len)
		*ret_len = len;
	return 0;
}

static int write_all(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		text += n;
		len -= (size_t)n;
	}
	return 0;
}

int fs_write_atomic(const char *path, const char *text, size_t len, mode_t mode, struct err *err)
{
	char temporary[PATH_MAX];

	if ((size_t)snprintf(temporary, sizeof(temporary), "%s.new", path) >= sizeof(temporary))
		return err_set(err, ENAMETOOLONG, "write '%.80s'", path);
	autoclose int fd =
		open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, mode);

	if (fd < 0)
		return err_set(err, errno, "write '%s'", path);
	int r = write_all(fd, text, len);

	if (r == 0 && rename(temporary, path) < 0)
		r = -errno;
	if (r < 0) {
		(void)unlink(temporary); /* the first failure is the one worth telling */
		return err_set(err, -r, "write '%s'", path);
	}
	return 0;
}

int fs_rewrite(const char *path, const char *text, size_t len, mode_t mode, struct err *err)
{
	autoclose int fd = open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, mode);

	if (fd < 0)
		return err_set(err, errno, "write '%s'", path);
	int r = write_all(fd, text, len);

	if (r == 0 && ftruncate(fd, (off_t)len) < 0)
		r = -errno;
	return r < 0 ? err_set(err, -r, "write '%s'", path) : 0;
}

static int open_below(int dirfd, const char *name)
{
	struct open_how how = {
		.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW,
		.resolve = RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH,
	};

	return (int)syscall(SYS_openat2, dirfd, name, &how, sizeof(how));
}

static int remove_below(int parent, const char *name, unsigned depth, struct err *err);

static int remove_entry(int dirfd, const char *name, unsigned depth, struct err *err)
{
	if (unlinkat(dirfd, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return err_set(err, errno, "remove '%s'", name);
	return remove_below(dirfd, name, depth + 1, err);
}

static int remove_below(int parent, const char *name, unsigned depth, struct err *err)
{
	int fd = depth < REMOVE_DEPTH_MAX ? open_below(parent, name) : (errno = ELOOP, -1);
	autodir DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;

	if (!dir && fd < 0 && errno == ENOENT)
		return 0;
	if (!dir)
		return err_set(err, errno, "remove directory '%s'", name);
	for (struct dirent *entry; (entry = readdir(dir));) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		int r = remove_entry(fd, entry->d_name, depth, err);

		if (r < 0)
			return err_prefix(err, "%s", name);
	}
	if (unlinkat(parent, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return err_set(err, errno, "remove directory '%s'", name);
	return 0;
}

int fs_remove_tree(const char *path, struct err *err)
{
	const char *slash = strrchr(path, '/');

	if (!slash || slash == path || !slash[1])
		return err_say(err, EINVAL, "remove '%s': not a path below a directory", path);
	autofree char *parent_path = strndup(path, (size_t)(slash - path));

	if (!parent_path)
		return err_set(err, ENOMEM, "remove '%s'", path);
	autoclose int parent = open(parent_path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (parent < 0)
		return errno == ENOENT ? 0 : err_set(err, errno, "remove '%s'", path);
	return remove_below(parent, slash + 1, 0, err);
}
