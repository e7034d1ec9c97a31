// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Whom a container's process runs as: "user[:group]" looked up in the root's own files, which are
 * the image's and so may be hostile. Never asks the host's name services.
 */
#pragma once

#include "runtime/base/err.h"

#include <stddef.h>
#include <sys/types.h>

#define USER_GROUPS_MAX 256

/* Plain bytes: crosses a pipe as it is. */
struct user {
	uid_t uid;
	gid_t gid;
	size_t group_count;
	gid_t groups[USER_GROUPS_MAX]; /* supplementary */
	char home[256];		       /* from passwd; "/" where it says nothing */
};

/*
 * Resolves @spec in the root @root_fd.
 *
 * Numbers are taken whole and must be 0..4294967294; a name must be in /etc/passwd (/etc/group).
 * Without a group the user's own of passwd counts, 0 for a number not in it; the supplementary
 * groups are those which list the user's name. With a group there are no others.
 *
 * @spec	NULL or empty: 0:0
 * @ret_user	out; untouched on failure
 *
 * Returns 0, -EINVAL (err says what is wrong with the spec), -ENOENT (no such user or group), or
 * the -errno of a file that cannot be used: not regular, larger than 1 MiB.
 */
int user_resolve(int root_fd, const char *spec, struct user *ret_user, struct err *err) must_check;

/*
 * Adds one supplementary group: a number, or a name of the root's /etc/group. One that the user has
 * already is not added again. Returns as user_resolve(), or -E2BIG.
 */
int user_add_group(int root_fd, const char *group, struct user *user, struct err *err) must_check;
