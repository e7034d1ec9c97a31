// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Paths below a directory that somebody else controls: resolved by the kernel (openat2) as if the
 * directory were the root, so that no symbolic link, ".." or racing rename leads out of it.
 * Allocates nothing: may run between clone and exec.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * Opens @path as if @root_fd were "/". Links are followed inside it, those of /proc refused.
 * Returns an fd (O_CLOEXEC) or -errno.
 */
int path_open_in(int root_fd, const char *path, int flags);

/* Like path_open_in(), but a symbolic link anywhere in @path fails with -ELOOP. */
int path_open_plain(int root_fd, const char *path, int flags);

/*
 * The place @path leads to inside @root_fd once every link is followed, also where its last
 * components do not exist (yet). Only text: whoever uses the result opens it with
 * path_open_in() again.
 *
 * @ret	out: absolute, without links, "." and ".."; "/" for the root; PATH_MAX bytes
 *
 * Returns 0, -ELOOP, -ENAMETOOLONG.
 */
int path_real_in(int root_fd, const char *path, char *ret, size_t size);

/*
 * Opens @path inside @root_fd, making it and its missing parents (root, 0755; a file empty, 0644).
 * Returns an O_PATH fd; -ENOTDIR or -EISDIR when something else is there; -errno.
 */
int path_make_in(int root_fd, const char *path, bool directory);

/* Like path_make_in() for a @path as path_real_in() gives them: -ELOOP for a link that has appeared
 * in it since. */
int path_make_plain(int root_fd, const char *path, bool directory);

/*
 * Removes everything below the directory, crossing neither links nor mounts. Returns 0 or -errno
 * of the first thing that could not be removed; the others are gone nevertheless.
 */
int path_empty(int dir_fd);

/* True when @path is @parent or below it; both absolute and normalised. */
bool path_below(const char *path, const char *parent);
