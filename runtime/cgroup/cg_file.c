// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Control files: one open, one read or write, one close; but what is read often stays open. A
 * kernfs file takes a value in a single write and gives its content in a single read, so there are
 * no loops here.
 */
#include "runtime/cgroup/cg_file.h"

#include "runtime/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

int cg_file_open(int dirfd, const char *group, const char *file, int flags, struct err *err)
{
	char path[PATH_MAX];
	int len = snprintf(path, sizeof(path), "%s/%s", group, file);

	if (len < 0 || (size_t)len >= sizeof(path))
		return err_set(err, ENAMETOOLONG, "cgroup: open '%s/%s'", group, file);
	int fd = openat(dirfd, path, flags | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return err_set(err, errno, "cgroup: open '%s'", path);
	return fd;
}

int cg_file_write(int dirfd, const char *group, const char *file, const char *text, struct err *err)
{
	autoclose int fd = cg_file_open(dirfd, group, file, O_WRONLY, err);

	if (fd < 0)
		return fd;
	ssize_t n = write(fd, text, strlen(text));
	if (n < 0)
		return err_set(err, errno, "cgroup: write '%.*s' to '%s/%s'",
			       (int)strcspn(text, "\n"), text, group, file);
	return 0;
}

int cg_file_read(int dirfd, const char *group, const char *file, struct cg_text *ret_text,
		 struct err *err)
{
	autoclose int fd = cg_file_open(dirfd, group, file, O_RDONLY, err);

	if (fd < 0)
		return fd;
	ssize_t n = read(fd, ret_text->bytes, sizeof(ret_text->bytes) - 1);
	if (n < 0)
		return err_set(err, errno, "cgroup: read '%s/%s'", group, file);
	ret_text->bytes[n] = '\0';
	return 0;
}

/* The lowest free number tells how many are in use. */
static bool may_keep(int fd)
{
	struct rlimit limit = {0};

	return getrlimit(RLIMIT_NOFILE, &limit) == 0 && (rlim_t)fd < limit.rlim_cur / 2;
}

int cg_file_read_kept(const struct cg_kept_file *kept, struct cg_text *ret_text, struct err *err)
{
	autoclose int opened = -1;

	if (*kept->fd < 0)
		opened = cg_file_open(kept->dirfd, kept->group, kept->file, O_RDONLY, err);
	if (*kept->fd < 0 && opened < 0)
		return opened;
	ssize_t n = pread(*kept->fd < 0 ? opened : *kept->fd, ret_text->bytes,
			  sizeof(ret_text->bytes) - 1, 0);
	if (n < 0) /* ENODEV: the group has been removed */
		return err_set(err, errno == ENODEV ? ENOENT : errno, "cgroup: read '%s/%s'",
			       kept->group, kept->file);
	ret_text->bytes[n] = '\0';
	if (opened >= 0 && may_keep(opened))
		*kept->fd = take_fd(&opened);
	return 0;
}

static int number_of(const struct cg_text *text, const char *group, const char *file,
		     uint64_t *ret_value, struct err *err)
{
	char *end = NULL;

	errno = 0;
	uint64_t value = strtoull(text->bytes, &end, 10);
	if (errno || end == text->bytes)
		return err_say(err, EINVAL, "cgroup: '%s/%s' holds no number", group, file);
	*ret_value = value;
	return 0;
}

int cg_file_u64(int dirfd, const char *group, const char *file, uint64_t *ret_value,
		struct err *err)
{
	struct cg_text text;
	int r = cg_file_read(dirfd, group, file, &text, err);

	return r < 0 ? r : number_of(&text, group, file, ret_value, err);
}

int cg_file_u64_kept(const struct cg_kept_file *kept, uint64_t *ret_value, struct err *err)
{
	struct cg_text text;
	int r = cg_file_read_kept(kept, &text, err);

	return r < 0 ? r : number_of(&text, kept->group, kept->file, ret_value, err);
}

uint64_t cg_text_key(const char *text, const char *key)
{
	size_t len = strlen(key);

	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, key, len) && line[len] == ' ')
			return strtoull(line + len + 1, NULL, 10);
	}
	return 0;
}
