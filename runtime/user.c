// SPDX-License-Identifier: GPL-2.0-or-later
/* Users and groups of a container's root; see user.h. */
#include "runtime/user.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/path.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define USER_FILE_MAX_BYTES (1 << 20)
#define USER_NAME_MAX	    256

/* All of it at once: whoever is in the container may go on writing while it is looked through. */
static int user_file_read(int fd, const char *path, FILE **ret_file, struct err *err)
{
	autobuf struct buf text = {0};
	char piece[4096];
	ssize_t n;

	while (text.len <= USER_FILE_MAX_BYTES && (n = read(fd, piece, sizeof(piece))) != 0) {
		if (n < 0)
			return err_set(err, errno, "%s in the root", path);
		buf_put(&text, piece, (size_t)n);
		if (buf_check(&text, err) < 0)
			return -ENOMEM;
	}
	if (text.len > USER_FILE_MAX_BYTES)
		return err_say(err, EFBIG, "%s in the root is larger than 1 MiB", path);
	autofile FILE *file = fmemopen(NULL, text.len + 1, "w+e");

	if (!file || (text.len > 0 && fwrite(text.data, text.len, 1, file) != 1))
		return err_set(err, ENOMEM, "%s in the root", path);
	rewind(file);
	*ret_file = take_ptr(file);
	return 0;
}

/* *ret_file is NULL when the root has no such file: a root without /etc/passwd knows numbers only.
 */
static int user_file_open(int root_fd, const char *path, FILE **ret_file, struct err *err)
{
	/* O_NONBLOCK: a FIFO must not hang us. Links inside the root are followed, as usrmerge and
	 * store-based distributions have them; what they lead to is checked. */
	autoclose int fd = path_open_in(root_fd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	*ret_file = NULL;
	if (fd == -ENOENT || fd == -ENOTDIR)
		return 0;
	if (fd < 0)
		return err_set(err, -fd, "%s in the root", path);
	if (fstat(fd, &st) < 0)
		return err_set(err, errno, "%s in the root", path);
	if (!S_ISREG(st.st_mode))
		return err_say(err, EINVAL, "%s in the root is not a regular file", path);
	if (st.st_size > USER_FILE_MAX_BYTES)
		return err_say(err, EFBIG, "%s in the root is larger than 1 MiB", path);
	return user_file_read(fd, path, ret_file, err);
}

/* Whether the last entry was the last there is, or could only not be read. What was asked next is
 * asked with errno 0. */
static int user_file_ended(const char *path, struct err *err)
{
	return errno == 0 || errno == ENOENT ? 0 : err_set(err, errno, "%s in the root", path);
}

static struct passwd *next_user(FILE *file)
{
	errno = 0;
	return file ? fgetpwent(file) : NULL;
}

static struct group *next_group(FILE *file)
{
	errno = 0;
	return file ? fgetgrent(file) : NULL;
}

/* 0: a number; -ENOENT: not one, so a name; -ERANGE. "-1" and "4294967295" mean "unchanged" to
 * setresuid(2), so the last number is not one. */
static int user_number(const char *text, uint32_t *ret_number)
{
	uint64_t number = 0;

	if (!isdigit((unsigned char)text[0]))
		return -ENOENT;
	for (; isdigit((unsigned char)*text); text++) {
		number = number * 10 + (uint64_t)(*text - '0');
		if (number >= UINT32_MAX)
			number = UINT32_MAX;
	}
	if (*text != '\0')
		return -ENOENT;
	if (number == UINT32_MAX)
		return -ERANGE;
	*ret_number = (uint32_t)number;
	return 0;
}

static void user_take_entry(struct user *user, char *name, const struct passwd *entry)
{
	user->uid = entry->pw_uid;
	user->gid = entry->pw_gid;
	if (entry->pw_dir && entry->pw_dir[0] == '/' && strlen(entry->pw_dir) < sizeof(user->home))
		memcpy(user->home, entry->pw_dir, strlen(entry->pw_dir) + 1);
	if (strlen(entry->pw_name) < USER_NAME_MAX)
		memcpy(name, entry->pw_name, strlen(entry->pw_name) + 1);
}

/* Fills uid, primary gid and home; @name in: what was asked for, out: the name by which passwd
 * lists the user, empty when it does not. */
static int user_lookup(int root_fd, char *name, struct user *user, struct err *err)
{
	FILE *opened = NULL;
	int numeric = user_number(name, &user->uid);

	if (numeric == -ERANGE)
		return err_say(err, EINVAL, "user %s: must be at most 4294967294", name);
	int r = user_file_open(root_fd, "etc/passwd", &opened, err);
	autofile FILE *file = opened;

	if (r < 0)
		return r;
	for (struct passwd *entry; (entry = next_user(file));) {
		if (numeric == 0 ? entry->pw_uid != user->uid : strcmp(entry->pw_name, name) != 0)
			continue;
		user_take_entry(user, name, entry);
		return 0;
	}
	r = user_file_ended("etc/passwd", err);
	if (r == 0 && numeric < 0)
		r = err_say(err, ENOENT, "no user '%s' in the root's /etc/passwd", name);
	name[0] = '\0';
	return r;
}

static int user_lookup_group(int root_fd, const char *group, gid_t *ret_gid, struct err *err)
{
	FILE *opened = NULL;
	int numeric = user_number(group, ret_gid);

	if (numeric == 0)
		return 0;
	if (numeric == -ERANGE)
		return err_say(err, EINVAL, "group %s: must be at most 4294967294", group);
	int r = user_file_open(root_fd, "etc/group", &opened, err);
	autofile FILE *file = opened;

	if (r < 0)
		return r;
	for (struct group *entry; (entry = next_group(file));) {
		if (strcmp(entry->gr_name, group) != 0)
			continue;
		*ret_gid = entry->gr_gid;
		return 0;
	}
	r = user_file_ended("etc/group", err);
	return r < 0 ? r : err_say(err, ENOENT, "no group '%s' in the root's /etc/group", group);
}

static bool user_listed(const struct group *entry, const char *name)
{
	for (char **member = entry->gr_mem; *member; member++)
		if (strcmp(*member, name) == 0)
			return true;
	return false;
}

static int user_lookup_members(int root_fd, const char *name, struct user *user, struct err *err)
{
	FILE *opened = NULL;
	int r = user_file_open(root_fd, "etc/group", &opened, err);
	autofile FILE *file = opened;

	if (r < 0)
		return r;
	for (struct group *entry; (entry = next_group(file));) {
		if (entry->gr_gid == user->gid || !user_listed(entry, name))
			continue;
		if (user->group_count == USER_GROUPS_MAX)
			return err_say(err, E2BIG, "user '%s' is in more than %d groups", name,
				       USER_GROUPS_MAX);
		user->groups[user->group_count++] = entry->gr_gid;
	}
	return user_file_ended("etc/group", err);
}

int user_resolve(int root_fd, const char *spec, struct user *ret_user, struct err *err)
{
	struct user user = {.home = "/"};
	char name[USER_NAME_MAX];
	const char *text = spec && spec[0] ? spec : "0:0";
	const char *colon = strchr(text, ':');
	size_t len = colon ? (size_t)(colon - text) : strlen(text);

	if (len == 0 || len >= sizeof(name) || (colon && colon[1] == '\0'))
		return err_say(err, EINVAL, "user '%.64s': must be USER or USER:GROUP", text);
	memcpy(name, text, len);
	name[len] = '\0';
	int r = user_lookup(root_fd, name, &user, err);

	if (r == 0 && colon)
		r = user_lookup_group(root_fd, colon + 1, &user.gid, err);
	else if (r == 0 && name[0] != '\0')
		r = user_lookup_members(root_fd, name, &user, err);
	if (r < 0)
		return r;
	*ret_user = user;
	return 0;
}

int user_add_group(int root_fd, const char *group, struct user *user, struct err *err)
{
	gid_t gid = 0;
	int r = user_lookup_group(root_fd, group, &gid, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < user->group_count; i++)
		if (user->groups[i] == gid)
			return 0;
	if (user->group_count == USER_GROUPS_MAX)
		return err_say(err, E2BIG, "more than %d supplementary groups", USER_GROUPS_MAX);
	user->groups[user->group_count++] = gid;
	return 0;
}
