// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Copying a tree; see copy.h. What is copied may be hostile (an image's content) but does not
 * change meanwhile, and nobody else has the place it is copied to.
 */
#include "runtime/base/copy.h"

#include "runtime/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <search.h>
#include <stdbool.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

#define DEPTH_MAX   100
#define CHUNK_BYTES (1 << 30)

/* A file with several names, by the first of them: copied once, so that many names of a large file
 * do not become many large files. */
struct twin {
	dev_t dev;
	ino_t ino;
	char *path; /* below to_fd */
};

struct copying {
	int to_fd;
	void *twins;	     /* of tsearch(3) */
	char path[PATH_MAX]; /* what is being copied, for the error and for links */
	size_t len;
};

/* One entry of a directory. */
struct item {
	int from_fd;
	int to_fd;
	const char *name;
	struct stat st;
};

static int compare_twins(const void *left, const void *right)
{
	const struct twin *a = left;
	const struct twin *b = right;

	if (a->dev != b->dev)
		return a->dev < b->dev ? -1 : 1;
	return a->ino == b->ino ? 0 : a->ino < b->ino ? -1 : 1;
}

static void free_twin(void *pointer)
{
	struct twin *twin = pointer;

	free(twin->path);
	free(twin);
}

static int remember(struct copying *copying, const struct stat *st)
{
	struct twin *twin = malloc(sizeof(*twin));
	char *path = strdup(copying->path);

	if (twin && path) {
		*twin = (struct twin){st->st_dev, st->st_ino, path};
		if (tsearch(twin, &copying->twins, compare_twins))
			return 0;
	}
	free(path);
	free(twin);
	return -ENOMEM;
}

/* The times last: whatever else is changed changes them. */
static int dress(int fd, const struct stat *st)
{
	const struct timespec times[] = {st->st_atim, st->st_mtim};

	if (fchown(fd, st->st_uid, st->st_gid) < 0 || fchmod(fd, st->st_mode & 07777) < 0 ||
	    futimens(fd, times) < 0)
		return -errno;
	return 0;
}

/* From @start, where there is data, to the next hole. */
static int copy_piece(int from_fd, int to_fd, off_t start, off_t end)
{
	if (lseek(to_fd, start, SEEK_SET) < 0)
		return -errno;
	while (start < end) {
		size_t size = end - start > CHUNK_BYTES ? CHUNK_BYTES : (size_t)(end - start);
		ssize_t n = sendfile(to_fd, from_fd, &start, size);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n == 0)
			return -EIO; /* it was longer a moment ago */
	}
	return 0;
}

static int copy_content(int from_fd, int to_fd, off_t size)
{
	off_t end = 0;
	int r = 0;

	while (r == 0 && end < size) {
		off_t start = lseek(from_fd, end, SEEK_DATA);

		if (start < 0 && errno == ENXIO)
			break; /* a hole to its end */
		end = start < 0 ? -1 : lseek(from_fd, start, SEEK_HOLE);
		if (end < 0)
			return -errno;
		r = copy_piece(from_fd, to_fd, start, end);
	}
	if (r == 0 && ftruncate(to_fd, size) < 0)
		r = -errno;
	return r;
}

static int copy_file(struct copying *copying, const struct item *item)
{
	const struct twin key = {item->st.st_dev, item->st.st_ino, NULL};
	struct twin *const *twin = tfind(&key, &copying->twins, compare_twins);

	if (twin)
		return linkat(copying->to_fd, (*twin)->path, item->to_fd, item->name, 0) < 0
			       ? -errno
			       : 0;
	autoclose int from_fd =
		openat(item->from_fd, item->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	autoclose int to_fd = openat(item->to_fd, item->name,
				     O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (from_fd < 0 || to_fd < 0)
		return -errno;
	int r = copy_content(from_fd, to_fd, item->st.st_size);

	if (r == 0)
		r = dress(to_fd, &item->st);
	return r < 0 || item->st.st_nlink < 2 ? r : remember(copying, &item->st);
}

/* A symbolic link or a FIFO: neither has anything to be opened for. */
static int copy_other(const struct item *item)
{
	const struct timespec times[] = {item->st.st_atim, item->st.st_mtim};
	char target[PATH_MAX];
	ssize_t len = 0;

	if (S_ISLNK(item->st.st_mode)) {
		len = readlinkat(item->from_fd, item->name, target, sizeof(target) - 1);
		target[len < 0 ? 0 : len] = '\0';
		if (len < 0 || symlinkat(target, item->to_fd, item->name) < 0)
			return -errno;
	} else if (mkfifoat(item->to_fd, item->name, 0600) < 0 ||
		   fchmodat(item->to_fd, item->name, item->st.st_mode & 07777, 0) < 0) {
		return -errno;
	}
	if (fchownat(item->to_fd, item->name, item->st.st_uid, item->st.st_gid,
		     AT_SYMLINK_NOFOLLOW) < 0 ||
	    utimensat(item->to_fd, item->name, times, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	return 0;
}

static int copy_entries(struct copying *copying, int from_fd, int to_fd, unsigned depth,
			struct err *err);

static int copy_dir(struct copying *copying, const struct item *item, unsigned depth,
		    struct err *err)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

	if (mkdirat(item->to_fd, item->name, 0700) < 0)
		return err_set(err, errno, "copy %.200s", copying->path);
	autoclose int from_fd = openat(item->from_fd, item->name, flags);
	autoclose int to_fd = openat(item->to_fd, item->name, flags);

	if (from_fd < 0 || to_fd < 0)
		return err_set(err, errno, "copy %.200s", copying->path);
	int r = copy_entries(copying, from_fd, to_fd, depth + 1, err);

	if (r < 0)
		return r;
	r = dress(to_fd, &item->st);
	return r < 0 ? err_set(err, -r, "copy %.200s", copying->path) : 0;
}

static int copy_item(struct copying *copying, const struct item *item, unsigned depth,
		     struct err *err)
{
	int r = 0;

	if (S_ISDIR(item->st.st_mode))
		return copy_dir(copying, item, depth, err);
	if (S_ISREG(item->st.st_mode))
		r = copy_file(copying, item);
	else if (S_ISLNK(item->st.st_mode) || S_ISFIFO(item->st.st_mode))
		r = copy_other(item);
	return r < 0 ? err_set(err, -r, "copy %.200s", copying->path) : 0;
}

static int copy_entries(struct copying *copying, int from_fd, int to_fd, unsigned depth,
			struct err *err)
{
	int list_fd = openat(from_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	autodir DIR *dir = list_fd < 0 ? NULL : fdopendir(list_fd);
	size_t len = copying->len;
	int r = 0;

	if (!dir) {
		r = err_set(err, errno, "copy %.200s", copying->path);
		fd_drop(&list_fd);
		return r;
	}
	if (depth > DEPTH_MAX)
		return err_set(err, ELOOP, "copy %.200s", copying->path);
	for (struct dirent *entry; r == 0 && (entry = readdir(dir));) {
		struct item item = {from_fd, to_fd, entry->d_name, {0}};

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		int more = snprintf(copying->path + len, sizeof(copying->path) - len, "%s%s",
				    len ? "/" : "", entry->d_name);

		copying->len = len + (size_t)more;
		if (copying->len >= sizeof(copying->path))
			r = err_set(err, ENAMETOOLONG, "copy %.200s", copying->path);
		else if (fstatat(from_fd, entry->d_name, &item.st, AT_SYMLINK_NOFOLLOW) < 0)
			r = err_set(err, errno, "copy %.200s", copying->path);
		else
			r = copy_item(copying, &item, depth, err);
		copying->len = len;
		copying->path[len] = '\0';
	}
	return r;
}

int copy_tree(int from_fd, int to_fd, struct err *err)
{
	struct copying *copying = calloc(1, sizeof(*copying));
	struct stat st;

	if (!copying)
		return err_set(err, ENOMEM, "copy");
	copying->to_fd = to_fd;
	int r = copy_entries(copying, from_fd, to_fd, 0, err);

	if (r == 0) {
		r = fstat(from_fd, &st) < 0 ? -errno : dress(to_fd, &st);
		if (r < 0)
			(void)err_set(err, -r, "copy");
	}
	tdestroy(copying->twins, free_twin);
	free(copying);
	return r;
}
